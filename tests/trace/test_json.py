"""Traces written as JSON come back as they were, and anything else is refused with a reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.errors import SourceError
from cwm_lsp.trace.json import dumps, from_json, loads, summary, to_json
from cwm_lsp.trace.model import Cut, CutReason, Event, EventKind, Output, SourceFile, Trace, Value

# Any code point, lone surrogates and pairs of them included: JSON has no way of its own for the latter.
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
names = st.text(st.characters(categories=["L"]), min_size=1, max_size=6)
values = st.builds(
    Value, texts, texts, st.none() | st.integers(min_value=0), cut=st.booleans(), opaque=st.booleans()
)
counts = st.integers(min_value=0, max_value=2**40)
events = st.builds(
    Event,
    st.sampled_from(EventKind),
    counts,
    texts,
    counts,
    st.dictionaries(names, values, max_size=4),
    st.none() | values,
    counts,
    counts,
    counts,
    st.booleans(),
    st.booleans(),
)
traces = st.builds(
    Trace,
    st.lists(st.builds(SourceFile, texts, texts), max_size=3).map(tuple),
    st.lists(events, max_size=6).map(tuple),
    texts,
    st.just("3.12.1"),
    st.none() | st.builds(Cut, st.sampled_from(CutReason), texts),
    st.builds(Output, texts, texts, st.booleans()),
    st.just("monitoring"),
    st.floats(min_value=0, allow_nan=False, allow_infinity=False),
)

SMALL = Trace(
    files=(SourceFile("/a b/ü.py", "def f(n):\n    return n\n"),),
    events=(
        Event(EventKind.CALL, 1, "f", 0, {"n": Value("nan", "float")}),
        Event(EventKind.LINE, 2, "f", 0, {"n": Value("nan", "float")}),
        Event(EventKind.RETURN, 2, "f", 0, {"n": Value("nan", "float")}, Value("nan", "float")),
    ),
    entry="f",
    python="3.12.1",
    cut=Cut(CutReason.EVENTS, "The limit of 3 events was reached."),
    output=Output("\udcff", "", True),
    recorder="settrace",
    seconds=0.5,
)


@given(traces)
@settings(deadline=None)
def test_round_trip(trace: Trace) -> None:
    text = dumps(trace)
    assert text.isascii()
    assert loads(text) == trace


@given(traces)
@settings(deadline=None)
def test_order_of_locals_is_kept(trace: Trace) -> None:
    read = loads(dumps(trace))
    assert [list(event.locals) for event in read.events] == [list(event.locals) for event in trace.events]


def test_a_pair_of_surrogates_is_not_the_character_it_would_encode() -> None:
    trace = Trace((SourceFile("", "\ud83d\ude00 😀"),), (), "", "3.12.1")
    assert loads(dumps(trace)).source.text == "\ud83d\ude00 😀"


def test_a_value_seen_often_is_written_once() -> None:
    assert len(to_json(SMALL)["values"]) == 1


def test_summary_has_the_documented_keys() -> None:
    plain = {"function": "f", "depth": 0, "thread": 0, "locals": {"n": "nan"}, "suspended": False}
    plain |= {"frame": 0, "file": 0, "unwinding": False, "partial": []}
    assert summary(SMALL) == {
        "version": 1,
        "file": "/a b/ü.py",
        "files": [{"path": "/a b/ü.py", "digest": SMALL.source.digest}],
        "entry": "f",
        "python": "3.12.1",
        "recorder": "settrace",
        "seconds": 0.5,
        "cut": {"reason": "events", "message": "The limit of 3 events was reached."},
        "output": {"stdout": "\udcff", "stderr": "", "cut": True},
        "events": [
            {**plain, "event": "call", "line": 1, "value": None},
            {**plain, "event": "line", "line": 2, "value": None},
            {**plain, "event": "return", "line": 2, "value": "nan"},
        ],
    }
    assert "NaN" not in json.dumps(summary(SMALL))


def test_summary_tells_threads_and_suspensions_apart() -> None:
    given_back = Event(EventKind.RETURN, 2, "f", 1, {}, Value("1"), thread=2)
    trace = replace(SMALL, events=(given_back, replace(given_back, thread=0, yielded=True)))
    found = [(event["thread"], event["suspended"]) for event in summary(trace)["events"]]
    assert found == [(2, False), (0, True)]


def broken(**changes: Any) -> dict[str, Any]:
    return {**to_json(SMALL), **changes}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([], "not a trace file"),
        ({}, "not a trace file"),
        (broken(version=99), "version 99; this program reads version 1"),
        (broken(values=[]), "damaged"),
        (broken(events=[{"event": "jump"}]), "damaged"),
        (broken(files=None), "damaged"),
        (broken(cut={"reason": "boredom", "message": ""}), "damaged"),
    ],
)
def test_what_is_no_trace_is_refused_with_the_reason(data: object, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        from_json(data)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff\xfe\x00"])
def test_text_that_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(SourceError, match="not a trace file"):
        loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts, lambda x: st.lists(x) | st.dictionaries(texts, x)
    )
)
@settings(deadline=None)
def test_any_json_in_any_place_is_a_trace_or_refused(data: object) -> None:
    for key in to_json(SMALL):
        try:
            from_json(broken(**{key: data}))
        except SourceError:
            continue
