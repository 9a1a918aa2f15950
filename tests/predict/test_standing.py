"""A real stop as a premise: which pass of its loops a program is in, by its values or the steps before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cwm_lsp.predict.standing import Standing, premise, settled, stepped
from cwm_lsp.trace.model import EventKind, SourceFile, Value
from cwm_lsp.trace.render import render

LOOP = """\
def f(xs, ys):
    for x in {source}:
        y = x
        z = y
    return 0
"""


def standing(source: str, line: int, **values: object) -> Standing:
    shown = {name: Value(*render(value)) for name, value in values.items()}
    return Standing(SourceFile("a.py", source), "f", 1, line, shown)


def passes(one: Standing) -> int | None:
    """How often the head at line 2 is told to have begun a pass, ``None`` where that is unsure."""
    made = premise(one)
    assert made.trace.events[0].kind is EventKind.CALL
    assert made.trace.events[-1].line == one.line
    return None if 2 in made.unsure else [event.line for event in made.trace.events].count(2)


@pytest.mark.parametrize(
    ("source", "target", "values", "expected"),
    [
        ("xs", "x", {"xs": [4, 9, 2], "x": 9}, 2),
        ("xs", "x", {"xs": "abc", "x": "c"}, 3),
        ("xs", "x", {"xs": {4: "a", 9: "b"}, "x": 4}, 1),
        ("xs.items()", "(a, b)", {"xs": {4: "a", 9: "b"}, "a": 9, "b": "b"}, 2),
        ("xs", "(a, b)", {"xs": [(1, 2), (3, 4)], "a": 3, "b": 4}, 2),
        ("reversed(xs)", "x", {"xs": [4, 9, 2], "x": 9}, 2),
        ("zip(xs, ys)", "(a, b)", {"xs": [1, 1], "ys": [5, 6], "a": 1, "b": 6}, 2),
        ("enumerate(xs)", "(a, b)", {"xs": [7, 7, 7], "a": 2, "b": 7}, 3),
        ("range(9)", "x", {"x": 4}, 5),
        ("range(3, 9, 2)", "x", {"x": 7}, 3),
        ("range(len(xs))", "x", {"xs": [1, 2, 3], "x": 1}, 2),
        ("xs", "x", {"xs": [4, 4], "x": 4}, None),
        ("xs", "x", {"xs": [4, 9], "x": 5}, None),
        ("made()", "x", {"x": 5}, None),
    ],
)
def test_the_pass_is_the_one_whose_items_the_targets_hold(
    source: str, target: str, values: dict[str, object], expected: int | None
) -> None:
    text = LOOP.format(source=source).replace("for x in", f"for {target} in")
    assert passes(standing(text, 3, **values)) == expected


def test_at_the_head_the_next_pass_is_about_to_begin() -> None:
    text = LOOP.format(source="xs")
    assert passes(standing(text, 2, xs=[4, 9])) == 1, "the standing's own event"
    assert passes(standing(text, 2, xs=[4, 9], x=4)) == 2
    assert passes(standing(text, 2, xs=[4, 4], x=4)) is None


def test_steps_know_what_equal_items_do_not_tell() -> None:
    text = LOOP.format(source="xs")
    equal = {"xs": [4, 4, 4]}
    one = stepped(standing(text, 1, **equal), standing(text, 2, **equal))
    for line, expected in ((3, 1), (4, 1), (2, 2), (3, 2), (4, 2), (2, 3)):
        one = stepped(one, standing(text, line, **equal, x=4))
        assert passes(one) == expected


def test_a_changed_value_does_not_change_the_pass() -> None:
    held = settled(standing(LOOP.format(source="xs"), 3, xs=[4, 9], x=9))
    assert passes(replace(held, locals={**held.locals, "x": Value("77")})) == 2


def test_loops_of_other_functions_do_not_count() -> None:
    text = "for x in made():\n    def f(a):\n        b = a\n        return b\n"
    made = premise(Standing(SourceFile("a.py", text), "f", 2, 3, {"a": Value("1")}))
    assert made.unsure == frozenset()
    assert [event.line for event in made.trace.events] == [2, 3]


def test_what_calls_gave_back_is_part_of_the_premise() -> None:
    one = standing("def f(x):\n    y = f(x) + f(x)\n", 2, x=3)
    events = premise(replace(one, returned=(Value("7"),))).trace.events
    assert [event.kind for event in events][2:] == [EventKind.CALL, EventKind.RETURN]
    assert events[-1].value == Value("7")


MODULE = """\
def each(xs):
    for x in xs:
        yield other(x)
        y = f(x)


def other(x):
    return x


def f(x):
    return x


y = f(3) + f(4)
"""


@pytest.mark.parametrize(("function", "first", "line"), [("<module>", 0, 15), ("each", 1, 4)])
def test_a_function_that_the_line_names_stands_for_what_it_called(
    function: str, first: int, line: int
) -> None:
    here = Standing(SourceFile("a.py", MODULE), function, first, line, {}, returned=(Value("3"),))
    call = next(event for event in premise(here).trace.events[1:] if event.kind is EventKind.CALL)
    assert (call.line, call.function) == (11, "f"), (
        "a module cannot be called, nor does a generator give a value"
    )


def test_a_with_that_closes_is_told_by_the_line_it_comes_from() -> None:
    source = "def f():\n    with g():\n        h()\n    return 1\n"
    here = Standing(SourceFile("a.py", source), "f", 1, 2, {}, closing=3)
    assert [event.line for event in premise(here).trace.events] == [1, 3, 2]
    assert "with block" in replace(here, handled=Value("ValueError()")).unforeseen


def test_a_handler_is_told_what_it_handles() -> None:
    source = "def f():\n    try:\n        g()\n    except ValueError as e:\n        pass\n"
    here = Standing(SourceFile("a.py", source), "f", 1, 4, {}, handled=Value("ValueError()"))
    events = premise(here).trace.events
    assert [event.kind for event in events] == [EventKind.CALL, EventKind.EXCEPTION, EventKind.LINE]
    assert events[1].value == Value("ValueError()")
    assert len(premise(replace(here, line=3)).trace.events) == 2, "elsewhere it is not the one that came"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"midway": True}, "gave back"),
        ({"raising": True}, "exception"),
        ({"function": "<lambda>"}, "lambda"),
    ],
)
def test_where_nothing_can_be_foretold_it_says_why(changes: dict[str, object], why: str) -> None:
    here = replace(standing(LOOP.format(source="xs"), 3, xs=[4], x=4), **changes)  # type: ignore[arg-type]
    assert why in here.unforeseen
    assert bool(why) == bool(here.unforeseen)


def test_an_exception_that_was_raised_is_the_last_of_the_premise() -> None:
    raised = Value("ValueError('no')")
    stands = replace(standing(LOOP.format(source="xs"), 3, xs=[4], x=4), raised=raised, midway=True)
    *_, line, last = premise(stands).trace.events
    assert (line.kind, last.kind, last.value) == (EventKind.LINE, EventKind.EXCEPTION, raised)
    assert stands.unforeseen == ""
