"""Classes within classes, objects that hold each other or give their items, names that are another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwm_lsp.record.session import record
from cwm_lsp.record.target import ScriptTarget
from cwm_lsp.trace.normalise import normalise
from tests.codec.worked import facts_of_script, ruled_out

_WITHIN = """
class LinkedList:
    class Node:
        def __init__(self, value, next=None):
            self.value = value
            self.next = next

    class Empty(Exception):
        pass

    class Stats:
        seen = 0

    def __init__(self):
        self.head = None
        self.size = 0
        self.stats = self.Stats()

    def push(self, value):
        self.head = self.Node(value, self.head)
        self.size += 1

    def append(self, value):
        node = LinkedList.Node(value)
        if self.head is None:
            self.head = node
        else:
            last = self.head
            while last.next:
                last = last.next
            last.next = node
        self.size += 1

    def pop(self):
        if self.head is None:
            raise self.Empty("nothing")
        value = self.head.value
        self.head = self.head.next
        self.size -= 1
        return value

    def reverse(self):
        before = None
        node = self.head
        while node:
            node.next, before, node = before, node, node.next
        self.head = before

    def values(self):
        node = self.head
        out = []
        while node is not None:
            out.append(node.value)
            node = node.next
        return out


class Tree:
    class _Node:
        def __init__(self, key):
            self.key = key
            self.left = self.right = None

    def __init__(self, keys=()):
        self._root = None
        for key in keys:
            self.insert(key)

    def insert(self, key):
        self._root = self._insert(self._root, key)

    def _insert(self, node, key):
        if node is None:
            return self._Node(key)
        if key < node.key:
            node.left = self._insert(node.left, key)
        elif key > node.key:
            node.right = self._insert(node.right, key)
        return node

    def __contains__(self, key):
        node = self._root
        while node:
            if key == node.key:
                return True
            node = node.left if key < node.key else node.right
        return False

    def height(self, node=None, top=True):
        if top:
            node = self._root
        if node is None:
            return 0
        return 1 + max(self.height(node.left, False), self.height(node.right, False))


items = LinkedList()
for v in (1, 2, 3):
    items.push(v)
items.append(9)
items.reverse()
found = items.values()
try:
    while True:
        items.pop()
except LinkedList.Empty as why:
    size = items.size
tree = Tree([5, 2, 8, 1])
there = 2 in tree, 7 in tree, tree.height()
"""

_RING = """
class LRU:
    class Node:
        def __init__(self, key, value):
            self.key, self.value = key, value
            self.prev = self.next = None

    def __init__(self, size):
        self.size = size
        self.map = {}
        self.head, self.tail = self.Node(None, None), self.Node(None, None)
        self.head.next, self.tail.prev = self.tail, self.head

    def _unlink(self, node):
        node.prev.next, node.next.prev = node.next, node.prev

    def _push(self, node):
        node.prev, node.next = self.head, self.head.next
        self.head.next.prev = node
        self.head.next = node

    def get(self, key, default=None):
        node = self.map.get(key)
        if node is None:
            return default
        self._unlink(node)
        self._push(node)
        return node.value

    def put(self, key, value):
        if key in self.map:
            self._unlink(self.map.pop(key))
        elif len(self.map) >= self.size:
            last = self.tail.prev
            self._unlink(last)
            del self.map[last.key]
        node = self.Node(key, value)
        self.map[key] = node
        self._push(node)

cache = LRU(2)
cache.put("a", 1)
cache.put("b", 2)
got = cache.get("a")
cache.put("c", 3)
missing = cache.get("b", -1)
"""

_REGISTERED = """
from functools import wraps

REGISTRY = {}

def register(name):
    def deco(fn):
        @wraps(fn)
        def wrapper(*args):
            wrapper.calls += 1
            return fn(*args)
        wrapper.calls = 0
        REGISTRY[name] = wrapper
        return wrapper
    return deco

@register("plus")
def add(a, b):
    return a + b

def sub(a, b):
    return a - b

REGISTRY["minus"] = sub
total = REGISTRY["plus"](2, 3)
left = REGISTRY["minus"](total, 1)
"""

_ASKED = """
class Count:
    def __init__(self, n):
        self.n = n
        self.at = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.at >= self.n:
            raise StopIteration
        self.at += 1
        return self.at


class Words:
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        return iter(self.text.split())


class Pairs:
    def __init__(self, xs):
        self.xs = xs

    def __iter__(self):
        for k, x in enumerate(self.xs):
            yield k, x


class Seq:
    def __init__(self, *xs):
        self.xs = xs

    def __len__(self):
        return len(self.xs)

    def __getitem__(self, k):
        return self.xs[k]


def total(xs):
    t = 0
    for x in xs:
        t += x
    return t


a = total(Count(3))
c = []
for w in Words("a b"):
    c.append(w)
counting = Count(2)
for n in counting:
    c.append(n)
e = total(Seq(1, 2))
f = sum(Count(3))
g = [x * 2 for x in Count(2)]
h = 0
for k, x in Pairs([7]):
    h += x

"""

_STORED = """
from abc import ABC, abstractmethod
from functools import cached_property

class Shape(ABC):
    @abstractmethod
    def area(self): ...

class Box(Shape):
    def __init__(self, *sides):
        self.sides = list(sides)

    @cached_property
    def volume(self):
        found = 1
        for side in self.sides:
            found *= side
        return found

    def area(self):
        return self.volume // self.sides[-1]

box = Box(2, 3, 4)
first = box.volume
box.sides.append(9)
second = box.volume, box.area()
"""

_HIDDEN = """
class Code:
    __slots__ = ("x", "y")
    __hash__ = None
    __base = 3
    kind = 1

    def __init__(self, x):
        self.x = x + self.__base

__version__ = "1"
__all__ = ["Code"]
kinds = [Code(n).x for n in range(9)]
code = Code(2)
codes = {n: Code(n).x for n in range(9)}
"""


@pytest.mark.parametrize(
    ("text", "share"),
    [(_WITHIN, 0.9), (_RING, 0.7), (_REGISTERED, 0.7), (_ASKED, 0.8), (_STORED, 0.8)],
    ids=["within", "ring", "registered", "asked", "stored"],
)
async def test_nothing_is_worked_out_wrongly(text: str, share: float, tmp_path: Path) -> None:
    facts = await facts_of_script(text, tmp_path)
    assert [fact for fact in facts if fact.verdict == "wrong"] == []
    assert sum(fact.verdict == "right" for fact in facts) >= share * len(facts)


@pytest.mark.parametrize(
    "text",
    [_WITHIN, _RING, _ASKED, _STORED, _HIDDEN],
    ids=["within", "ring", "asked", "stored", "hidden"],
)
async def test_nothing_that_happens_is_ruled_out(text: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(text, encoding="utf-8")
    missed, told = ruled_out(normalise(await record(ScriptTarget(str(script)))))
    assert told > 50
    assert missed == []
