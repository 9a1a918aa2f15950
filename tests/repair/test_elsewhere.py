"""What the code around an expression says of it is tried soon, not somewhere among thousands."""

from __future__ import annotations

import ast

import pytest

from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.templates.symptoms import BLIND, STRAY, spread
from cwm_lsp.repair.text import apply

STORE = """\
class Table:
    def get(self, key):
        return self.rows.get(key.strip().lower())

    def put(self, key, value):
        self.rows[{}] = value
        self.order.append(value)
"""
BRANCHES = """\
def method(verb, status):
    if status == 303 and verb != "HEAD":
        return "GET"
    if status == 302{}:
        return "GET"
    return verb
"""
MERGED = """\
def merge(base, other):
    for key, value in other.items():
        if isinstance(value, dict):
            base[key] = merge(base[key], value)
        {}:
            base[key] = value
    return base
"""
UNIQUE = """\
def unique(items, key=None):
    seen = []
    for item in items:
        mark = {}
        seen.append(mark)
    return seen
"""
STEPS = """\
def steps(at, end, by):
    found = []
    while at < end:
        at = {}
        found.append(at)
    return found
"""
TOTAL = """\
def total(items):
    cost = 0
    for item, count in items:
        cost += item.price{}
    return cost
"""
FULL = """\
class Box:
    def put(self, count):
        if self.total(){} > self.limit:
            raise ValueError
        self.count += count
"""


@pytest.mark.parametrize(
    ("broken", "right", "among"),
    [
        (STORE.format("key"), STORE.format("key.strip().lower()"), 80),
        (BRANCHES.format(""), BRANCHES.format(' and verb != "HEAD"'), 150),
        (MERGED.format("else"), MERGED.format("elif value is not None"), 300),
        (UNIQUE.format("item"), UNIQUE.format("item if key is None else key(item)"), 40),
        (STEPS.format("at + by"), STEPS.format("min(at + by, end)"), 150),
        (TOTAL.format(""), TOTAL.format(" * count"), 60),
        (FULL.format(""), FULL.format(" + count"), 800),
        ("def f(d):\n    return int(d.seconds) // 60\n",
         "def f(d):\n    return int(d.total_seconds()) // 60\n", 40),
        ("def f(n, digits=1):\n    return f'{n:.1f} kB'\n",
         "def f(n, digits=1):\n    return f'{n:.{digits}f} kB'\n", 30),
        ("def f(a, n, most):\n    return min(n, most)\n",
         "def f(a, n, most):\n    return min(max(n, 1), most)\n", 500),
        ("def f(a):\n    return (a or '0').rjust(6, '0')\n",
         "def f(a):\n    return (a or '0').ljust(6, '0')\n", 60),
    ],
)  # fmt: skip
def test_what_the_rest_says_is_tried_soon(broken: str, right: str, among: int) -> None:
    found = candidates(broken, {}, range(1, broken.count("\n") + 2))
    wanted = ast.dump(ast.parse(right))
    made = []
    for one in found:
        try:
            made.append(ast.dump(ast.parse(apply(broken, one.edits))))
        except SyntaxError:
            made.append("")
    assert wanted in made[:among], made.index(wanted) if wanted in made else None


def test_a_kind_makes_no_unlikely_edit_a_likely_one() -> None:
    assert 0.2 < spread("loop", 0.2) < STRAY
    assert spread("loop", STRAY) == spread("guard", STRAY) == STRAY
    assert spread("guard", 0.1) < 0.1 < spread("loop", 0.1)
    assert spread("guard", BLIND) == BLIND
