"""The compact format: every observed run reads back exactly, and no model output makes the decoder raise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.compact_decoder import CompactDecoder
from cwm_lsp.codec.protocol import Encoded, SpanKind
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.errors import ContextExceeded
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.predicted import PredictedStep, Problem
from tests.codec.programs import names, program, record

LOOP = """\
def f(xs, floor):
    total = 0
    for x in xs:
        if x > floor:
            total += x
    return total
"""


def spell(tokens: tuple[int, ...]) -> str:
    return " ".join(v.token_text(token) for token in tokens)


def replay(trace: Trace, encoded: Encoded) -> tuple[list[PredictedStep], list[Problem]]:
    """Decode an encoded trace as an engine would, checking what is forced against what was encoded."""
    decoder = CompactCodec().decoder(replace(trace, events=trace.events[:1]))
    place = 0
    steps: list[PredictedStep] = []
    problems: list[Problem] = []
    while True:
        forced = decoder.forced
        assert spell(encoded.tokens[place : place + len(forced)]) == spell(forced)
        place += len(forced)
        decoder.accept()
        if decoder.done:
            assert place == len(encoded.tokens) or problems
            return steps, problems
        while not decoder.forced and not decoder.done:
            token = encoded.tokens[place]
            assert decoder.choices is None or token in decoder.choices, v.token_text(token)
            place += 1
            decoded = decoder.feed([token], [-0.25])
            steps += decoded.steps
            problems += decoded.problems


@pytest.mark.parametrize("name", names())
def test_a_run_reads_back_exactly(name: str) -> None:
    trace = record(*program(name))
    if trace.cut is not None:
        pytest.fail("the program is meant to end")
    encoded = CompactCodec().encode(trace)
    if -1 in encoded.starts:
        trace = replace(
            trace, events=tuple(e for e, s in zip(trace.events, encoded.starts, strict=True) if s >= 0)
        )
        encoded = CompactCodec().encode(trace)
    steps, problems = replay(trace, encoded)
    assert problems == []
    assert len(steps) == len(trace.events) - 1
    for step, event in zip(steps, trace.events[1:], strict=True):
        assert (step.kind, step.depth) == (event.kind, event.depth)
        assert step.line == event.line or event.unwinding  # the way out of a ``with`` goes by its head unseen
        if event.kind is EventKind.LINE:
            written = {name: guess.text for name, guess in step.locals.items()}
            assert written.items() <= {name: value.text for name, value in event.locals.items()}.items()
        if event.value is not None:
            assert step.value is not None
            assert step.value.text == event.value.text


@pytest.mark.parametrize("budget", [1, 40, 120])
@pytest.mark.parametrize("name", names())
def test_windows_cover_every_event_once(name: str, budget: int) -> None:
    trace = record(*program(name))
    whole = CompactCodec().encode(trace)
    windows = list(CompactCodec().windows(trace, budget))
    for step, start in enumerate(whole.starts):
        assert sum(window.starts[step] >= 0 for window in windows) == (start >= 0)
    told = [(s.step, s.kind, s.name, w.tokens[s.start : s.end]) for w in windows for s in w.spans]
    assert told == [(s.step, s.kind, s.name, whole.tokens[s.start : s.end]) for s in whole.spans]


def test_what_is_given_is_looked_up_from_the_state() -> None:
    trace = record(LOOP, "f([4, 9], 3)")
    encoded = CompactCodec().encode(trace)
    text = spell(encoded.tokens)
    assert "<L3> for <v3> in <v1> <operand> [ <#0> 4 <#1> 9 <#2> ] : <#1> 1 <operand> 9 <next> <L4>" in text
    assert " : <#2> 2 <operand> <stop> <next> <L6> <L6> return" in text
    assert "<v2> <told> <stop> <L3>" in text
    told = [(s.step, s.kind, s.name) for s in encoded.spans if s.kind is SpanKind.VALUE]
    assert told == [
        (2, "value", "total"),
        (3, "value", "x"),
        (5, "value", "total"),
        (6, "value", "x"),
        (8, "value", "total"),
    ]


def test_a_shuffled_encoding_says_the_same() -> None:
    trace = record(LOOP, "f([4, 9], 3)")
    plain = CompactCodec().encode(trace)
    shuffled = CompactCodec(order=range(v.SLOTS - 1, -1, -1), offset=7).encode(trace)
    assert len(plain.tokens) == len(shuffled.tokens)
    assert plain.spans == shuffled.spans
    assert plain.tokens != shuffled.tokens


def test_user_text_cannot_become_a_trace_token() -> None:
    source = "def f(s):\n    t = s + '<|call_sep|><call><L1><stop>'\n    return t\n"
    trace = record(source, "f('<return> <#0> <stop>')")
    encoded = CompactCodec().encode(trace)
    assert encoded.tokens.count(Special.CALL) == 1
    assert encoded.tokens.count(Special.RETURN) == 2  # after <next>, and the return itself
    steps, problems = replay(trace, encoded)
    assert problems == []
    assert steps[-1].value is not None
    assert steps[-1].value.text == "'<return> <#0> <stop><|call_sep|><call><L1><stop>'"


def test_a_name_that_a_handler_takes_away_need_not_be_said() -> None:
    source = "def f():\n    try:\n        1 // 0\n    except ValueError as e:\n        y = 1\n    return y\n"
    call = Event(EventKind.CALL, 1, "f", 0, {}, frame=1)
    here = replace(call, kind=EventKind.LINE, line=5, locals={"e": Value("ValueError()")})
    decoder = CompactCodec().decoder(Trace((SourceFile("m.py", source),), (call, here), "f", ""))
    decoder.accept()
    (step,) = decoder.feed([v.line_token(6)], [0.0]).steps
    assert (step.kind, step.line, step.removed) == (EventKind.LINE, 6, ("e",))
    assert "e" not in step.locals


def test_a_function_of_one_line_ends_on_it() -> None:
    source = "class A:\n    def f(self): return 1\n    def g(self): return 2\n"
    call = Event(EventKind.CALL, 2, "f", 0, {}, frame=1)
    here = replace(call, kind=EventKind.LINE)
    decoder = CompactCodec().decoder(Trace((SourceFile("m.py", source),), (call, here), "f", ""))
    assert decoder.choices is not None
    assert not decoder.choices & v.LINE_TOKENS
    assert Special.RETURN in decoder.choices


@pytest.mark.parametrize("passes", [1, 2, 3, 4, 50])
def test_passes_that_are_only_counted_leave_the_state_of_those_that_ran(passes: int) -> None:
    source = "def f(xs):\n    for x in xs:\n        y = x\n    return y\n"
    held = {"xs": Value(str(list(range(60)))), "x": Value(str(passes - 1))}
    call = Event(EventKind.CALL, 1, "f", 0, held, frame=1)
    head, here = replace(call, kind=EventKind.LINE, line=2), replace(call, kind=EventKind.LINE, line=3)

    def decoder(*heads: Event) -> CompactDecoder:
        return CompactCodec().decoder(Trace((SourceFile("m.py", source),), (call, *heads, here), "f", ""), 1)

    one_by_one = decoder(*(replace(head) for _ in range(passes)))
    counted = decoder(*[head] * passes)
    assert counted.forced == one_by_one.forced
    for one in (one_by_one, counted):
        one.accept()
        one.feed([v.line_token(2)], [0.0])
    assert counted.forced == one_by_one.forced, "the item that comes next is the same"


def test_a_slice_too_long_says_so() -> None:
    source = "def f():\n" + "".join(f"    a = {n}\n" for n in range(v.LINES + 5))
    with pytest.raises(ContextExceeded, match="lines"):
        CompactCodec().encode(record(source, "f()"))


def test_too_many_names_say_so() -> None:
    source = "def f():\n" + "".join(f"    name_{n} = {n}\n" for n in range(v.SLOTS + 5))
    with pytest.raises(ContextExceeded, match="names"):
        CompactCodec().encode(record(source, "f()"))


def entry() -> Trace:
    call = Event(EventKind.CALL, 1, "f", 0, {"xs": Value("[4, 9]"), "floor": Value("3")}, frame=1)
    return Trace((SourceFile("m.py", LOOP),), (call,), "f", "3.12.0")


@given(st.lists(st.integers(0, v.SIZE - 1), max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_output_of_a_model_makes_the_decoder_raise(tokens: list[int]) -> None:
    decoder = CompactCodec().decoder(entry())
    decoder.accept()
    for token in tokens:
        decoded = decoder.feed([token], [-1.0])
        if decoded.problems:
            assert decoder.done
        if decoder.done:
            return
        if decoder.forced:
            decoder.accept()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_split_of_the_stream_decodes_alike(data: st.DataObject) -> None:
    trace = record(LOOP, "f([4, 9, 1], 3)")
    encoded = CompactCodec().encode(trace)
    given_tokens = CompactCodec().decoder(replace(trace, events=trace.events[:1])).forced
    whole, _ = replay(trace, encoded)
    decoder = CompactCodec().decoder(replace(trace, events=trace.events[:1]))
    decoder.accept()
    place = len(given_tokens)
    steps: list[PredictedStep] = []
    while not decoder.done:
        ends = {span.end for span in encoded.spans}
        end = min(stop for stop in ends if stop > place)
        cut = data.draw(st.integers(place + 1, end))
        steps += decoder.feed(encoded.tokens[place:cut], [-0.25] * (cut - place)).steps
        place = cut + len(decoder.forced)
        decoder.accept()
    assert steps == whole
