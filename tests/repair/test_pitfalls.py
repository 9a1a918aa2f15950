"""What Python does otherwise than one thinks: each right edit is among the likely ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call
from tests.repair.test_usual import place

LATE = "def f(n):\n    return [lambda x: x * i for i in range(n)]\n"
SHARED = """\
class Cart:
    items = []

    def __init__(self, owner):
        {}self.owner = owner

    def add(self, item):
        self.items.append(item)
        return self.items
"""
BARE = """\
class Cart:
    items = []

    def add(self, item):
        self.items.append(item)
        return self.items
"""


@pytest.mark.parametrize(
    ("broken", "right", "said", "among"),
    [
        ("def f(n=None):\n    return n or 10\n",
         "def f(n=None):\n    return n if n is not None else 10\n", "", 60),
        ("def f(n):\n    if n:\n        return 1\n    return 2\n",
         "def f(n):\n    if n is not None:\n        return 1\n    return 2\n", "", 60),
        ("def f(n):\n    if not n:\n        return 1\n    return 2\n",
         "def f(n):\n    if n is None:\n        return 1\n    return 2\n", "", 60),
        (LATE, LATE.replace("lambda x:", "lambda x, i=i:"), "", 60),
        ("def f(a):\n    for x in a:\n        a.remove(x)\n",
         "def f(a):\n    for x in list(a):\n        a.remove(x)\n", "", 10),
        ("def f(d):\n    for k in d.keys():\n        del d[k]\n",
         "def f(d):\n    for k in list(d.keys()):\n        del d[k]\n", "RuntimeError: changed size", 10),
        ("class M:\n    def f(self):\n        return len(self.rows[0])\n",
         "class M:\n    def f(self):\n        return len(self.rows[0]) if self.rows else 0\n",
         "IndexError: list index out of range", 70),
        ("def f(a):\n    return sum(a) / len(a)\n",
         "def f(a):\n    return sum(a) / len(a) if a else 0\n", "ZeroDivisionError: division by zero", 60),
        (SHARED.format(""), SHARED.format("self.items = []\n        "), "", 60),
    ],
)  # fmt: skip
def test_what_is_not_as_one_thinks_is_tried_soon(broken: str, right: str, said: str, among: int) -> None:
    assert place(broken, right, said) < among


def test_a_list_that_all_objects_share_becomes_one_of_each(tmp_path: Path) -> None:
    file = tmp_path / "cart.py"
    file.write_text(BARE)
    asked = Specification((call("Cart().add(1); Cart().add(2)", "[2]"),))
    outcome = repair(file, BARE, asked, python=sys.executable, budget=10.0)
    assert "self.items = []" in outcome.fixes[0].text
