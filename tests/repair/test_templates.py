"""Candidates: they compile, leave the rest of the text alone, and undo the known kinds of break."""

from __future__ import annotations

import ast
import warnings

import pytest

from cwm_lsp.repair.model import Edit
from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.text import Text, apply, overlap
from tests.repair.functions import FUNCTIONS


def texts(source: str) -> list[str]:
    """The candidates of ``source`` as whole texts."""
    lines = range(1, source.count("\n") + 2)
    return [apply(source, one.edits) for one in candidates(source, {}, lines)]


@pytest.mark.parametrize("name", ["lower_bound", "reachable", "word_counts", "pack"])
def test_nearly_all_candidates_parse_and_none_is_made_twice(name: str) -> None:
    found = texts(FUNCTIONS[name][0])
    broken = 0
    for text in found:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(text, name, "exec")
        except SyntaxError:
            broken += 1
    assert len(found) > 500
    assert len(set(found)) == len(found)
    assert broken < len(found) * 0.02


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("def f(a):\n    return a > 0\n", "def f(a):\n    return a >= 0\n"),
        ("def f(a):\n    return range(len(a))\n", "def f(a):\n    return range(1, len(a))\n"),
        ("def f(a):\n    return a[1:]\n", "def f(a):\n    return a[:]\n"),
        ("def f(a, b):\n    return g(a, b)\n", "def f(a, b):\n    return g(b, a)\n"),
        ("def f(n):\n    return [[]] * n\n", "def f(n):\n    return [[] for _ in range(n)]\n"),
        ("def f(n, row):\n    return n * [row]\n", "def f(n, row):\n    return [row[:] for _ in range(n)]\n"),
        ("def f(a):\n    return a.lstrip()\n", "def f(a):\n    return a.rstrip()\n"),
        ("def f(a):\n    a + 1\n", "def f(a):\n    return a + 1\n"),
        ("def f(n):\n    return n * f(n - 1)\n",
         "def f(n):\n    if n == 0:\n        return 1\n    return n * f(n - 1)\n"),
        ("def f(a=[]):\n    return a\n", "def f(a=None):\n    if a is None:\n        a = []\n    return a\n"),
        ("def f(a):\n    t = 0\n    for x in a:\n        t = x\n    return t\n",
         "def f(a):\n    t = 0\n    for x in a:\n        t += x\n    return t\n"),
        ("def f(a):\n    for x in a:\n        n = x\n        return n\n",
         "def f(a):\n    for x in a:\n        n = x\n    return n\n"),
        ("def f(a, b, i, j):\n    t = a[i:]\n    t.extend(a[i:])\n    return t\n",
         "def f(a, b, i, j):\n    t = a[i:]\n    t.extend(a[i:])\n    t.extend(b[j:])\n    return t\n"),
        ("def f(i):\n    while i:\n        print(i)\n",
         "def f(i):\n    while i:\n        print(i)\n        i -= 1\n"),
        ("def f(a, b):\n    b = a\n    a = 1\n    return b\n",
         "def f(a, b):\n    a = 1\n    b = a\n    return b\n"),
        ("def f(t):\n    for x in t:\n        yield x\n", "def f(t):\n    for x in t:\n        yield f(x)\n"),
        ("def f(a, b):\n    x, y = a, b\n    return x, y, a - b\n",
         "def f(a, b):\n    x, y = a, b\n    return x, y, b - a\n"),
        ("def f(a, b):\n    return a * a + b * a\n", "def f(a, b):\n    return b * b + a * b\n"),
        ("def f(a, b):\n    return g(a) + a * b\n", "def f(a, b):\n    return g(b) + b * b\n"),
        ("import heapq\n\n\ndef f(q):\n    return q.pop()\n",
         "import heapq\n\n\ndef f(q):\n    return heapq.heappop(q)\n"),
        ("def f(a, n):\n    a[n] = a[0]\n", "def f(a, n):\n    a[n], a[0] = a[0], a[n]\n"),
        ("def f(a, r, n):\n    a[r] = n\n    if r:\n        return n\n",
         "def f(a, r, n):\n    a[r] = n\n    if r and a[r] == n:\n        return n\n"),
        ("def f(n, a):\n    return n < len(a)\n", "def f(n, a):\n    return 0 <= n < len(a)\n"),
        ("def f(n):\n    t = 0\n    if n:\n        t = 1\n    return t\n",
         "def f(n):\n    t = 0\n    if n:\n        t = 1\n    else:\n        t -= 1\n    return t\n"),
        ("def f(a, b, n):\n    m = len(a)\n    return n < len(b)\n",
         "def f(a, b, n):\n    m = len(a)\n    return n < (len(b) + len(a))\n"),
        ("def f(a):\n    b, c, d = a\n    return b\n", "def f(a):\n    d, c, b = a\n    return b\n"),
        ("def f(a):\n    return a.split()\n", "def f(a):\n    return a.split(a)\n"),
        ("def f(a):\n    return g(a)\n", "def f(a):\n    return g(a.strip())\n"),
        ("def f(a):\n    raise KeyError(a)\n", "def f(a):\n    raise ValueError(a)\n"),
    ],
)  # fmt: skip
def test_the_usual_breaks_are_undone(broken: str, right: str) -> None:
    if "i -= 1" in right:  # nothing in the function stores i: a parameter is updated as well
        broken, right = (one.replace("while", "i += 0\n    while") for one in (broken, right))
    assert right in texts(broken)


