"""What is forgotten in programs as textbooks have them is among the edits that are tried, and early."""

from __future__ import annotations

import pytest

from cwm_lsp.repair.clusters import Ran, telling
from cwm_lsp.repair.heldout import emptied
from cwm_lsp.repair.model import Candidate
from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.templates.told import pairs
from cwm_lsp.repair.text import apply

TRIE = """\
class Trie:
    def __init__(self):
        self.children = {}
        self.ends = False

    def add(self, word):
        node = self
        for char in word:
            node = node.children.setdefault(char, Trie())
        node.ends = True

    def has(self, word):
        return word in self.children and self.ends
"""
DISTANCE = """\
def distance(one, other):
    if not one:
        return len(other)
    if not other:
        return len(one)
    return min(distance(one[1:], other), distance(one, other[1:])) + 1
"""
DEPTH = """\
class Node:
    def __init__(self, left=None, right=None):
        self.left = left
        self.right = right


def depth(node):
    if node.left is None:
        return depth(node.right) + 1
    if node.right is None:
        return depth(node.left) + 1
    return max(depth(node.left), depth(node.right)) + 1
"""
OTHER = "    if node.right is None:\n        return depth(node.left) + 1\n"
NTH = """\
def nth(values, n):
    below = [one for one in values if one < values[0]]
    if n < len(below) + 1:
        return nth(below, n)
    return nth(values[1:], n - (len(below) + 1))
"""
SPLITS = """\
def splits(text, words):
    if not text:
        return True
    return any(text.startswith(word) and splits(text[len(word):], words) for word in words)
"""
ORDER = """\
def order(needs):
    missing = {task: len(before) for task, before in needs.items()}
    ready = [task for task in needs if missing[task] == 0]
    for task in ready:
        for other in needs:
            if task in needs[other]:
                missing[other] -= 1
                if missing[other] == 0:
                    ready.append(other)
    return ready
"""
CHEAPEST = """\
def cheapest(edges, nodes, start):
    cost = dict.fromkeys(nodes, 1000)
    cost[start] = 0
    for one, other, weight in edges:
        cost[other] = min(cost[other], cost[one] + weight)
    return cost
"""
ROOT = """\
def root(number):
    guess = 1.0
    while abs(guess * guess - number) > 0.001:
        guess = (guess + number / guess) / 2
    return guess
"""
FAMILIES = """\
def families(items):
    if not items:
        return [[]]
    without = families(items[1:])
    return without + [[items[0]] + one for one in without]
"""
FILLED = """\
def filled(text, width):
    lines = []
    line = ""
    for word in text.split():
        if len(line) + len(word) > width:
            lines.append(line)
            line = ""
        line += word
    if line:
        lines.append(line)
    return lines
"""
FORGOTTEN = {
    "a field that nothing sets": (TRIE, "        node.ends = True\n", "", 600),
    "the twin of a branch": (DISTANCE, "    if not other:\n        return len(one)\n", "", 100),
    "a branch for the other field": (DEPTH, OTHER, "", 100),
    "the rest of a rank": (NTH, "n - (len(below) + 1))", "n)", 300),
    "the rest of a text": (SPLITS, "text[len(word):]", "text", 700),
    "a count that is compared": (ORDER, "                missing[other] -= 1\n", "", 1500),
    "where a table begins": (CHEAPEST, "    cost[start] = 0\n", "", 1500),
    "a distance without its sign": (ROOT, "abs(guess * guess - number)", "guess * guess - number", 60),
    "what is joined to a comprehension": (FAMILIES, "without + [[", "[[", 700),
    "what a loop leaves over": (FILLED, "    if line:\n        lines.append(line)\n", "", 300),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGOTTEN)
def test_what_was_forgotten_is_tried_early(name: str) -> None:
    source, there, gone, rank = FORGOTTEN[name]
    broken = source.replace(there, gone, 1)
    lines = range(1, broken.count("\n") + 1)
    found = [apply(broken, one.edits) for one in candidates(broken, dict.fromkeys(lines, 1.0), lines)]
    assert source in found[:rank]


def test_a_field_that_is_set_somewhere_is_not_taken_for_forgotten() -> None:
    lines = range(1, TRIE.count("\n") + 1)
    found = [apply(TRIE, one.edits) for one in candidates(TRIE, dict.fromkeys(lines, 1.0), lines)]
    assert not any(one.count("node.ends = True") > 1 for one in found[:600])


def test_what_is_never_empty_is_emptied_one_at_a_time() -> None:
    assert emptied(["f('ab', [1], 2)", "f('c', [], 3)"]) == ["f('', [1], 2)"]
    assert emptied(["f([1], {'a': 1})"]) == ["f([], {'a': 1})", "f([1], {})"]
    assert emptied(["f(1)", "g"]) == []


def test_an_empty_input_that_a_fix_minds_tells_nothing() -> None:
    def ran(*said: str) -> Ran:
        return Ran(Candidate((), "", 1, 1.0), "", said, (False,) * len(said), 0, "")

    both = [ran("1", "2", "[]"), ran("1", "raised IndexError", "['']")]
    assert telling(2, both, ["1", "0", "[]"]) == [0, 2]
    assert telling(2, both, ["1", "0", "raised KeyError"]) == [0]


def test_what_the_file_raises_on_purpose_is_seldom_to_be_caught() -> None:
    source = "def at(known, name):\n    if name not in known:\n        raise LookupError(name)\n"
    source += "    return known[name.upper()]\n"
    found = {
        word: max(
            one.prior
            for one in candidates(source, {4: 1.0}, range(1, 5), said=[f"raised {word}: 'a'"])
            if one.kind == "missing handler" and "return None" in one.edits[0].text
        )
        for word in ("LookupError", "KeyError")
    }
    assert found["LookupError"] < found["KeyError"] / 2


def test_what_was_found_by_a_name_has_the_name_as_it_should_be() -> None:
    right = "class Item:\n    def __init__(self, sku, count):\n"
    right += "        self.sku = sku\n        self.count = count\n\n\n"
    right += (
        "def take(items, held, sku, amount):\n    item = items[sku.upper()]\n    held[item.sku] -= amount\n"
    )
    right += "    item.count -= amount\n    return max(0, len(held) - 1) if item.count < 1 else held\n"
    lines = range(1, right.count("\n") + 1)
    for there, gone in (
        ("held[item.sku]", "held[sku]"),
        ("    item.count -= amount\n", ""),
        ("max(0, len(held) - 1)", "len(held) - 1"),
    ):
        broken = right.replace(there, gone, 1)
        found = candidates(broken, dict.fromkeys(lines, 1.0), lines)
        assert right in [apply(broken, one.edits) for one in found], there


def test_a_text_that_only_a_method_away_is_right_says_which() -> None:
    said = (
        "AssertionError: assert Note(ti...) == Note(ti...); Differing attributes:; t: ' Milk ' != 'Milk'..."
    )
    told = pairs([(said, None)])
    assert told == [(" Milk ", "Milk")]
    source = "def note(title, body):\n    return Note(title, body)\n"
    found = [apply(source, one.edits) for one in candidates(source, {2: 1.0}, [2], told=told)]
    assert any("Note(title.strip(), body)" in one for one in found[:5])
    assert not any(".lower()" in one for one in found[:5])
