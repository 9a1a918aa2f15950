"""What really runs after a statement is always among its successors, and little else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cwm_lsp.codec.flow import EXIT, Flow, flow_of
from cwm_lsp.trace.model import Event, EventKind, Trace
from tests.codec.generated import generated
from tests.codec.programs import names, program, record


def steps_out_of_flow(trace: Trace) -> list[str]:
    """Observed transitions within a frame that the flow does not allow."""
    flow = flow_of(trace.source.text)
    before: dict[int, Event] = {}
    entered: set[int] = set()
    bad: list[str] = []
    for event in trace.events:
        last = before.get(event.frame)
        before[event.frame] = event
        if last is not None and not _follows(flow, last, event, last.frame in entered):
            bad.append(f"{last.kind} {last.line} -> {event.kind} {event.line} in {event.function}")
        if event.kind is not EventKind.CALL:
            entered.add(event.frame)
    return bad


def _follows(flow: Flow, last: Event, event: Event, entered: bool) -> bool:
    if event.kind is EventKind.LINE:
        if last.kind is EventKind.CALL and not entered:
            return event.line in flow.entry(last.line)
        if last.kind is EventKind.EXCEPTION:
            return event.line in flow.handlers(last.line)
        return event.line in flow.successors(last.line)
    if event.kind is EventKind.RETURN and last.kind is EventKind.LINE and not event.yielded:
        ends = flow.handlers(last.line) if event.unwinding else flow.successors(last.line)
        return EXIT in ends
    return True


@pytest.mark.parametrize("name", names())
def test_every_statement_kind(name: str) -> None:
    assert steps_out_of_flow(record(*program(name))) == []


# --- generated programs ------------------------------------------------------------------------


@given(generated())
@settings(deadline=None, max_examples=60)
def test_generated_programs(made: tuple[str, str]) -> None:
    source, call = made
    assert steps_out_of_flow(record(source, call, events=400)) == []


# --- what the flow says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "line", "successors"),
    [
        ("def f(x):\n    a = 1\n    return a\n", 2, {3}),
        ("def f(x):\n    return x\n", 2, {EXIT}),
        ("def f(x):\n    if x:\n        a = 1\n    else:\n        a = 1\n    return a\n", 2, {3, 5}),
        ("def f(x):\n    for i in x:\n        a = i\n    return a\n", 2, {3, 4}),
        ("def f(x):\n    for i in x:\n        a = i\n    return a\n", 3, {2}),
        ("def f(x):\n    while x:\n        break\n    return x\n", 3, {4}),
        ("def f(x):\n    raise ValueError\n", 2, set()),
        ("def f(x):\n    x = 1\n", 2, {EXIT}),
        ("not python (", 1, set()),
    ],
)
def test_successors(source: str, line: int, successors: set[int]) -> None:
    assert flow_of(source).successors(line) == successors


def test_handlers_of_a_statement_are_those_around_it() -> None:
    source = "def f(x):\n    try:\n        a = 1\n    except ValueError:\n        a = 2\n    b = 3\n"
    flow = flow_of(source)
    assert flow.handlers(3) == {4}
    assert flow.handlers(6) == {EXIT}
    assert flow.entry(1) == {2}
    assert flow.scopes == {1}


def test_a_branch_on_one_line_has_no_line_of_its_own() -> None:
    loop = "    while x:\n        if x > 2: break\n        if x: x -= 1\n"
    source = f"def f(x):\n{loop}    if x: return 1\n    return 2\n"
    flow = flow_of(source)
    assert flow.successors(3) == {4, 5}
    assert [flow.inlined(3, holds) for holds in (True, False, None)] == [{5}, {4}, set()]
    assert flow.inlined(4, True) == flow.inlined(4, False) == flow.successors(4)
    assert [flow.inlined(5, holds) for holds in (True, False)] == [{EXIT}, {6}]
    assert flow.inlined(2, True) == set()
    assert steps_out_of_flow(record(source, "f(4)")) == steps_out_of_flow(record(source, "f(1)")) == []


HANDLERS = """\
def f(xs):
    for x in xs:
        try:
            y = int(x)
        except ValueError as bad:
            y = 0
            try:
                z = 1 // y
            except ZeroDivisionError as worse:
                continue
            y = 1
        except TypeError as odd: y = 2
        else:
            y = 3
    return y
"""


@pytest.mark.parametrize(
    ("line", "to", "gone"),
    [
        (6, 7, set()),
        (11, 2, {"bad"}),
        (10, 2, {"bad", "worse"}),
        (10, 11, {"worse"}),
        (5, 12, set()),
        (4, 13, set()),
        (12, 2, set()),
    ],
)
def test_a_handler_takes_its_name_with_it(line: int, to: int, gone: set[str]) -> None:
    assert flow_of(HANDLERS).unbound(line, to) == gone
