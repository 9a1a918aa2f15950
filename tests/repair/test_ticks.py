"""Loops that count their turns: the same values, and an end for what has none."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.repair.agent.alarm import Overtime
from cwm_lsp.repair.agent.program import Program
from cwm_lsp.repair.agent.ticks import Counter, between, insertions
from cwm_lsp.repair.agent.worker import Worker
from cwm_lsp.repair.model import Check, CheckKind

LOOPS = """\
def f(n, é="ü"):
    total = 0
    for a, b in (1, n), (2, n): total += a * b  # on one line
    while (
        total > 3
    ):
        total -= 1
        if total == 3: continue
    else:
        total += 1
    return total


def down(n):
    "A docstring."
    for é in *range(n), 7:
        if é == 7:
            break
    return 0 if n == 0 else 1 + down(n - 1)
"""


def run(source: str, call: str, edits: list[tuple[int, int, str]], turns: int) -> tuple[Any, int]:
    """The value of a call of the candidate, and the turns that it took."""
    counter = Counter()
    counter.present()
    counter.left = turns
    namespace: dict[str, Any] = {}
    exec(Program("f.py", "f", source).counting(edits), namespace)
    return eval(call, namespace), turns - counter.left


@pytest.mark.parametrize("call", ["f(0)", "f(1)", "f(4)", "down(0)", "down(5)"])
def test_what_counts_gives_the_same(call: str) -> None:
    namespace: dict[str, Any] = {}
    exec(LOOPS, namespace)
    value, turns = run(LOOPS, call, [], 1000)
    assert value == eval(call, namespace)
    assert turns > 0


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("def f(n):\n    while n:\n        n += 1\n", "f(1)"),
        ("def f(n):\n    while True: pass\n", "f(1)"),
        ("def f(n):\n    xs = [n]\n    for x in xs:\n        xs.append(x)\n", "f(1)"),
        ("def f(n):\n    return 0 if n < 0 else f(n - 1) + f(n - 1)\n", "f(60)"),
    ],
)
def test_what_has_no_end_gets_one(source: str, call: str) -> None:
    with pytest.raises(Overtime):
        run(source, call, [], 500)


def test_a_loop_that_catches_everything_cannot_go_on() -> None:
    body = "try:\n            g()\n        except BaseException:\n            n = 1\n"
    source = f"def f():\n    while True:\n        {body}"
    counter = Counter()
    counter.left = 1
    counter.tick()
    for _ in range(3):
        with pytest.raises(Overtime):
            counter.tick()
    with pytest.raises(Overtime):
        run(source, "f()", [], 50)


def test_edits_of_what_counts_and_inside_it_fit() -> None:
    source = "def f(n):\n    while n > 1:\n        n = n - 1\n    return n\n"
    test, keyword = source.index("n > 1"), source.index("while")
    for edit, value in (
        ((test, test + 5, "n > 2"), 2),
        ((test, test + 1, "n + 0"), 1),
        ((test + 4, test + 5, "3"), 3),
        ((keyword, keyword + 5, "if"), 8),
        ((keyword, source.index("    return"), "n = 0\n"), 0),
    ):
        assert run(source, "f(9)", [edit], 100)[0] == value


def test_an_edit_over_a_part_of_a_loop_leaves_the_whole_uncounted() -> None:
    source = "def f(n):\n    while n > 1:\n        n -= 1\n"
    groups = insertions(source)
    assert len(groups) == 1
    assert between([(source.index("while"), source.index(":\n        "), "while n > 2")], groups) == []
    assert insertions("def f(:\n") == []


def test_turns_are_bounded_by_what_passing_checks_take() -> None:
    source = "def f(n):\n    while n != 2000:\n        n += 1\n    return n\n"
    checks = [asdict(Check(CheckKind.CALL, f"f({n})", "2000")) for n in (1900, 2001)]
    worker = Worker(Program(str(Path("f.py")), "f", source), checks, None)
    at = source.index("!=")
    request = {"order": [1, 0], "seconds": 30.0, "patience": 1, "formal": False}
    unbounded = worker._tried([(at, at + 2, "!=")], {**request, "seconds": 0.5})
    assert unbounded == {"passed": [], "failed": 1, "slow": True}
    found = worker._tried([(at, at + 2, "<")], {**request, "order": [0, 1]})
    assert found == {"passed": [0], "failed": 1, "slow": False}
