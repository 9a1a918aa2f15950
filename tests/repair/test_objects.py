"""Candidates in methods, lambdas and f-strings, and for parts that everyday code forgets."""

from __future__ import annotations

import ast

import pytest

from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.templates.owner import Owner, owner
from cwm_lsp.repair.text import apply

BOX = """\
class Box:
    def __init__(self, size, colour):
        self.size = size
        self.colour = colour
        self.items = []

    def add(self, item):
        self.items.append(item)
        return self

    def take(self):
        return self.items.pop(0)

    def grown(self, by):
        return Box(self.size + by, self.colour)

    def same(self, other):
        return self.size == other.size and self.colour == other.colour

    def rename(self, colour):
        self.colour = colour
        return self

    def __str__(self):
        return f"{self.size:02} {self.colour}"
"""


def texts(source: str) -> list[str]:
    """The candidates of ``source`` as whole texts."""
    found = candidates(source, {}, range(1, source.count("\n") + 2))
    return [apply(source, one.edits) for one in found]


@pytest.mark.parametrize(
    ("right", "broken"),
    [
        ("Box(self.size + by, self.colour)", "Box(self.size + by)"),
        ("self.size == other.size and self.colour == other.colour", "self.size == other.size"),
        ("        self.colour = colour\n        return self", "        return self"),
        ("self.items.pop(0)", "self.items[0]"),
        ("self.items.pop(0)", "self.items.pop()"),
        ("self.size + by", "self.colour + by"),
        ("self.size + by", "size + by"),
        ("f\"{self.size:02} {self.colour}\"", "f\"{self.size} {self.colour}\""),
        ("f\"{self.size:02} {self.colour}\"", "f\"{self.size:02} {self.size}\""),
    ],
)  # fmt: skip
def test_methods_are_mended(right: str, broken: str) -> None:
    assert BOX in texts(BOX[::-1].replace(right[::-1], broken[::-1], 1)[::-1])


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("def f(a):\n    return sorted(a, key=lambda x: x[1])\n",
         "def f(a):\n    return sorted(a, key=lambda x: -x[1])\n"),
        ("def f(a):\n    return a.split('#')[-1]\n", "def f(a):\n    return a.split('#')[0]\n"),
        ("def f(a):\n    n = 0\n    for x in a:\n        f(x)\n    return n\n",
         "def f(a):\n    n = 0\n    for x in a:\n        n += f(x)\n    return n\n"),
        ("def f(a):\n    return len(a)\n", "def f(a):\n    return f(a)\n"),
        ("def f(a):\n    n = []\n    for x in a:\n        n.append(x)\n    return n\n",
         "def f(a):\n    n = []\n    for x in a:\n        n.append(x)\n    n.sort()\n    return n\n"),
        ("def f(a):\n    n = []\n    w = ''\n    for x in a:\n        w += x\n    return n\n",
         "def f(a):\n    n = []\n    w = ''\n    for x in a:\n        w += x\n"
         "    if w:\n        n.append(w)\n    return n\n"),
        ("def f(a):\n    return sum(a) / len(a)\n", "def f(a):\n    return sum(a) / len(a) if a else 0\n"),
        ("def f(a):\n    return sum(a) / len(a)\n",
         "def f(a):\n    if not a:\n        return 0\n    return sum(a) / len(a)\n"),
        ("def f(a, i, x):\n    return a[:i] + x\n", "def f(a, i, x):\n    return a[:i] + x + a[i:]\n"),
        ("def f(a):\n    b = a\n    b['k'] = 1\n    return b\n",
         "def f(a):\n    b = dict(a)\n    b['k'] = 1\n    return b\n"),
        ("def f(a, b):\n    return a['x'] < b['x'] + a['y']\n",
         "def f(a, b):\n    return a['y'] < b['y'] + a['y']\n"),
        ("def f(a):\n    return {'k': 1}\n", "def f(a):\n    return {**a, 'k': 1}\n"),
        ("def f(a):\n    g = a.strip()\n    return g\n",
         "def f(a):\n    g = a.strip().lower()\n    return g\n"),
        ("def f(a):\n    b = 1\n    c = 2\n    d = 3\n    return b\n",
         "def f(a):\n    d = 3\n    b = 1\n    c = 2\n    return b\n"),
        ("N = {'h': 360}\n\n\ndef f(a):\n    return N[a]\n",
         "N = {'h': 3600}\n\n\ndef f(a):\n    return N[a]\n"),
    ],
)  # fmt: skip
def test_what_everyday_code_forgets_is_put_in(broken: str, right: str) -> None:
    assert right in texts(broken)


def test_the_class_of_a_method_is_known() -> None:
    tree = ast.parse(
        "class A:\n"
        "    x: int = 0\n"
        "    @property\n"
        "    def y(me):\n"
        "        return me.x\n"
        "    def z(me):\n"
        "        me.w = 1\n"
        "    @staticmethod\n"
        "    def s(n):\n"
        "        return n\n"
        "def f(): ...\n"
    )
    found = {n.name: owner(n, tree) for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    assert found["y"] == Owner("me", ("x", "w", "y"), ("z", "s"))
    assert found["y"].values == ["me.x", "me.w", "me.y"]
    assert found["s"].values == []
    assert found["f"] == Owner()
