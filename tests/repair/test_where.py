"""Which lines an outcome came from, and how the signals are joined."""

from __future__ import annotations

from cwm_lsp.repair.localise import OUTSIDE, sliced, together
from cwm_lsp.repair.model import Suspect
from cwm_lsp.repair.slicing import backwards, facts

SOURCE = """def f(n):
    noise = n
    total = 0
    for i in range(n):
        noise += i
        if i > 1:
            total = total + g(i)
    return total


def g(i):
    waste = 1
    return i * 2
"""


def test_what_the_outcome_does_not_come_from_is_outside() -> None:
    steps = [2, 3, 4, 5, 6, 4, 5, 6, 4, 5, 6, 7, 12, 13, 4, 8]
    found = backwards(facts(SOURCE), steps)
    assert found[0] == 8
    assert set(found) == {3, 4, 6, 7, 8, 13}


def test_a_change_through_a_method_or_an_index_counts() -> None:
    source = "def f(a):\n    b = []\n    c = {}\n    c[a] = 1\n    b.append(c)\n    d = 3\n    return b\n"
    assert set(backwards(facts(source), [2, 3, 4, 5, 6, 7])) == {2, 3, 4, 5, 7}


def test_an_exception_is_sliced_from_where_it_was_raised() -> None:
    source = "def f(a):\n    b = a\n    c = 1\n    raise ValueError(b)\n"
    assert backwards(facts(source), [2, 3, 4]) == [4, 2]


def test_no_steps_give_no_slice() -> None:
    assert backwards(facts(SOURCE), []) == []
    assert sliced([[], []]) == []


def test_a_line_in_every_slice_comes_before_one_in_a_single_one() -> None:
    assert [one.line for one in sliced([[8, 3], [8, 5]])] == [8, 5, 3]


def test_lines_outside_the_slice_are_less_suspicious_but_stay() -> None:
    spectrum = [Suspect(5, 1.0), Suspect(3, 1.0), Suspect(9, 0.9)]
    found = together(spectrum, [Suspect(3, 1.0)])
    assert [one.line for one in found] == [3, 5, 9]
    assert found[1].score == OUTSIDE
    assert together(spectrum, []) == spectrum
