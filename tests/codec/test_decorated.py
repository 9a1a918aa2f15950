"""What calling decorated functions enters, objects that are gone through, what ends ``async for``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codec.worked import facts_of_script

_DISPATCHED = """
from functools import singledispatch

@singledispatch
def show(x):
    return f"<{x}>"

@show.register
def _(x: int):
    return f"int {x}"

text = show(3)
other = show("a")
"""

_BY_AN_OBJECT = """
class Retry:
    def __init__(self, times):
        self.times = times

    def __call__(self, fn):
        def run(*a):
            return fn(*a)
        return run

@Retry(3)
def flaky(x):
    return x * 10

y = flaky(3)
"""

_IN_A_BRANCH = """
def outer(f):
    def one(x):
        return f(x) + 1
    return one if f else None

@outer
def inc(x):
    return x

y = inc(4)
"""

_HANDED_ON = """
table = []

def known(f):
    table.append(f.__name__)
    return f

@known
def inc(x):
    return x + 1

y = inc(4)
"""

_SIZED = """
class Grid:
    def __init__(self, w):
        self.cells = [[0] * w]

    def __iter__(self):
        for row in self.cells:
            yield from row

    def __len__(self):
        return len(self.cells)

g = Grid(2)
items = list(g)
"""

_ON_ONE_LINE = """
from abc import abstractmethod

class Shape:
    @abstractmethod
    def area(self): ...

    @property
    def name(self): return "shape"

name = Shape().name
"""

_ASYNCHRONOUS = """
import asyncio

async def ticker(n):
    for i in range(n):
        yield i

async def consume():
    got = []
    async for t in ticker(2):
        got.append(t)
    return got

found = asyncio.run(consume())
"""

_NESTED = """
class Ledger:
    class Entry:
        def __init__(self, when):
            self.when = when

    def post(self, when):
        entry = self.Entry(when)
        return entry

found = Ledger().post(3)
"""


@pytest.mark.parametrize(
    "text",
    [_DISPATCHED, _BY_AN_OBJECT, _IN_A_BRANCH, _HANDED_ON, _SIZED, _NESTED, _ON_ONE_LINE, _ASYNCHRONOUS],
    ids=["dispatched", "object", "branch", "handed on", "sized", "nested", "one line", "asynchronous"],
)
async def test_nothing_is_worked_out_wrongly(text: str, tmp_path: Path) -> None:
    assert [fact for fact in await facts_of_script(text, tmp_path) if fact.verdict == "wrong"] == []


async def test_what_a_decorator_hands_on_is_entered(tmp_path: Path) -> None:
    calls = [fact for fact in await facts_of_script(_HANDED_ON, tmp_path) if fact.what == "call"]
    assert (calls[-1].so, calls[-1].found) == ("8", "8")
