"""The tokens of the CWM format, asked of a tokenizer by name: ids differ between releases.

A tokenizer that meets ``<|frame_sep|>`` in a user's source makes the trace token of it, and the source
becomes part of the trace's structure. So user text goes through :meth:`CwmTokenizer.encode`, which gives
text tokens and nothing else, and trace tokens are put between by id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cwm_lsp.errors import SettingsError
from cwm_lsp.trace.model import EventKind

BEGIN = "<|begin_of_text|>"
END = "<|end_of_text|>"
CONTEXT = "<|trace_context_start|>"
FRAME = "<|frame_sep|>"
ACTION = "<|action_sep|>"
ARG = "<|arg_sep|>"
KINDS = {
    EventKind.CALL: "<|call_sep|>",
    EventKind.LINE: "<|line_sep|>",
    EventKind.RETURN: "<|return_sep|>",
    EventKind.EXCEPTION: "<|exception_sep|>",
}
NAMES = (BEGIN, END, CONTEXT, FRAME, ACTION, ARG, *KINDS.values())


class CwmTokenizer(Protocol):
    """A tokenizer, as far as the format needs one."""

    @property
    def vocabulary(self) -> int:
        """Number of token ids."""
        ...

    def encode(self, text: str) -> Sequence[int]:
        """Ids of ``text``, which is never read as a special token, whatever it says."""
        ...

    def token_bytes(self, token: int) -> bytes:
        """The UTF-8 text of a token, which may end inside a character; "" for ids it does not know."""
        ...

    def special(self, name: str) -> int | None:
        """The id of a special token such as ``<|frame_sep|>``, or ``None``."""
        ...


@dataclass(frozen=True, slots=True)
class TraceTokens:
    """Ids of the trace tokens. ``begin`` is ``None`` for models that have no such token."""

    begin: int | None
    end: int
    context: int
    frame: int
    action: int
    arg: int
    kinds: Mapping[EventKind, int]
    events: Mapping[int, EventKind]

    @classmethod
    def of(cls, tokenizer: CwmTokenizer) -> TraceTokens:
        """Ask ``tokenizer``. Raises :class:`~cwm_lsp.errors.SettingsError` where it lacks a trace token."""

        def need(name: str) -> int:
            token = tokenizer.special(name)
            if token is None:
                raise SettingsError(
                    f"The tokenizer has no {name}.", "Use a model that was trained on CWM traces."
                )
            return token

        kinds = {kind: need(name) for kind, name in KINDS.items()}
        return cls(
            begin=tokenizer.special(BEGIN),
            end=need(END),
            context=need(CONTEXT),
            frame=need(FRAME),
            action=need(ACTION),
            arg=need(ARG),
            kinds=kinds,
            events={token: kind for kind, token in kinds.items()},
        )

    @property
    def all(self) -> frozenset[int]:
        """Every id that is structure and never text."""
        plain = {self.end, self.context, self.frame, self.action, self.arg, *self.events}
        return frozenset(plain if self.begin is None else {*plain, self.begin})


class HuggingFaceTokenizer:
    """A byte-level ``tokenizers.Tokenizer`` (as in ``tokenizer.json``) for the format.

    Raises :class:`~cwm_lsp.errors.SettingsError` for tokenizers of another make, whose tokens do not
    say which bytes they are.
    """

    def __init__(self, tokenizer: object) -> None:
        from tokenizers import Tokenizer, decoders

        if not isinstance(tokenizer, Tokenizer):
            raise SettingsError(f"{type(tokenizer).__name__} is not a tokenizers.Tokenizer.")
        if not isinstance(tokenizer.decoder, decoders.ByteLevel | decoders.Sequence):
            raise SettingsError(
                "The tokenizer is not byte-level.", "CWM and its fine-tuned relatives have a byte-level BPE."
            )
        self._tokenizer = tokenizer
        added = tokenizer.get_added_tokens_decoder()
        self._added = {token: str(one.content) for token, one in added.items()}
        names = sorted({*NAMES, *(str(one.content) for one in added.values() if one.special)}, key=len)
        # A name is taken apart after its first character, so that it is read as the text that it is.
        choice = "|".join(re.escape(name) for name in reversed(names) if len(name) > 1)
        self._names = re.compile(f"(?={choice})")
        self._bytes = {character: byte for byte, character in _byte_characters().items()}

    @classmethod
    def load(cls, path: str) -> HuggingFaceTokenizer:
        """Read a ``tokenizer.json``. Raises :class:`~cwm_lsp.errors.SettingsError`."""
        from tokenizers import Tokenizer

        try:
            return cls(Tokenizer.from_file(path))
        except Exception as error:  # tokenizers raises bare Exception for a file it cannot read
            if isinstance(error, SettingsError):
                raise
            raise SettingsError(f"Cannot read the tokenizer {path}: {error}.") from error

    @property
    def vocabulary(self) -> int:
        """Number of token ids."""
        return int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def encode(self, text: str) -> Sequence[int]:
        """Ids of ``text`` as text."""
        ids: list[int] = []
        clean = text.encode("utf-8", "replace").decode("utf-8")
        start = 0
        for match in self._names.finditer(clean):
            ids += self._plain(clean[start : match.start() + 1])
            start = match.start() + 1
        return ids + self._plain(clean[start:])

    def token_bytes(self, token: int) -> bytes:
        """The bytes of a token."""
        if token in self._added:
            return self._added[token].encode()
        piece = self._tokenizer.id_to_token(token) if token >= 0 else None
        return bytes(self._bytes[character] for character in piece or "" if character in self._bytes)

    def special(self, name: str) -> int | None:
        """The id of a special token."""
        token = self._tokenizer.token_to_id(name)
        return None if token is None else int(token)

    def _plain(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids) if text else []


def _byte_characters() -> dict[int, str]:
    """The printable stand-ins that byte-level BPE has for bytes (GPT-2's ``bytes_to_unicode``)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + index) for index, byte in enumerate(hidden)
    }
