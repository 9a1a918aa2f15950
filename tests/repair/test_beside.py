"""Edits that follow from what stands beside, from clauses taken for one another, and from messages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cwm_lsp.repair.model import Status
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call
from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.text import apply
from cwm_lsp.repair.verify import UNLIKELY

CASES = [
    # a class: its tables, its calls, its members
    ("class A:\n    ORDER = {'x': 1}\n\n    def f(self, rows):\n        rows.sort(key=lambda one: "
     "(one.kind, 1))\n",
     "one.kind", "self.ORDER[one.kind]"),
    ("class A:\n    PORTS = {}\n\n    def f(self, port):\n        return port if port else None\n\n"
     "    def g(self):\n        return self.PORTS.get(self.scheme)\n",
     "else None", "else self.PORTS.get(self.scheme)"),
    ("class A:\n    def f(self):\n        return [self.atom()]\n\n    def g(self):\n        return "
     "self.expression(0)\n",
     "[self.atom()]", "[self.expression(0)]"),
    ("class A:\n    def f(self):\n        self.take()\n\n    def g(self):\n        self.take(')')\n",
     "self.take()\n\n", "self.take(')')\n\n"),
    ("from enum import Enum\n\n\nclass S(Enum):\n    NEW = 'new'\n\n\ndef f(s):\n    return s.state "
     "== 'new'\n",
     "== 'new'", "== S.NEW"),
    ("from enum import Enum\n\n\nclass S(Enum):\n    NEW = 'new'\n\n\ndef f(s):\n    return s.state "
     "== 'new'\n",
     "s.state ==", "s.state.value =="),
    ("class A:\n    def f(self, count):\n        self.index = self.index + count\n\n"
     "    def g(self):\n        return self.tracks[self.index]\n\n    def __init__(self):\n        "
     "self.tracks = []\n",
     "self.index + count", "(self.index + count) % len(self.tracks)"),
    ("class A:\n    def f(self, e):\n        for h in self.handlers.get(e, []):\n            self.off(h)\n\n"
     "    def off(self, h):\n        pass\n",
     "self.handlers.get(e, [])", "list(self.handlers.get(e, []))"),
    ("class P:\n    IDLE, ON, OFF = range(3)\n\n    def f(self):\n        self.state = self.IDLE\n",
     "self.IDLE", "self.OFF"),
    ("from enum import Enum, auto\n\n\nclass S(Enum):\n    NEW = auto()\n    OLD = auto()\n\n\n"
     "def f(x):\n    return x is S.NEW\n", "S.NEW", "S.OLD"),
    ("from a import S\n\n\ndef f(x):\n    return x is S.NEW\n\n\ndef g(x):\n    return x is S.OLD\n",
     "S.NEW", "S.OLD"),
    ("class P:\n    def f(self):\n        self.state = 'done'\n\n"
     "    def g(self):\n        return self.state == 'closed'\n", "'done'", "'closed'"),
    ("def f(a, b, s, e):\n    return b <= s or (a >= e)\n", "b <= s or (a >= e)", "b < s or (a > e)"),
    # nothing, and what counts as nothing
    ("def f(path):\n    return path.rstrip('/')\n", "path.rstrip('/')", "path.rstrip('/') or '/'"),
    ("def f(ahead):\n    n = ahead % 7\n    return n\n", "return n", "return n or 7"),
    ("MISSING = object()\n\n\ndef f(x=MISSING):\n    if not x:\n        return 1\n    return x\n",
     "not x", "x is MISSING"),
    ("def f(x):\n    if not x:\n        return 1\n    return x\n", "not x", "x is False"),
    ("def f(x):\n    return isinstance(x, (int, float))\n", "isinstance(x, (int, float))",
     "isinstance(x, (int, float)) and not isinstance(x, bool)"),
    # dates and numbers
    ("def f(t):\n    return strptime(t, '%d/%m/%Y')\n", "%m", "%b"),
    ("def f(t):\n    return t.replace(tzinfo=utc)\n", "replace(tzinfo=utc)", "astimezone(utc)"),
    ("def f(a, b):\n    return a.year - b.year - (a.month < b.month)\n", "a.month < b.month",
     "(a.month, a.day) < (b.month, b.day)"),
    ("def f(v, step):\n    return round(v / step) * step\n", "round(v / step)", "int(v / step)"),
    ("def f(marks):\n    w = len(marks)\n    return sum(m.points * m.weight for m in marks) / w\n",
     "len(marks)",
     "sum(m.weight for m in marks)"),
    ("def f(marks):\n    w = sum(m.weight for m in marks)\n    return sum(m.points for m in marks) / w\n",
     "m.points",
     "m.points * m.weight"),
    # sequences
    ("def f(a):\n    return sum(a[y][x] for y in (-1, 0, 1) for x in (-1, 0, 1))\n", "for x in (-1, 0, 1)",
     "for x in (-1, 0, 1) if y or x"),
    ("def f(p):\n    parts = p.split('/')\n    return parts\n", "p.split('/')", "p.split('/')[:-1]"),
    ("def f(p):\n    for n in (1, 2, 3):\n        if n > p:\n            return n\n", "(1, 2, 3)",
     "reversed((1, 2, 3))"),
    # clauses
    ("def f(c):\n    try:\n        c.work()\n    except OSError:\n        c.undo()\n", "c.undo()\n",
     "c.undo()\n        raise\n"),
    ("def f(c):\n    try:\n        c.work()\n    except OSError:\n        raise\n    finally:\n"
     "        c.done()\n",
     "finally", "else"),
    ("def f(v):\n    if v > 1:\n        return 'a'\n    elif v > 2:\n        return 'b'\n    return 'c'\n",
     "v > 1:\n        return 'a'\n    elif v > 2:\n        return 'b'",
     "v > 2:\n        return 'b'\n    elif v > 1:\n        return 'a'"),
    ("def f(node):\n    for one in node:\n        return f(one)\n", "return f(one)",
     "found = f(one)\n        if found:\n            return found"),
    ("def f(node):\n    for one in node:\n        return f(one)\n    return False\n", "return f(one)",
     "if f(one):\n            return True"),
    ("def f(t, strict=False):\n    try:\n        g(t)\n    except ValueError:\n        raise\n", "raise",
     "if strict:\n            raise"),
    ("def f(items):\n    batch = []\n    for one in items:\n        batch.append(one)\n        yield batch\n"
     "        batch.clear()\n", "batch.clear()", "batch = []"),
    ("def f(a, b):\n    if a > b:\n        a = b\n        b = a\n    return a, b\n", "a = b\n        b = a",
     "a, b = b, a"),
    # statements
    ("def f(a, b, g):\n    g.setdefault(a, set()).add(b)\n", ".add(b)\n",
     ".add(b)\n    g.setdefault(b, set())\n"),
    ("def f(a, seen):\n    if (a, 1) in seen:\n        return 0\n    return 1 + f(a, seen)\n", "    return 1",
     "    seen.add((a, 1))\n    return 1"),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "old", "new"), CASES)
def test_an_edit_is_among_the_candidates(broken: str, old: str, new: str) -> None:
    assert broken.count(old) >= 1
    found = candidates(broken, {}, range(1, broken.count("\n") + 2))
    assert broken.replace(old, new, 1) in [apply(broken, one.edits) for one in found]


CLASS = (
    "class A:\n    def size(self):\n        return 1\n\n    def twice(self):\n        return 2 * self.size\n"
)
EQUAL = "class A:\n    def __eq__(self, other):\n        return self.x == other.x and self.y == other.y\n"


@pytest.mark.parametrize(
    ("broken", "said", "old", "new"),
    [
        (CLASS, "TypeError: unsupported operand type(s) for *: 'int' and 'method'", "    def size",
         "    @property\n    def size"),
        (CLASS, "assert size == 1; where size = A(x='a.b').size", "    def size",
         "    @property\n    def size"),
        (CLASS.replace("    def size", "    @property\n    def size").replace("size\n", "size()\n"),
         "TypeError: 'int' object is not callable", "    @property\n", ""),
        ("class A:\n    def make(text):\n        return text\n",
         "TypeError: A.make() takes 1 positional argument but 2 were given", "    def",
         "    @staticmethod\n    def"),
        (EQUAL, "TypeError: unhashable type: 'A'", "other.y\n",
         "other.y\n\n    def __hash__(self):\n        return hash((self.x, self.y))\n"),
        ("@dataclass\nclass A:\n    x: int\n\n    def f(self):\n        return 1\n",
         "TypeError: unhashable type: 'A'",
         "@dataclass", "@dataclass(frozen=True)"),
    ],
)  # fmt: skip
def test_a_message_says_how_a_method_or_class_is_to_be_held(
    broken: str, said: str, old: str, new: str
) -> None:
    lines = range(1, broken.count("\n") + 2)
    right = broken.replace(old, new, 1)
    assert right in [apply(broken, one.edits) for one in candidates(broken, {}, lines, said=[said])]
    assert right not in [apply(broken, one.edits) for one in candidates(broken, {}, lines, said=["assert 1"])]


RANGES = """def merged(spans, start, end):
    kept = []
    for low, high in spans:
        if high <= start or low >= end:
            kept.append((low, high))
        else:
            start, end = min(start, low), max(end, high)
    return sorted([*kept, (start, end)])
"""


def test_a_fix_of_one_end_is_not_verified_where_both_ends_pass_as_well(tmp_path: Path) -> None:
    file = tmp_path / "spans.py"
    file.write_text(RANGES)
    calls = [
        ("merged([(1, 3)], 3, 5)", "[(1, 5)]"),
        ("merged([(1, 3), (7, 9)], 2, 8)", "[(1, 9)]"),
        ("merged([(1, 2), (8, 9)], 4, 5)", "[(1, 2), (4, 5), (8, 9)]"),
        ("merged([], 4, 6)", "[(4, 6)]"),
    ]
    checks = tuple(call(asked, gives) for asked, gives in calls)
    outcome = repair(file, RANGES, Specification(checks), python=sys.executable, budget=20.0)
    assert outcome.status is Status.PLAUSIBLE
    assert any("high < start or low > end" in one.text for one in outcome.fixes)


def test_another_order_than_a_sorted_one_is_unlikely() -> None:
    source = "def f(rows):\n    return sorted(rows)\n"
    found = {apply(source, one.edits): one.prior for one in candidates(source, {}, range(1, 3))}
    assert found["def f(rows):\n    return reversed(rows)\n"] < UNLIKELY
