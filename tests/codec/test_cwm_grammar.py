"""What a model may write is enough for every real run, and whatever it writes under it can be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.backend.constraint import Grammars
from cwm_lsp.backend.draft import Draft
from cwm_lsp.backend.protocol import Sampling
from cwm_lsp.backend.scoring import HostLogits
from cwm_lsp.codec.cwm import CwmCodec
from cwm_lsp.codec.cwm_decoder import CwmDecoder
from cwm_lsp.trace.model import Trace
from tests.codec.programs import names, program, record
from tests.codec.tokens import merging, merging_tokenizer

CODEC = CwmCodec(merging_tokenizer())
LIMIT = 120
"""Tokens of one part of a frame."""


@cache
def grammars() -> Grammars:
    """Grammars over the tokens of :func:`tests.codec.tokens.merging`."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(merging().to_str(), encoding="utf-8")
        return Grammars(path, CODEC.vocabulary)


def begun(trace: Trace) -> CwmDecoder:
    """A decoder that the prompt and the entry call were given to."""
    decoder = CODEC.decoder(replace(trace, events=trace.events[:1]))
    decoder.accept()
    return decoder


def check_allowed(choices: frozenset[int] | str | None, written: Sequence[int]) -> None:
    """Each of the tokens ``written`` may stand where it stands."""
    if not isinstance(choices, str):
        assert choices is not None
        assert written[0] in choices
        return
    constraint = grammars().begin(choices)
    for place, token in enumerate(written):
        forced = constraint.forced()
        assert tuple(written[place : place + len(forced)]) == tuple(forced)
        assert constraint.allowed()[token], CODEC.text(written[: place + 1])
        constraint.take(token)


@pytest.mark.parametrize("name", names())
def test_every_real_run_may_be_written(name: str) -> None:
    trace = record(*program(name))
    encoded, decoder = CODEC.encode(trace), begun(trace)
    place = encoded.starts[1]
    while not decoder.done and place < len(encoded.tokens):
        if known := decoder.forced:
            decoder.accept()
            place += len(known)
            continue
        end = place + 1
        while encoded.tokens[end - 1] not in decoder.stop:
            end += 1
        written = encoded.tokens[place:end]
        check_allowed(decoder.choices, written)
        assert decoder.feed(written, [0.0] * len(written)).problems == ()
        place = end


def chosen(decoder: CwmDecoder, row: Callable[[], np.ndarray[tuple[int], np.dtype[np.float32]]]) -> list[int]:
    """What a model with logits ``row`` writes up to a token that stops it."""
    choices = decoder.choices
    assert choices is not None
    draft = Draft(1, decoder.stop, LIMIT, Sampling(1.0))
    if isinstance(choices, str):
        draft.constraint = grammars().begin(choices)
    else:
        draft.first = choices
    while not draft.done:
        draft.take(HostLogits(row()))
    assert draft.stopped, CODEC.text(draft.tokens)
    assert len(draft.logprob) == len(draft.tokens)
    assert max(draft.logprob) <= 0
    return draft.tokens


@pytest.mark.parametrize("name", names())
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=1)
def test_whatever_is_written_can_be_read(name: str, seed: int) -> None:
    random = np.random.default_rng(seed)

    def row() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return random.normal(0, 3, CODEC.vocabulary).astype(np.float32)

    decoder, problems = begun(record(*program(name))), []
    for _ in range(40):
        if decoder.done:
            break
        if decoder.forced:
            decoder.accept()
        else:
            written = chosen(decoder, row)
            problems += [one.message for one in decoder.feed(written, [0.0] * len(written)).problems]
    assert problems == []


def special(name: str) -> int:
    """The id of a trace token."""
    token = merging().token_to_id(name)
    assert token is not None
    return int(token)


def test_user_text_never_becomes_a_trace_token() -> None:
    source = "def f(s):\n    t = s + '<|frame_sep|>'\n    return t\n"
    trace = record(source, "f('<|end_of_text|>')")
    encoded, decoder = CODEC.encode(trace), begun(trace)
    assert encoded.tokens.count(special("<|end_of_text|>")) == 1  # the one that ends the trace
    assert encoded.tokens.count(special("<|frame_sep|>")) == len(trace.events) + 1
    decoder.feed([special("<|line_sep|>")], [0.0])
    constraint = grammars().begin(str(decoder.choices))
    for token in merging_tokenizer().encode('{"s": "..", "t": "\'<|frame_sep|>\'"}'):
        assert CODEC.value_stop.isdisjoint(np.flatnonzero(constraint.allowed()).tolist())
        constraint.take(token)
    assert constraint.forced() == [special("<|action_sep|>")]


def test_what_stands_already_is_the_beginning_of_what_a_grammar_describes() -> None:
    tokens = merging_tokenizer().encode('{"n')
    rest = grammars().begin('start: "{\\"n\\": 1}" <|action_sep|>\n', tokens)
    assert CODEC.text(rest.forced()).startswith('": 1')
