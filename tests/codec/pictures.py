"""Model output in the CWM format as a picture: one line a step (event, line, depth, what it writes, what it
carries), one a problem."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from textwrap import dedent

from cwm_lsp.codec.cwm import CwmCodec
from cwm_lsp.codec.cwm_decoder import CwmDecoder
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.predicted import PredictedStep, Problem
from tests.codec.tokens import ByteTokenizer, merging_tokenizer

BYTES = CwmCodec(ByteTokenizer())
MERGING = CwmCodec(merging_tokenizer())

REPEATED = """
def f(x):
    x += 1
    x += 1
    if x > 2:
        x += 1
    else:
        x -= 1
    x += 1
    return x
"""

CALLER = """
def g(x):
    y = x + 1
    return y

def f(x):
    z = g(5)
    w = g(6)
    return x + z
"""


def entry(source: str, values: dict[str, str], line: int = 0) -> Trace:
    """A trace of nothing but the entry call of the last top-level function."""
    source = dedent(source).lstrip("\n")
    lines = source.split("\n")
    line = line or max(number for number, text in enumerate(lines, 1) if text.startswith("def "))
    name = re.match(r"def (\w+)", lines[line - 1])
    assert name is not None
    state = {key: Value(text) for key, text in values.items()}
    call = Event(EventKind.CALL, line, name[1], 0, state)
    return Trace((SourceFile("", source),), (call,), name[1], "3.12.1")


def decoded(
    trace: Trace, output: str, codec: CwmCodec = BYTES, *, end: bool = True
) -> tuple[list[PredictedStep], list[Problem]]:
    """Steps and problems of an output, written with the names of its tokens and space between its frames."""
    written = re.sub(r"(<\|frame_sep\|>)\s+(?=<\|)", r"\1", output.strip())
    decoder = codec.decoder(trace)
    decoder.accept()
    tokens = codec.read(written)
    read = decoder.feed(tokens, [math.log(0.99)] * len(tokens))
    rest = decoder.finish() if end else decoder.feed((), ())
    return [*read.steps, *rest.steps], [*read.problems, *rest.problems]


def draw(steps: Sequence[PredictedStep], problems: Sequence[Problem]) -> str:
    """The picture of an output."""
    return "\n".join([*map(_step, steps), *(f"! {problem.message}" for problem in problems)])


def _step(step: PredictedStep) -> str:
    changed = [f"{name}={guess.text}" for name, guess in step.changed.items()]
    kept = [f"{name}={guess.text}" for name, guess in step.locals.items() if name not in step.changed]
    gone = [f"-{name}" for name in step.removed]
    value = [f"<- {step.value.text}"] if step.value is not None else []
    state = f"({' '.join(kept)})" if kept else ""
    parts = [step.kind, str(step.line), step.function, str(step.depth), *changed, *gone, state, *value]
    return " ".join(filter(None, parts))


def check(source: str, values: dict[str, str], output: str, picture: str) -> None:
    """Decode ``output`` after the entry call with ``values`` and expect ``picture``."""
    assert draw(*decoded(entry(source, values), output)) == dedent(picture).strip("\n")


def fed(
    codec: CwmCodec, trace: Trace, output: Sequence[int], lengths: Sequence[int]
) -> tuple[list[PredictedStep], list[Problem]]:
    """Steps and problems of ``output``, fed in parts of ``lengths`` after the entry call of ``trace``."""
    decoder = codec.decoder(replace(trace, events=trace.events[:1]))
    decoder.accept()
    steps: list[PredictedStep] = []
    problems: list[Problem] = []
    place = 0
    for length in lengths:
        part = output[place : place + length]
        read = decoder.feed(part, [-0.01 * (token % 7) for token in part])
        steps += read.steps
        problems += read.problems
        place += length
    last = decoder.finish()
    return [*steps, *last.steps], [*problems, *last.problems]


def driven(decoder: CwmDecoder, trace: Trace) -> tuple[int, int, list[PredictedStep]]:
    """Let a model that knows ``trace`` write what is not forced: tokens in all, tokens forced, steps."""
    encoded = BYTES.encode(trace)
    place = encoded.starts[1]
    total = forced = 0
    steps: list[PredictedStep] = []
    while not decoder.done:
        known = decoder.forced
        if known:
            assert encoded.tokens[place : place + len(known)] == known
            decoder.accept()
            place, total, forced = place + len(known), total + len(known), forced + len(known)
            continue
        if isinstance(choices := decoder.choices, frozenset):  # a grammar is tried in test_cwm_grammar.py
            assert encoded.tokens[place] in choices
        end = place + 1
        while encoded.tokens[end - 1] not in decoder.stop:
            end += 1
        written = encoded.tokens[place:end]
        steps += decoder.feed(written, [-0.1] * len(written)).steps
        place, total = end, total + len(written)
    return total, forced, [*steps, *decoder.feed((), ()).steps]
