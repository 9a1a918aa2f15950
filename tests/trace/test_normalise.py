"""One run reported by different interpreters is one trace."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from hypothesis import given, settings

from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace
from cwm_lsp.trace.normalise import EXPRESSION_FRAMES, normalise, simple_name
from cwm_lsp.trace.statements import looping_lines, statement_lines
from tests.codec.generated import generated
from tests.codec.programs import names, program


def reported(source: str, events: str) -> Trace:
    """A trace of ``kind line function depth [frame]`` rows."""
    found = []
    for row in events.strip().splitlines():
        kind, line, function, depth, *frame = row.split()
        found.append(Event(EventKind(kind), int(line), function, int(depth), frame=int((frame or ["0"])[0])))
    return Trace((SourceFile("a.py", dedent(source).lstrip("\n")),), tuple(found), "f", "3.12.1")


def rows(trace: Trace) -> str:
    return "\n".join(f"{event.kind} {event.line} {event.function} {event.depth}" for event in trace.events)


def check(source: str, events: str, expected: str) -> None:
    """``events`` normalise to ``expected``, and that once for all."""
    trace = normalise(reported(source, events))
    assert rows(trace) == "\n".join(line.strip() for line in expected.strip().splitlines())
    assert normalise(trace) == trace


COMPREHENSION = """
def f(xs):
    ys = [g(x) for x in xs]
    return ys

def g(x):
    return x
"""
ONE_TRACE = """
    call 1 f 0
    line 2 f 0
    call 5 g 1
    line 6 g 1
    return 6 g 1
    line 3 f 0
    return 3 f 0
"""


def test_a_comprehension_of_its_own_frame() -> None:
    check(
        COMPREHENSION,
        """
        call 1 f 0 0
        line 2 f 0 0
        call 2 <listcomp> 1 1
        line 2 <listcomp> 1 1
        line 2 <listcomp> 1 1
        call 5 g 2 2
        line 6 g 2 2
        return 6 g 2 2
        line 2 <listcomp> 1 1
        return 2 <listcomp> 1 1
        line 3 f 0 0
        return 3 f 0 0
        """,
        ONE_TRACE,
    )


def test_an_inlined_comprehension_reports_its_line_for_each_item() -> None:
    check(
        COMPREHENSION,
        """
        call 1 f 0 0
        line 2 f 0 0
        call 5 g 1 1
        line 6 g 1 1
        return 6 g 1 1
        line 2 f 0 0
        line 2 f 0 0
        line 3 f 0 0
        return 3 f 0 0
        """,
        ONE_TRACE,
    )


def test_a_statement_in_fragments_is_one_line_each_time_it_runs() -> None:
    source = """
    def f(n):
        while n:
            n = min(
                n,
                0,
            )
        return n
    """
    check(
        source,
        """
        call 1 f 0
        line 2 f 0
        line 3 f 0
        line 4 f 0
        line 5 f 0
        line 3 f 0
        line 2 f 0
        line 4 f 0
        line 3 f 0
        line 2 f 0
        line 7 f 0
        return 7 f 0
        """,
        """
        call 1 f 0
        line 2 f 0
        line 3 f 0
        line 2 f 0
        line 3 f 0
        line 2 f 0
        line 7 f 0
        return 7 f 0
        """,
    )


def test_a_decorated_definition_shares_a_line_with_its_body() -> None:
    source = """
        class Shape:
            @abstract
            @kept
            def area(self): return 3
        Shape().area()
        """
    events = """
        call 1 Shape 0 1
        line 2 Shape 0 1
        line 3 Shape 0 1
        line 4 Shape 0 1
        line 3 Shape 0 1
        return 2 Shape 0 1
        call 2 area 0 2
        line 4 area 0 2
        return 4 area 0 2
        """
    expected = """
        call 1 Shape 0
        line 2 Shape 0
        return 2 Shape 0
        call 2 area 0
        line 4 area 0
        return 4 area 0
        """
    check(source, events, expected)


def test_a_loop_of_one_statement_is_not_one_execution() -> None:
    check(
        "def f(n):\n    while True:\n        n -= 1 / n\n",
        """
        call 1 f 0
        line 2 f 0
        line 3 f 0
        line 3 f 0
        line 3 f 0
        exception 3 f 0
        return 3 f 0
        """,
        """
        call 1 f 0
        line 2 f 0
        line 3 f 0
        line 3 f 0
        line 3 f 0
        exception 3 f 0
        return 3 f 0
        """,
    )


def test_a_generator_that_yields_a_comprehension_runs_it_anew_after_each_resume() -> None:
    check(
        "def f(n):\n    while True:\n        yield [n for n in range(n)]\n",
        """
        call 1 f 0
        line 2 f 0
        line 3 f 0
        line 3 f 0
        return 3 f 0
        call 3 f 0
        line 3 f 0
        line 3 f 0
        return 3 f 0
        """,
        """
        call 1 f 0
        line 2 f 0
        line 3 f 0
        return 3 f 0
        call 3 f 0
        line 3 f 0
        return 3 f 0
        """,
    )


@pytest.mark.parametrize("name", names())
def test_a_normalised_trace_speaks_of_statements_alone(name: str) -> None:
    source, call = program(name)
    trace = normalise(trace_call(source, call, Limits()))
    lines = statement_lines(source)
    assert normalise(trace) == trace
    assert all(simple_name(event.function) not in EXPRESSION_FRAMES for event in trace.events)
    assert all(lines[event.line] == event.line for event in trace.events)
    depth = -1
    for event in trace.events:
        depth += event.kind is EventKind.CALL
        assert event.depth == depth
        depth -= event.kind is EventKind.RETURN


@given(generated())
@settings(deadline=None, max_examples=12)
def test_normalising_twice_changes_nothing(made: tuple[str, str]) -> None:
    trace = normalise(trace_call(*made, Limits(events=300)))
    assert normalise(trace) == trace


def test_events_of_one_thread_alone() -> None:
    trace = reported("def f():\n    pass\n", "call 1 f 0\nline 2 f 0\nreturn 2 f 0")
    other = replace(trace.events[1], thread=3)
    mixed = replace(trace, events=(*trace.events[:1], other, *trace.events[1:]))
    assert normalise(mixed) == trace
    assert normalise(mixed, thread=3).events == (other,)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = (1,\n  2)\n", {1: 1, 2: 1}),
        ("if (a\n    and b):\n    c\nelse:\n    d\n", {1: 1, 2: 1, 3: 3, 5: 5}),
        (
            "@one\n@two\ndef f(\n    n,\n):\n    '''a\n    b'''\n    return n\n",
            {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 6, 7: 6, 8: 8},
        ),
        ("match x:\n    case [1,\n          2]:\n        y\n", {1: 1, 2: 2, 3: 2, 4: 4}),
        ("not python (", {}),
        ("", {}),
    ],
)
def test_lines_of_statements(source: str, lines: dict[int, int]) -> None:
    assert dict(statement_lines(source)) == lines


def test_statements_that_loop_by_a_comprehension() -> None:
    source = (
        "a = [x for x in y]\nb = (x for x in y)\nfor i in [x for x in y]: pass\nc = f(\n    {x for x in y})\n"
    )
    assert looping_lines(source) == {1, 4}
    assert looping_lines("not python (") == frozenset()
