"""What is easily forgotten around a value: each right edit is among the likely ones, not only somewhere."""

from __future__ import annotations

import ast

import pytest

from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.templates.symptoms import likelier
from cwm_lsp.repair.templates.told import pairs
from cwm_lsp.repair.templates.units import units
from cwm_lsp.repair.text import apply

RING = """\
class Ring:
    def __init__(self, size):
        self.items, self.size, self.start, self.count = [None] * size, size, 0, 0

    def push(self, value):
        end = {}
        self.items[end] = value
        self.count += 1
"""
TASK = """\
class Task:
    done: bool = {}


def f(tasks):
    return [t for t in tasks if t.done]
"""
DIGITS = """\
def f(n):
{}    t = 0
    while n > 0:
        t += n % 10
        n //= 10
    return t
"""
LEAP = "def leap(year):\n    return year % 4 == 0 and year % 100 != 0{}\n"
WORDS = "def f(text):\n    found = [c.lower() for c in text{}]\n    return found == found[::-1]\n"


def place(broken: str, right: str, said: str = "", told: tuple[tuple[str, str | None], ...] = ()) -> int:
    """At which place of the candidates for ``broken`` the edit to ``right`` comes."""
    lines = range(1, broken.count("\n") + 2)
    wanted = ast.dump(ast.parse(right))
    for n, one in enumerate(candidates(broken, {}, lines, likelier([said]), pairs(told), [said])):
        try:
            if ast.dump(ast.parse(apply(broken, one.edits))) == wanted:
                return n
        except SyntaxError:
            continue
    raise AssertionError("it is not among them")


@pytest.mark.parametrize(
    ("broken", "right", "said", "among"),
    [
        (RING.format("self.start + self.count"), RING.format("(self.start + self.count) % self.size"),
         "IndexError: list assignment index out of range", 200),
        ("def f(d, k, v):\n    d[k].append(v)\n", "def f(d, k, v):\n    d.setdefault(k, []).append(v)\n",
         "raised KeyError: 1", 10),
        ("def f(d, k):\n    return d[k]\n", "def f(d, k):\n    return d.get(k, 0)\n", "KeyError: 1", 10),
        ("def f(items, k):\n    return items[k:] + items[:k]\n",
         "def f(items, k):\n    k = k % len(items)\n    return items[k:] + items[:k]\n", "", 300),
        ("def f(n, size):\n    return n // size\n", "def f(n, size):\n    return -(-n // size)\n", "", 150),
        (DIGITS.format(""), DIGITS.format("    n = abs(n)\n"), "", 400),
        ("def shift(c, by):\n    return chr(ord(c) - 97 + by + 97)\n",
         "def shift(c, by):\n    return chr((ord(c) - 97 + by) % 26 + 97)\n", "", 400),
        ("def f(r):\n    return '%x%x' % r\n", "def f(r):\n    return '%02x%02x' % r\n", "", 80),
        ("def f(n, by=0):\n    return n + by\n", "def f(n, by=1):\n    return n + by\n", "", 90),
        ("def f(text):\n    return '--'.join(text.split()).lower()\n",
         "def f(text):\n    return '--'.join(text.split()).lower().strip('--')\n", "", 900),
        ("def f(text):\n    return tuple(text.split('.'))\n",
         "def f(text):\n    return tuple(map(int, text.split('.')))\n", "", 500),
        ("def f(a):\n    return range(len(a))\n", "def f(a):\n    return range(len(a[0]))\n", "", 90),
        ("def f(text, n):\n    return text[:n] + '...'\n",
         "def f(text, n):\n    return text[:n - 3] + '...'\n", "", 90),
        (LEAP.format(""), LEAP.format(" or year % 400 == 0"), "", 150),
        (WORDS.format(""), WORDS.format(" if c.isalnum()"), "", 500),
        (TASK.format("True"), TASK.format("False"), "", 200),
    ],
)  # fmt: skip
def test_what_is_easily_forgotten_is_tried_soon(broken: str, right: str, said: str, among: int) -> None:
    assert place(broken, right, said) < among


@pytest.mark.parametrize(
    ("broken", "right", "said", "expect"),
    [
        ("def f(n):\n    return str(n) + {1: 'st'}.get(n)\n",
         "def f(n):\n    return str(n) + {1: 'st'}.get(n, 'th')\n", "'4None'", "'4th'"),
        ("def f(a):\n    return ','.join(a)\n", "def f(a):\n    return ', '.join(a)\n", "'a,b'", "'a, b'"),
        ("def f(a):\n    return f'{a}: n'\n", "def f(a):\n    return f'{a} - n'\n", "['x: n']", "['x - n']"),
        ("def f(a):\n    return 'Hello ' + a + '?'\n", "def f(a):\n    return 'Hello ' + a + '!'\n",
         "AssertionError: assert 'Hello O?' == 'Hello O!'; - Hello O!", None),
    ],
)  # fmt: skip
def test_a_text_reads_as_the_failure_tells(broken: str, right: str, said: str, expect: str | None) -> None:
    assert place(broken, right, told=((said, expect),)) < 10


def test_texts_that_have_little_in_common_tell_nothing() -> None:
    broken = "def f(a):\n    return 'left' + a\n"
    plain = [one.edits for one in candidates(broken, {}, [1, 2])]
    told = pairs([("'lxexfxtxoxnxex'", "'agbgcgdgegfghg'")])
    assert [one.edits for one in candidates(broken, {}, [1, 2], told=told)] == plain


def test_a_number_goes_with_words_and_not_with_parts_of_them() -> None:
    assert units("def generate(order): return center") == []
    assert ("7", "%") in units("def next_day(n): return weekdays")


def test_letters_that_join_those_that_there_are_may_belong_elsewhere() -> None:
    broken = "def f(n):\n    out = ''\n    if n >= 1:\n        out += 'I'\n        n -= 1\n    return out\n"
    right, fitted = broken.replace("if n", "while n"), broken.replace("'I'", "'III'")
    told = (("'I'", "'III'"),)
    assert place(broken, right, told=told) < place(broken, fitted, told=told)


def test_no_statement_is_left_that_does_nothing() -> None:
    broken = "import sys\n\n\ndef f(n):\n    sys.exit(n)\n"
    for one in candidates(broken, {}, range(1, 6)):
        last = ast.parse(apply(broken, one.edits)).body[-1]
        assert not any(isinstance(n, ast.Expr) and isinstance(n.value, ast.Name) for n in ast.walk(last))
