"""Candidates of values bounded by others, copies, siblings and keywords: each right edit is tried soon."""

from __future__ import annotations

import ast

import pytest

from tests.repair.test_usual import place

CART = """\
class Cart:
    def __init__(self):
        self.lines = []

    def discount(self):
        return len(self.lines)

    def total(self):
        net = sum(self.lines){}
        return net
"""
EDITOR = """\
class Editor:
    def __init__(self):
        self.text, self.cursor = "", 0
        self.undone = []

    def undo(self):
        self.undone.append(self.text)

    def insert(self, piece):
        self.text = self.text[: self.cursor] + piece + self.text[self.cursor :]
{}
    def back(self, count):
{}        self.text = self.text[: self.cursor - count] + self.text[self.cursor :]
        self.cursor -= count
"""
GROWS = "        self.cursor += len(piece)\n"
CLEARS = "        self.undone.clear()\n"
LEAST = "        count = min(count, self.cursor)\n"
MERGE = """\
def merge(spans):
    merged = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], {})
        else:
            merged.append((start, end))
    return merged
"""
NEEDS = "def add(needs, task, others):\n    {}\n    return needs\n"
COPY = "{}import json\n\n\ndef load(base):\n    found = {}\n    json.loads('[]')\n    return found\n"
BARE = "{}def f(base):\n    found = {}\n    return found\n"
LEAP = "def leap(n):\n    return n % 4 == 0 and {}\n"
WEEK = "def ahead(day, wanted):\n    return day + {}\n"
EMIT = """\
class Emitter:
    def fire(self, name):
        for entry in {}:
            self.handlers[name].remove(entry)
            entry(name)
"""
ONCE = """\
class Emitter:
    def on(self, name, handler, once=False):
        self.handlers.append((name, handler, once))

    def once(self, name, handler):
        return self.on(name, handler{})
"""
TRANSFER = "def move(a, b, amount):\n    a.balance -= amount\n{}    return amount\n"
DAYS = "def split(seconds):\n    days = seconds // 86400\n{}    return days, seconds // 3600\n"
GRAPH = "def link(graph, a, b):\n    graph[a].append(b)\n{}    return graph\n"
VISIT = """\
def order(graph):
    done, found = set(), []

    def visit(node):
        if node in done:
            return
        for one in graph[node]:
            visit(one)
{}        found.append(node)

    for node in graph:
        visit(node)
    return found
"""
NEXT = """\
def pairs(text):
    found = 0
    for i in range(len(text)):
        if text[i] == "-"{}:
            found += text[i + 1] == ">"
    return found
"""
INTEREST = """\
class Account:
    def __init__(self, balance):
        self.balance = balance


def pay(accounts):
    for account in accounts:
        if account{}:
            account.balance *= 2
"""


LINK = "def link(links, a, b, n):\n    links.setdefault(a, {{}})[b] = n\n{}    return links\n"
SEEN = """\
def f(stack, graph):
    seen = set()
    while stack:
        one = stack.pop()
{}        seen.add(one)
        stack.extend(graph[one])
    return seen
"""
REFUSES = "        if count <= 0:\n            raise ValueError(name)\n"
TAKES = "        if count <= 0:\n            raise ValueError(name)\n"
STOCK = """\
class Stock:
    def __init__(self):
        self.items = {{}}

    def give(self, name, count):
{}        self.items[name] = count

    def take(self, name, count):
{}        self.items[name] -= count
"""


