"""Tokenizers to test with: one of bytes alone, and one that merges as the real ones do."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from cwm_lsp.codec.cwm_tokens import NAMES, HuggingFaceTokenizer


@dataclass(frozen=True, slots=True)
class Shown:
    """One frame as text: ``locals`` of a call or line, ``value`` of a return or exception."""

    kind: str
    locals: dict[str, str]
    source: str
    value: str


def shown(text: str) -> list[Shown]:
    """The frames of encoded text, read by splitting it: source may hold no trace token."""
    found = []
    for frame in text.split("<|frame_sep|>")[1:]:
        match = re.fullmatch(
            r"<\|(\w+)_sep\|>(.*?)<\|action_sep\|>(.*?)\n(?:<\|arg_sep\|>(.*))?", frame, re.S
        )
        if match is not None:
            kind, listed, source, value = match.groups()
            found.append(Shown(kind, json.loads(listed or "{}"), source, json.loads(value or '""')))
    return found


class ByteTokenizer:
    """A token for each byte, then one for each special name; nothing is ever merged."""

    vocabulary = 256 + len(NAMES)

    def encode(self, text: str) -> Sequence[int]:
        return list(text.encode("utf-8", "replace"))

    def token_bytes(self, token: int) -> bytes:
        if 0 <= token < 256:
            return bytes([token])
        return NAMES[token - 256].encode() if 256 <= token < self.vocabulary else b""

    def special(self, name: str) -> int | None:
        return 256 + NAMES.index(name) if name in NAMES else None


@cache
def merging() -> Tokenizer:
    """A byte-level BPE with merges across quotes, commas and braces, and the trace tokens added."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    samples = ['{"n": "..", "total": "6", "xs": "[1, 2]"}', "    return total\n", '"\'abc\'", "']
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=list(NAMES),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(samples * 20, trainer)
    return tokenizer


def merging_tokenizer() -> HuggingFaceTokenizer:
    return HuggingFaceTokenizer(merging())