def test_comments_layout_and_wide_characters_survive() -> None:
    source = "def f(a):\n    é = 'ß'  # keep\n\n    return (  a  <\n        1)   # this\n"
    found = texts(source)
    assert source.replace("a  <\n        1", "a <= 1") in found
    assert all("# keep" in text for text in found if "é = " in text and "'ß'" in text)


def test_tests_are_never_edited() -> None:
    source = "def test_f():\n    assert 1 + 1 == 3\n"
    assert texts(source) == []


def test_offsets_count_characters() -> None:
    source = "x = 'ä' + y\n"
    tree = ast.parse(source)
    statement = tree.body[0]
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.BinOp)
    assert Text(source).of(statement.value.right) == "y"


def test_edits_apply_together_and_overlaps_are_seen() -> None:
    assert apply("abcdef", [Edit(4, 5, "X"), Edit(0, 1, "")]) == "bcdXf"
    assert overlap([Edit(0, 3, ""), Edit(2, 4, "")])
    assert overlap([Edit(2, 2, "a"), Edit(2, 2, "b")])
    assert not overlap([Edit(0, 2, ""), Edit(2, 4, "")])


def test_each_change_is_tried_once_however_it_is_written() -> None:
    source = "def f(a, b):\n    if a > b:\n        a = a + 1\n        a = a + 1\n    return [a, b][0]\n"
    found = [apply(source, one.edits) for one in candidates(source, {}, range(1, 6))]
    assert source not in found
    assert len(found) == len(set(found))


def test_a_comparison_in_the_place_of_another_has_no_brackets_of_its_own() -> None:
    source = "def f(a, b):\n    return a if a < 1 and b else b\n"
    found = [apply(source, one.edits) for one in candidates(source, {}, range(1, 3))]
    assert "def f(a, b):\n    return a if a <= 1 and b else b\n" in found


def test_what_is_only_asked_whether_it_is_true_is_not_one_off() -> None:
    test = "if path.exists() and rows[0]:"
    made = texts(f"def f(path, rows):\n    {test}\n        return rows[0]\n    return path.size()\n")
    assert not [one for one in made if "exists() - 1" in one or "and rows[0] + 1" in one]
    assert [one for one in made if "return path.size() - 1" in one]
    assert [one for one in made if "return rows[0] + 1" in one]
