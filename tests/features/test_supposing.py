"""Where the frame of a what-if stands, and what may be put in place of its values."""

from __future__ import annotations

import pytest

from cwm_lsp.errors import ArgumentsError, TargetError
from cwm_lsp.features import supposing
from cwm_lsp.features.results import Call, Recorded
from cwm_lsp.features.states import Stop
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.model import SourceFile
from tests.features.world import run

SOURCE = """\
def add(total, x):
    return total + x


def grow(xs):
    total = 0
    for x in xs:
        total = add(total, x)
    for x in xs:
        total = total - 1
    return total
"""
LOOP, CALLS, SECOND = 7, 8, 10


def recorded(call: str = "grow([3, 3, 3])") -> Recorded:
    return Recorded(Call("grow", ""), run(SOURCE, call))


def texts(standing: Standing) -> dict[str, str]:
    return {name: value.text for name, value in standing.locals.items()}


def at_visit(result: Recorded, line: int, number: int) -> Recorded:
    stops: tuple[Stop, ...] = result.stops(line)
    return Recorded(result.call, result.trace, stops[number - 1].focus)


def test_it_stands_before_the_line_at_the_visit_that_the_line_shows() -> None:
    found = supposing.in_results([recorded()], CALLS)
    assert (found.function, found.first, found.line) == ("grow", 5, CALLS)
    assert texts(found) == {"xs": "[3, 3, 3]", "total": "6", "x": "3"}
    assert texts(supposing.in_results([at_visit(recorded(), CALLS, 2)], CALLS))["total"] == "3"


@pytest.mark.parametrize(
    ("line", "visit", "passes"), [(CALLS, 2, {7: 1}), (LOOP, 3, {7: 2}), (SECOND, 1, {9: 0})]
)
def test_the_pass_of_a_loop_is_known_though_its_items_are_alike(
    line: int, visit: int, passes: dict[int, int]
) -> None:
    found = supposing.in_results([at_visit(recorded(), line, visit)], line)
    assert found.passes == passes


def test_at_a_def_it_stands_before_the_first_line_of_the_call() -> None:
    found = supposing.in_results([recorded()], 5)
    assert (found.line, texts(found)) == (6, {"xs": "[3, 3, 3]"})
    inner = supposing.in_results([recorded()], 1)
    assert (inner.function, inner.line, texts(inner)) == ("add", 2, {"total": "6", "x": "3"})


def test_the_latest_run_that_has_the_line_counts() -> None:
    other = Recorded(Call("add", ""), run(SOURCE, "add(1, 2)"))
    assert texts(supposing.in_results([recorded(), other], 2)) == {"total": "1", "x": "2"}
    assert texts(supposing.in_results([recorded(), other], CALLS))["total"] == "6"


@pytest.mark.parametrize("line", [3, 4, 99])
def test_a_line_that_no_run_has_is_said(line: int) -> None:
    with pytest.raises(TargetError, match=f"at line {line}"):
        supposing.in_results([recorded()], line)


def test_a_stopped_program_is_found_by_its_line_and_an_object_of_its_is_opaque() -> None:
    values = {"total": "3", "x": "<Thing at 0x7f>"}
    found = supposing.in_program(SourceFile("shop.py", SOURCE), CALLS, values)
    assert (found.function, found.first) == ("grow", 5)
    assert [found.locals[name].opaque for name in values] == [False, True]
    assert supposing.in_program(SourceFile("shop.py", SOURCE), 4, {}).function == "<module>"


def test_changes_are_typed_as_keywords_with_bars_between_branches() -> None:
    found = supposing.changes("x = 1 | x='a|b', total=[{1} , 2]", ("x", "total"))
    assert [{name: value.text for name, value in one.items()} for one in found] == [
        {"x": "1"},
        {"x": "'a|b'", "total": "[{1}, 2]"},
    ]


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ([], "one to 8"),
        (7, "one to 8"),
        ("", "'' is no change"),
        ("x", "'x' is no change"),
        ("x = 1 |", "'' is no change"),
        ("x = (1", "is no change"),
        ("**x", "is no change"),
        ("x = 'a", "is no change"),
        ([{}], "names and values"),
        ([{"y": "1"}], "y has no value here. There are: total, x."),
        ([{"x": "len(xs)"}], "runs nothing"),
    ],
)
def test_what_is_no_change_is_said(wanted: object, why: str) -> None:
    with pytest.raises(ArgumentsError, match=why):
        supposing.changes(wanted, ("x", "total"))
