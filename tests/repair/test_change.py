"""The first thing that a fix changes: in recorded steps, and in real runs of calls, tests and programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cwm_lsp.features.repairs import reasons
from cwm_lsp.repair.change import Step, first_change
from cwm_lsp.repair.model import Change, Evidence, Outcome
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call, doctests, program
from tests.cli.running import cwm

OLD = "def f(a):\n    b = a\n    if b:\n        b = 1\n    return b\n"


def steps(*given: tuple[int, dict[str, str], str]) -> list[Step]:
    """Steps of one call."""
    return [Step(line, 1, values, said) for line, values, said in given]


def test_a_value_is_blamed_on_the_line_that_ran_last() -> None:
    before = steps((2, {"a": "1"}, ""), (3, {"a": "1", "b": "1"}, ""))
    after = steps((2, {"a": "1"}, ""), (3, {"a": "1", "b": "2"}, ""))
    assert first_change(before, after, OLD, OLD.replace("b = a", "b = a + 1")) == Change(2, "b", "1", "2")


def test_a_way_that_parts_is_told_with_where_it_goes() -> None:
    before = steps((3, {}, ""), (4, {}, ""))
    after = steps((3, {}, ""), (5, {}, ""))
    assert first_change(before, after, OLD, OLD) == Change(3, "next line", "line 4", "line 5")


def test_lines_that_a_fix_puts_in_move_no_other() -> None:
    new = OLD.replace("    if b:", "    b += 0\n    if b:")
    before = steps((2, {"a": "1"}, ""), (3, {"b": "1"}, ""), (4, {"b": "1"}, ""), (5, {"b": "1"}, "1"))
    after = steps((2, {"a": "1"}, ""), (3, {"b": "1"}, ""), (4, {"b": "1"}, ""), (5, {"b": "1"}, ""))
    assert first_change(before, [*after, *steps((6, {"b": "1"}, "1"))], OLD, new) is None


def test_nothing_recorded_is_no_change() -> None:
    assert first_change([], steps((2, {}, "")), OLD, OLD) is None


def mended(folder: Path, source: str, specification: Specification) -> Outcome:
    """The outcome of a search."""
    file = folder / "m.py"
    file.write_text(source)
    return repair(file, source, specification, python=sys.executable, budget=10.0)


SUM = "def total(items):\n    result = 0\n    for item in items:\n        result = item\n    return result\n"


def first(outcome: Outcome) -> Change:
    """What the first fix changes."""
    found = outcome.fixes[0].evidence.first_change
    assert found is not None
    return found


def test_of_a_call_the_local_that_becomes_another(tmp_path: Path) -> None:
    checks = (call("total([2, 3])", "5"), call("total([])", "0"), call("total([4, 4, 1])", "9"))
    change = first(mended(tmp_path, SUM, Specification(checks)))
    assert (change.line, change.name) == (4, "result")
    assert int(change.after) > int(change.before)


def test_of_a_doctest_what_a_function_returns(tmp_path: Path) -> None:
    source = 'def add(a, b):\n    """Sum.\n\n    >>> add(2, 3)\n    5\n    >>> add(1, 0)\n    1\n    """\n'
    source += "    return a - b\n"
    assert first(mended(tmp_path, source, Specification(tuple(doctests(source))))) == Change(
        9, "return", "-1", "5"
    )


def test_of_a_test_the_field_of_an_object(tmp_path: Path) -> None:
    source = "class Box:\n    def __init__(self):\n        self.n = 0\n\n    def put(self, k):\n"
    source += "        self.n -= k\n        return self\n"
    test = tmp_path / "test_m.py"
    test.write_text("from m import Box\n\n\ndef test_box():\n    assert Box().put(2).put(3).n == 5\n")
    change = first(mended(tmp_path, source, Specification((), (), str(test))))
    assert change == Change(6, "self.n", "-2", "2")


def test_of_a_program_the_way_that_it_takes(tmp_path: Path) -> None:
    source = "def last(items):\n    if len(items) < 0:\n        return items[-1]\n    return items[0]\n\n\n"
    source += "assert last([1, 2]) == 2\nassert last([3, 4, 5]) == 5\n"
    change = first(mended(tmp_path, source, Specification((program(source, "m.py"),))))
    assert change.line in (2, 4)
    assert change.name in ("next line", "return")


def test_an_exception_that_no_longer_comes(tmp_path: Path) -> None:
    source = "def first(items):\n    return items[1]\n"
    checks = (call("first([7])", "7"), call("first([2, 2])", "2"), call("first([3, 3])", "3"))
    change = first(mended(tmp_path, source, Specification(checks)))
    assert change == Change(2, "return", "raised IndexError", "7")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(4, "total", "3", "7"), "first change: line 4: total is 7, not 3"),
        (Change(4, "return", "3", "7"), "first change: line 4 returns 7, not 3"),
        (
            Change(4, "return", "raised KeyError", "7"),
            "first change: line 4 returns 7; before, raised KeyError",
        ),
        (
            Change(4, "next line", "line 5", "return 0"),
            "first change: after line 4 comes return 0, not line 5",
        ),
    ],
)
def test_a_change_as_a_sentence(change: Change, said: str) -> None:
    evidence = Evidence((), 1, 8, 1, 0, "guarded", first_change=change)
    assert said in reasons(evidence)


def test_the_command_tells_it(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(SUM)
    words = ("repair", "m.py", "--call", "total([2, 3])", "--expect", "5", "--budget", "10")
    found = cwm(*words, "--json", cwd=tmp_path).object["candidates"][0]["evidence"]["first_change"]
    assert found["line"] == 4
    assert found["name"] == "result"
    assert "first change: line 4: result is " in cwm(*words, cwd=tmp_path).out
