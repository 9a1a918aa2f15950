"""What an expression would have to be: forced outcomes, grown expressions, holes in real children."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.repair.agent.alarm import Overtime, limited
from cwm_lsp.repair.agent.angel import FAILED, NAME, Angel, present
from cwm_lsp.repair.agent.explore import explore
from cwm_lsp.repair.agent.grow import distinct, predicates, terms
from cwm_lsp.repair.baseline import baseline, job_for
from cwm_lsp.repair.guided import Guide
from cwm_lsp.repair.specification import Specification, call
from cwm_lsp.repair.templates.holes import holes
from cwm_lsp.repair.text import apply
from cwm_lsp.repair.workers import Worker


def found(
    source: str, cases: list[tuple[str, Any]], truth: bool, atoms: str, goals: bool = False
) -> list[str]:
    """Texts for the hole in ``source``; the cases that fail without help are the failing ones."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)

    def run(n: int) -> bool:
        try:
            with limited(0.05):
                return bool(eval(cases[n][0], namespace) == cases[n][1])
        except (Exception, Overtime):
            return False

    with present(Angel([])):
        failing = [n for n in range(len(cases)) if not run(n)]
    passing = [n for n in range(len(cases)) if n not in failing]
    wanted = [cases[n][1] for n in failing] if goals else []
    return explore(run, atoms.split(), failing, passing, truth, wanted)


TRADE = f"""
def best(prices):
    lowest, most = None, 0
    for price in prices:
        if {NAME}(lambda: lowest is None):
            lowest = price
        most = max(most, price - lowest)
    return most
"""


def test_a_missing_part_of_a_condition_is_found_by_its_outcomes() -> None:
    cases = [("best([])", 0), ("best([7, 6, 4])", 0), ("best([2, 9, 1, 5])", 7), ("best([5, 8, 2, 10])", 8)]
    texts = found(TRADE, cases, True, "prices lowest most price 0 1")
    assert "{} or price < lowest" in texts


def test_a_condition_that_raises_gets_its_guard_in_front() -> None:
    source = f"""
def last(items, i):
    while {NAME}(lambda: items[i] < 3):
        i += 1
    return i
"""
    cases = [("last([1, 2], 0)", 2), ("last([1, 9], 0)", 1), ("last([], 0)", 0)]
    assert "i < len(items) and {}" in found(source, cases, True, "items i 0 1")


def test_no_outcome_helps_where_the_condition_is_not_the_fault() -> None:
    source = f"def f(a):\n    if {NAME}(lambda: a > 1):\n        return a\n    return 0\n"
    assert found(source, [("f(3)", 17), ("f(0)", 0)], True, "a 0 1") == []


def test_where_too_many_turns_would_be_needed_other_conditions_are_offered_each_behaviour_once() -> None:
    own = "0 <= at < len(cells)"
    source = """
def fill(cells, start):
    pending, steps = [start], 0
    while pending and steps < 30:
        at, steps = pending.pop(), steps + 1
        if HOLE:
            cells[at] = 2
            pending += [at - 1, at + 1]
    return cells
"""

    def right(hole: str) -> bool:
        namespace: dict[str, Any] = {}
        exec(source.replace("HOLE", hole), namespace)
        try:
            return bool(namespace["fill"]([0, 0, 1, 0], 1) == [2, 2, 1, 0])
        except IndexError:
            return False

    def run(n: int) -> bool:
        return right(f"{NAME}(lambda: {own})")

    atoms = "at cells cells[at] len(cells) start 0 1 2".split()
    assert explore(run, atoms, [0], [], True) == []
    texts = explore(run, atoms, [0], [], True, (), True)
    assert len(set(texts)) == len(texts)
    assert any(right(text.replace("{}", own)) for text in texts)
    assert explore(run, atoms, [0], [], True, (), True, lambda: False) == []