@pytest.mark.parametrize(
    ("broken", "right", "among"),
    [
        (CART.format(""), CART.format(" - self.discount()"), 400),
        (EDITOR.format("", LEAST), EDITOR.format(GROWS, LEAST), 2500),
        (EDITOR.format(GROWS, LEAST), EDITOR.format(GROWS + CLEARS, LEAST), 1300),
        (EDITOR.format(GROWS, ""), EDITOR.format(GROWS, LEAST), 1300),
        (MERGE.format("end"), MERGE.format("max(merged[-1][1], end)"), 500),
        ("def f(rows, key):\n    return sum(float(row[key]) for row in rows)\n",
         "def f(rows, key):\n    return sum(float(row[key]) for row in rows if row[key])\n", 120),
        ("def f(rows, n):\n    return [row.strip() for row in rows if row != n]\n",
         "def f(rows, n):\n    return [row.strip() for row in rows if row != n and row.strip()]\n", 250),
        ("def f(times, needs):\n    return sum(times[one] for one in needs)\n",
         "def f(times, needs):\n    return max((times[one] for one in needs), default=0)\n", 100),
        (NEEDS.format("needs[task] = set(others)"),
         NEEDS.format("needs.setdefault(task, set()).update(others)"), 30),
        (COPY.format("", "dict(base)"), COPY.format("import copy\n", "copy.deepcopy(base)"), 120),
        (BARE.format("", "base.copy()"), BARE.format("import copy\n\n\n", "copy.deepcopy(base)"), 60),
        (LEAP.format("n % 100 != 0 and n % 400 == 0"), LEAP.format("(n % 100 != 0 or n % 400 == 0)"), 120),
        (WEEK.format("(wanted - day) % 7"), WEEK.format("((wanted - day - 1) % 7 + 1)"), 150),
        (EMIT.format("self.handlers.get(name, [])"), EMIT.format("list(self.handlers.get(name, []))"), 20),
        (ONCE.format(""), ONCE.format(", once=True"), 80),
        (TRANSFER.format(""), TRANSFER.format("    b.balance += amount\n"), 200),
        (DAYS.format(""), DAYS.format("    seconds %= 86400\n"), 200),
        (GRAPH.format(""), GRAPH.format("    graph[b].append(a)\n"), 400),
        (VISIT.format(""), VISIT.format("        done.add(node)\n"), 600),
        (NEXT.format(""), NEXT.format(" and i + 1 < len(text)"), 250),
        (INTEREST.format(""), INTEREST.format(".balance > 0"), 300),
        (STOCK.format("", TAKES), STOCK.format(REFUSES, TAKES), 400),
        (STOCK.format(REFUSES, ""), STOCK.format(REFUSES, TAKES), 400),
        ("def f(g, r, c):\n    return r < len(g) and c < len(g[0])\n",
         "def f(g, r, c):\n    return 0 <= r < len(g) and 0 <= c < len(g[0])\n", 150),
        ("def f(rows):\n    return max(rows)\n", "def f(rows):\n    return min(rows)\n", 20),
        ("def f(rows):\n    return all(r > 1 for r in rows)\n",
         "def f(rows):\n    return any(r > 1 for r in rows)\n", 20),
        ("def f(a, b):\n    return a.start < b.end\n",
         "def f(a, b):\n    return a.start < b.end and b.start < a.end\n", 150),
        ("def f(item, n):\n    if item.count < n:\n        return 1\n    return 2\n",
         "def f(item, n):\n    if item is None or item.count < n:\n        return 1\n    return 2\n", 400),
        (LINK.format(""), LINK.format("    links.setdefault(b, {})[a] = n\n"), 500),
        (SEEN.format(""), SEEN.format("        if one in seen:\n            continue\n"), 700),
        ("def f(grid):\n    return [row[1:] for row in grid]\n",
         "def f(grid):\n    return [row[1:] for row in grid[1:]]\n", 100),
        ("def f(words):\n    return sorted(words, key=lambda w: len(w))\n",
         "def f(words):\n    return sorted(words, key=lambda w: (len(w), w))\n", 120),
        ("def f(i, n):\n    i += 1\n    return i\n",
         "def f(i, n):\n    i = (i + 1) % n\n    return i\n", 700),
    ],
)  # fmt: skip
def test_what_goes_together_is_tried_soon(broken: str, right: str, among: int) -> None:
    ast.parse(broken)
    assert place(broken, right) < among
