"""Which values may hold an object that a statement changes."""

from __future__ import annotations

import pytest

from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.holding import may_hold
from tests.codec.programs import record
from tests.codec.worked import facts_of, ruled_out

HOLDING = [
    ("[[1, 2], [3]]", "[3]", True),
    ("[[1, 2], [3]]", "[[3], 'x']", True),
    ("{'a': {'b': 7}}", "{'a': 0}", False),
    ("(1, [2])", "(5, [2])", True),
    ("(1, [2])", "[(1, 2), [3]]", False),
    ("['[3]']", "[4]", False),
    ("<Cart items=[1]>", "<Cart items=[1]>", True),
    ("<Cart items=[1]>", "<Cart items=[2]>", False),
    ("Point(x=1, y=2)", "[9]", True),
    ("deque([1, 2])", "[9]", False),
    ("Counter({'a': 1})", "[9]", False),
    ("[1, … 90 more]", "[9]", True),
    ("[1]", "[9, … 90 more]", True),
    ("{'a': <Node next=<Node value=2>>}", "<Node value=2>", True),
]


@pytest.mark.parametrize(("text", "changed", "holds"), HOLDING)
def test_a_value_is_reached_through_what_its_text_shows(text: str, changed: str, holds: bool) -> None:
    assert may_hold(text, frozenset({changed})) is holds


def test_of_what_is_not_known_everything_may_hold_something() -> None:
    assert may_hold("[1]", None)
    assert not may_hold("[1]", frozenset())
    assert not may_hold("Point(x=1)", frozenset({"[9]"}), frozenset({"Point"}))


ALIASES = """\
def add(xs, x):
    xs.append(x)
    return xs


def size(xs):
    return len(xs)


def f(n):
    row, other = [n], [n, n]
    rows = [row, [n]]
    table = {"a": other}
    row.append(5)
    same = add(other, 7)
    same.append(8)
    total = size(rows) + size(table)
    add(rows[1], total)
    return rows, table
"""


def test_what_other_names_hold_is_not_ruled_out_when_it_changes() -> None:
    trace = record(ALIASES, "f(3)")
    assert ruled_out(trace)[0] == []
    assert [fact for fact in facts_of(trace) if fact.verdict == "wrong"] == []


def test_what_a_call_cannot_have_changed_is_not_asked() -> None:
    trace = record(ALIASES, "f(3)")
    encoded = CompactCodec().encode(trace)
    lines = {trace.events[span.step - 1].line for span in encoded.spans if span.asked.start < span.asked.stop}
    assert 17 not in lines  # total = size(rows) + size(table)
