"""Objects that a call reaches by another way than its arguments, and methods that no call names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codec.worked import facts_of_script

_ROUND = """
class Room:
    def __init__(self, name):
        self.name = name
        self.items = {name}
        self.exits = {}

    def connect(self, way, other):
        self.exits[way] = other
        other.exits[-way] = self
        return other

class Game:
    def __init__(self, start):
        self.here = start
        self.log = []

    def act(self, action, *rest):
        self.log.append(action(self, *rest))

    def go(self, way):
        self.here = self.here.exits[way]
        return self.here.name

    def take(self):
        self.here.items -= {self.here.name}
        return len(self.here.items)

def noted(function):
    def inner(game, *rest):
        return function(game, *rest)
    return inner

hall, cellar = Room("hall"), Room("cellar")
hall.connect(1, cellar).connect(2, Room("shed"))
game = Game(hall)
game.act(noted(Game.take))
game.act(noted(Game.go), 1)
game.act(noted(Game.go), 2)
names = [hall.exits[1].name, cellar.exits[2].name]
"""

_COMPARED = """
from functools import total_ordering

@total_ordering
class Size:
    __slots__ = ("n", "kind")

    def __init__(self, n):
        self.n = n
        self.kind = "size"

    def __eq__(self, other):
        return self.n == other.n

    def __lt__(self, other):
        return self.n < other.n

class Later:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        return self.n < other.n

a, b, c = Size(1), Size(2), Size(2)
told = [a > b, a >= b, a <= b, b >= c, b <= c, c > b]
most = max([a, b, c])
first = Later(1) > Later(2)
"""

_LEFT_OPEN = """
from itertools import islice

def count(n):
    while True:
        yield n
        n += 1

def add(a, b):
    return a + b

pairs = list(islice(count(1), 2)) + list(islice(count(5), 2))
one = add(next(count(7)), next(count(8)))
"""

_UNNAMED = """
from enum import Enum

class Way(Enum):
    UP = 1

    @classmethod
    def first(cls):
        return cls.UP

class Base:
    @classmethod
    def named(cls):
        return cls

class Other(Base):
    pass

class Times:
    def __init__(self, by):
        self.by = by
        self._n = 0

    @property
    def n(self):
        return self._n

    @n.setter
    def n(self, value):
        self._n = value

    def __call__(self, n):
        return n * self.by

    def __len__(self):
        return self.by

    def __iadd__(self, other):
        self.by += other.by
        return self

class Maker:
    class Part(Times):
        pass

    def __init__(self, act):
        self.act = act

    def part(self):
        return self.Part(2)

    def run(self, n):
        return self.act(n)

twice, way = Times(2), Way.first()
kinds = [Base.named(), Other.named()]
shown = f"{len(Maker(twice).part())} {twice(4)}"
six = Maker(twice).run(3)
twice.n += 1
more = Times(1)
twice += more
"""

_LEAVING = """
import sys

def main(args):
    if not args:
        sys.exit(2)
    return 0

def check(n):
    try:
        if n > 2:
            raise SystemExit
        exit(n)
    except SystemExit as stop:
        return stop.code

codes = check(1), check(5)
sys.exit(main([]))
"""

_INNER = """
from collections import defaultdict
from functools import wraps

class Round(Exception):
    def __init__(self, path):
        self.path = path
        super().__init__(" ".join(path))

def counted(function):
    @wraps(function)
    def inner(*given):
        inner.calls += 1
        return function(*given)
    inner.calls = 0
    return inner

class Sheet:
    def __init__(self):
        self.users = defaultdict(set)
        self.seen = []

    @counted
    def forget(self, name):
        for user in sorted(self.users[name]):
            self.seen.append(user)

    def value(self, name, path=()):
        if name in path:
            raise Round([*path, name])
        at = 0
        texts = {"a": "12", "b": "a1", "c": "c1"}[name]

        def take():
            nonlocal at
            at += 1
            return texts[at - 1]

        def one():
            text = take()
            return int(text) if text.isdigit() else self.value(text, (*path, name))

        found = one() + one()
        self.seen.append(name)
        return found

sheet = Sheet()
sheet.forget("x")
total = sheet.value("b")
try:
    sheet.value("c")
except Round as error:
    names = error.path
"""

_BESIDE = """
def after(x):
    a = x; b = a + 1
    c = b; return c

if after(2) > 2: y = 1; z = y
"""


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (_ROUND, 0.8),
        (_COMPARED, 0.9),
        (_LEFT_OPEN, 0.7),
        (_UNNAMED, 0.8),
        (_LEAVING, 1.0),
        (_INNER, 0.8),
        (_BESIDE, 0.6),
    ],
    ids=["round", "compared", "left open", "unnamed", "leaving", "inner", "beside"],
)
async def test_nothing_is_worked_out_wrongly(text: str, share: float, tmp_path: Path) -> None:
    facts = await facts_of_script(text, tmp_path)
    assert [fact for fact in facts if fact.verdict == "wrong"] == []
    assert sum(fact.verdict == "right" for fact in facts) >= share * len(facts)