def test_the_value_of_a_returned_expression_is_known_and_put_together() -> None:
    source = f"def f(xs, a, b):\n    return {NAME}(lambda: [xs[a], xs[b]])\n"
    cases = [("f([5, 6], 0, 1)", [0, 1]), ("f([4, 4, 9], 0, 2)", [0, 2])]
    assert "[a, b]" in found(source, cases, False, "xs a b", goals=True)


def test_a_forced_value_must_make_every_failing_check_pass() -> None:
    source = f"def f(a, b):\n    c = {NAME}(lambda: a)\n    return c * 2\n"
    texts = found(source, [("f(1, 4)", 10), ("f(2, 2)", 8)], False, "a b")
    assert texts[0] == "a + b"


def test_an_endless_run_is_only_noted_in_part() -> None:
    angel = Angel([compile("n", "<a>", "eval")])
    with present(angel):
        namespace: dict[str, Any] = {}
        exec(f"def f():\n    for n in range(500):\n        {NAME}(lambda: n)\n", namespace)
        namespace["f"]()
    assert angel.count == 500
    assert [visit.atoms for visit in angel.visits[:2]] == [[0], [1]]
    assert len(angel.visits) < 100


def test_of_expressions_that_give_the_same_one_is_kept() -> None:
    grown = dict(terms([("a", (1, 2)), ("b", (1, 2)), ("c", (4, 9)), ("no", (FAILED, FAILED))]))
    assert "b" not in grown
    assert "no" not in grown
    assert grown["c - a"] == (3, 7)
    vectors = list(map(repr, grown.values()))
    assert len(set(vectors)) == len(vectors)
    assert distinct([("x", (1,)), ("y", (True,))]) == [("x", (1,)), ("y", (True,))]


def test_a_comparison_that_is_not_possible_has_no_value() -> None:
    known = dict(predicates([("a", (None, 2)), ("b", (1, 1))]))
    assert known["b < a"] == (FAILED, True)
    assert known["a is None"] == (True, False)


@pytest.mark.parametrize(
    ("source", "checks", "wanted"),
    [
        (
            "def merge(spans):\n    out = []\n    for a, b in spans:\n        if a <= out[-1][1]:\n"
            "            out[-1][1] = max(out[-1][1], b)\n        else:\n            out.append([a, b])\n"
            "    return out\n",
            (
                "merge([])",
                "[]",
                "merge([[1, 3], [2, 6]])",
                "[[1, 6]]",
                "merge([[1, 2], [4, 5]])",
                "[[1, 2], [4, 5]]",
            ),
            "if out and a <= out[-1][1]:",
        ),
        (
            "def size(tree):\n    return 1 + size(tree[0]) + size(tree[1])\n",
            ("size(None)", "0", "size([None, None])", "1", "size([[None, None], None])", "2"),
            "    if not tree:\n        return 0\n",
        ),
        (
            "def pairs(xs):\n    found = []\n    for n in range(len(xs) - 1):\n"
            "        pair = xs[n], xs[n + 1]\n    return found\n",
            ("pairs([1, 2])", "[(1, 2)]", "pairs([4, 5])", "[(4, 5)]", "pairs([])", "[]"),
            "        found.append(pair)\n",
        ),
    ],
)
def test_holes_are_filled_by_real_children(
    tmp_path: Path, source: str, checks: tuple[str, ...], wanted: str
) -> None:
    file = tmp_path / "f.py"
    file.write_text(source)
    targets = tuple(call(*pair) for pair in zip(checks[::2], checks[1::2], strict=True))
    specification = Specification(targets)
    job = job_for(file, source, specification, sys.executable)
    with Worker(job) as one, Worker(job) as other:
        known = baseline([one, other], specification, job)
        scores = {suspect.line: suspect.score for suspect in known.suspects}
        guide = Guide([one, other], known.failing, known.passing, known.quick, job.stop)
        candidates = guide.run(holes(source, scores, scores.keys()), float("inf"))
    assert any(wanted in apply(source, candidate.edits) for candidate in candidates)
