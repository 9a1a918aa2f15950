"""Classes that cooperate, are handed on, share tables; objects that say little of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwm_lsp.codec.callables import callables_of
from tests.codec.worked import nothing_told_wrongly

_COOPERATING = """
class Named:
    def __init__(self, name, **rest):
        super().__init__(**rest)
        self.name = name

    def describe(self):
        return f"<{self.name}>"


class Priced:
    def __init__(self, price=0, **rest):
        super().__init__(**rest)
        self.price = price

    def describe(self):
        return f"{super().describe()} at {self.price:.2f}"


class Product(Priced, Named):
    def __init__(self, name, price):
        super().__init__(name=name, price=price)

    def describe(self):
        text = super().describe()
        return f"{text}!"


class Base:
    kind = "base"

    def hello(self):
        return self.kind


class Left(Base):
    def hello(self):
        return "left " + super().hello()


class Right(Base):
    kind = "right"

    def hello(self):
        return "right " + super().hello()


class Both(Left, Right):
    pass


product = Product("pen", 2)
said = product.describe()
heard = Both().hello(), Left().hello()
"""

_NUMBERS = """
from decimal import Decimal
from enum import Enum
from fractions import Fraction


class Colour(Enum):
    RED = 1
    BLUE = 2


class Card:
    def __init__(self, colour, cost, tags):
        self.colour = colour
        self.cost = cost
        self.tags = tags
        self._size = 3

    @property
    def size(self):
        return self._size

    @size.setter
    def size(self, value):
        if value < 0:
            raise ValueError(value)
        self._size = value

    def __repr__(self):
        return f"Card({self.colour}, {self.cost}, {self.tags}, {self.size})"

    def dearer(self, by):
        self.cost += by
        self.size += 1
        self.size -= 2
        return self.cost


card = Card(Colour.RED, Decimal("1.50"), ["a"])
cost = card.dearer(Decimal("0.25"))
card.colour = Colour.BLUE
other = Card(Colour.RED, Fraction(1, 3), ())
other.dearer(1)
size = other.size * 2
"""

_VALUES = """
from enum import Enum


class State(Enum):
    IDLE = "idle"
    PAID = "paid"


class Machine:
    AFTER = {(State.IDLE, "coin"): State.PAID, (State.PAID, "push"): State.IDLE}

    def __init__(self):
        self.state = State.IDLE

    @classmethod
    def begun(cls, event):
        made = cls()
        made.on(event)
        return made

    def on(self, event):
        try:
            after = self.AFTER[self.state, event]
        except KeyError:
            return False
        self.state = after
        return True


class Loud(Machine):
    pass


def size(tree):
    if isinstance(tree, int):
        return -tree
    return -size(tree[0]) + ~size(tree[1])


machine = Machine()
took = [machine.on(event) for event in ("push", "coin", "push")]
made = [kind.begun(event) for kind, event in ((Machine, "coin"), (Loud, "push"))]
kinds = {"a": Machine, "b": Loud}
one = kinds["b"]()
again = [kind() for kind in (Loud, Machine)]
left = size((1, (2, 3)))
"""

_HANDED = """
import functools


class Shelf:
    def __init__(self):
        self.items = {}

    def put(self, item):
        self.items[item.name] = item
        return self


class Item:
    def __init__(self, name, price):
        self.name = name
        self.price = price


class Log:
    def __init__(self):
        self.lines = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.lines.append("close" if kind is None else f"failed: {error}")
        return True


def retry(times):
    def decorate(function):
        @functools.wraps(function)
        def inner(*args):
            for _ in range(times):
                try:
                    return function(*args)
                except ValueError as error:
                    last = error
            return last
        return inner
    return decorate


class Flaky:
    def __init__(self, failures):
        self.failures = failures

    @retry(2)
    def fetch(self, what):
        if self.failures:
            self.failures -= 1
            raise ValueError(what)
        return what.upper()


def fetch(n):
    return n


def names(items):
    return [item.name for item in items]


def task(name, n):
    for i in range(n):
        yield f"{name}{i}"


def in_turns(*tasks):
    waiting = list(tasks)
    order = []
    while waiting:
        current = waiting.pop(0)
        try:
            order.append(next(current))
        except StopIteration:
            continue
        waiting.append(current)
    return order


shelf = Shelf()
shelf.put(Item("pen", 1)).put(Item("ink", 2)).put(Item("pad", 3))
found = names(shelf.items.values())
with Log() as log:
    {}["glue"]
with Log() as other:
    log.lines.append("seen")
got = Flaky(1).fetch("page"), fetch(3)
order = in_turns(task("a", 2), task("b", 3))
"""

_TUPLES = """
from collections import namedtuple
from typing import NamedTuple

Line = namedtuple("Line", "name count price")
Pair = namedtuple("Pair", ["left", "right"])


class Point(NamedTuple):
    x: int
    y: int = 2

    @property
    def size(self):
        return self.x * self.y


def total(lines):
    return sum(line.count * line.price for line in lines)


point = Point(1)
moved = point._replace(x=5)
x, y = moved
same = moved == (5, 2), point == Point(1, 2), point != moved
parts = [moved[0], len(moved), list(moved), moved.index(2), moved.size]
stored = moved._asdict()
lines = [Line(*one) for one in [("pen", 2, 1.5), ("ink", 1, 4)]]
cost = total(lines)
pair = Pair(lines[0], right=point)
(name, count, price), other = pair
swapped = Pair(*reversed(pair))
"""

SCRIPTS = {
    "tuples": (_TUPLES, 0.75),
    "cooperating": (_COOPERATING, 0.9),
    "numbers": (_NUMBERS, 0.8),
    "values": (_VALUES, 0.9),
    "handed": (_HANDED, 0.6),
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_nothing_is_told_or_ruled_out_wrongly(name: str, tmp_path: Path) -> None:
    await nothing_told_wrongly(*SCRIPTS[name], tmp_path)


def test_the_order_in_which_a_method_is_looked_for() -> None:
    orders = callables_of(
        "class A: ...\nclass B(A): ...\nclass C(A): ...\nclass D(B, C, dict): ...\n"
        "class E(A, B): ...\nclass F(F): ...\n"
    ).orders
    assert orders["D"] == ("D", "B", "C", "A")
    assert orders["E"] == ("E", "A")  # Python refuses it
    assert orders["F"] == ("F",)
