"""Candidates for what belongs together: each is among the likely ones, not only somewhere."""

from __future__ import annotations

import ast

import pytest

from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.text import apply

BANK = """\
class Account:
    def take(self, amount):
        self.balance -= amount

    def move(self, other, amount):
        {}other.give(amount)
"""
DAYS = "def days(year, month):\n    return 28\n\n\ndef shift(year, month, day):\n    return year, month, {}\n"
WRAP = """\
def wrap(words, width):
    current = []
    length = 0
    for word in words:
        if {}length + len(word) > width:
            current = []
{}        current.append(word)
        length += len(word)
    return current
"""
RESET = "            length = 0\n"
AHEAD = "def f(text, i):\n    while {}text[i].isdigit():\n        i += 1\n    return i\n"


@pytest.mark.parametrize(
    ("broken", "right", "among"),
    [
        (BANK.format(""), BANK.format("self.take(amount)\n        "), 250),
        (DAYS.format("day"), DAYS.format("min(day, days(year, month))"), 500),
        (WRAP.format("", ""), WRAP.format("", RESET), 100),
        (WRAP.format("", RESET), WRAP.format("current and ", RESET), 500),
        (AHEAD.format(""), AHEAD.format("i < len(text) and "), 200),
        ("def f(a, b):\n    return a.x < b.x and a.y < b.y\n",
         "def f(a, b):\n    return (a.x, a.y) < (b.x, b.y)\n", 80),
        ("def f(text, n):\n    return text[:n] + '...'\n",
         "def f(text, n):\n    return text[:n].rstrip() + '...'\n", 400),
    ],
)  # fmt: skip
def test_what_belongs_together_is_tried_soon(broken: str, right: str, among: int) -> None:
    found = candidates(broken, {}, range(1, broken.count("\n") + 2))
    wanted = ast.dump(ast.parse(right))
    made = []
    for one in found[:among]:
        try:
            made.append(ast.dump(ast.parse(apply(broken, one.edits))))
        except SyntaxError:
            continue
    assert wanted in made
