"""The figures of where right edits stand are of the edits that a search makes."""

from __future__ import annotations

from tests.repair.ranks import Row, factors, rank, rows, summary

RIGHT = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"


def test_the_right_edit_of_a_bug_is_found_among_all() -> None:
    found = rank(Row(WRONG, RIGHT), run=False)
    assert found is not None
    assert found.place is not None
    assert found.place < 10
    assert found.right is not None
    assert found.right[0] == "operator"
    assert found.made.total() > 100
    assert "100: 1" in summary("one", [found])
    (line,) = (line for line in factors([found]) if line.startswith("operator:"))
    assert "right 1 times" in line


def test_what_no_edit_gives_is_said_to_be_nowhere() -> None:
    found = rank(Row(WRONG, RIGHT.replace("a + b", "[a, b, 17, {}]")), run=False)
    assert found is not None
    assert found.place is None
    assert "anywhere: 0" in summary("one", [found])


def test_a_bug_outside_of_functions_has_no_rank() -> None:
    assert rank(Row("LIMIT = 3\n", "LIMIT = 4\n"), run=False) is None


def test_the_checks_of_a_bug_may_say_where_it_is() -> None:
    (row, *_) = rows("tested")
    found = rank(row, run=True)
    assert found is not None
    assert found.place is not None
