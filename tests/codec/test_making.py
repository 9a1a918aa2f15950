"""What Python calls by itself, objects that several names have, and code of others in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codec.worked import nothing_told_wrongly

_POSTED = """
from dataclasses import dataclass, field, InitVar


@dataclass
class Box:
    x: int
    y: int = 2
    area: int = 0

    def __post_init__(self):
        self.area = self.x * self.y


@dataclass
class Tall(Box):
    z: int = 1

    def __post_init__(self):
        super().__post_init__()
        if self.z < 0:
            raise ValueError("z")
        self.z += 1


@dataclass
class Named:
    name: str
    tags: list = field(default_factory=list)
    key: str = field(init=False)
    raw: InitVar[str] = ""

    def __post_init__(self, raw):
        self.key = self.name.lower() + raw
        self.tags.append(self.key)


box = Box(3)
tall = Tall(1, 2, z=5)
named = Named("Ann", raw="!")
boxes = [Box(i, i + 1) for i in range(3)]
both = Box(x=4).area + Box(5, 6).area
try:
    Tall(1, z=-1)
except ValueError as error:
    said = str(error)
"""

_DESCRIBED = """
class Positive:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, obj, owner=None):
        return obj.__dict__.get(self.name, 0)

    def __set__(self, obj, value):
        if value < 0:
            raise ValueError(self.name)
        obj.__dict__[self.name] = value


class Account:
    balance = Positive()

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance


account = Account("ann", 5)
total = account.balance + 1
account.balance = total
"""

_HOOKED = """
class Plugin:
    known = {}

    def __init_subclass__(cls, /, key=None):
        cls.known[key] = cls

    def __call__(self, x):
        return self.run(x)


class Double(Plugin, key="x2"):
    def run(self, x):
        return x * 2


def compose(*functions):
    def run(x):
        for function in functions:
            x = function(x)
        return x

    return run


pipe = compose(str, len, Double())
length = pipe(12345)
"""

_TASKS = """
import asyncio


async def fetch(i, done):
    await asyncio.sleep(0)
    done.append(i)
    if i == 1:
        raise RuntimeError("bad")
    return i * 10


async def main():
    done = []
    got = await asyncio.gather(*(fetch(i, done) for i in range(3)), return_exceptions=True)
    return [str(one) for one in got], done


print(asyncio.run(main()))
"""

_CONTEXTS = """
from contextlib import contextmanager


@contextmanager
def tag(out, name):
    out.append(name)
    try:
        yield out
    finally:
        out.append("/" + name)


out = []
with tag(out, "b") as body:
    body.append("hi")
    with tag(body, "i"):
        body.append("there")
text = "".join(out)
"""

_ITERATORS = """
from itertools import zip_longest

chunks = [list(one) for one in zip_longest(*[iter("abcde")] * 2, fillvalue="-")]
pair = (iter([1, 2, 3]),) * 2
"""

_GIVING = """
class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n <= 0:
            raise StopIteration
        self.n -= 1
        return self.n + 1


class Bag:
    def __init__(self, *items):
        self.items = list(items)

    def __iter__(self):
        for item in self.items:
            yield item

    def __len__(self):
        return len(self.items)


class Ordered:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        return self.n < other.n


a = list(Countdown(3))
b = sum(Countdown(2))
c = [n * 2 for n in Countdown(2)]
d = dict(zip("ab", Countdown(5)))
e = max(Bag(3, 9, 2))
f = sorted(Bag("b", "a"), reverse=True)
g = [*Bag(1, 2), *Countdown(1)]
h = tuple(x for x in Bag(4, 5) if x > 4)
i = max(Bag(Ordered(1), Ordered(3), Ordered(2))).n
j = any(n > 1 for n in Countdown(3))
down = Countdown(2)
k = list(down), down.n
"""

_TWINS = """
def both(x):
    a = b = []
    a.append(x); b.append(1)
    c = d = {}
    c[1] = 2
    d[3] = 4
    a = [5]
    b.append(6)
    return a, b, c, d


print(both(2))
"""

_COPIED = """
import copy


class Team:
    def __init__(self, **roles):
        self.roles = roles

    def __getattr__(self, role):
        try:
            return self.__dict__["roles"][role]
        except KeyError:
            raise AttributeError(role) from None


team = Team(lead="ann")
deep = copy.deepcopy(team)
lead = deep.lead
"""

_REACHED = """
class V:
    def visit(self, node):
        method = getattr(self, "visit_" + type(node).__name__)
        return method(node)

    def visit_int(self, node):
        return node + 1

    def visit_str(self, node):
        return getattr(self, "visit_int")(len(node))


class M:
    table = {"a": 1, "b": 2}
    order = ["x", "y"]

    def look(self, k):
        if k not in self.table:
            return self.order[0]
        return self.table[k] + len(self.order)


def gen(n):
    for i in range(n):
        yield str(i) + "!"
        yield dict(a=i)


def memo(n, kept={}):
    if n < 2:
        return n
    if n not in kept:
        kept[n] = memo(n - 1) + memo(n - 2)
    return kept[n]


def outer(n):
    seen = 0
    log = []

    def walk(k):
        nonlocal seen
        seen += 1
        log.append(k)
        if k > 0:
            walk(k - 1)
        return seen

    r = walk(n)
    return seen, log, r


v = V()
a = v.visit(3), v.visit("ab")
m = M()
b = m.look("a"), m.look("z")
c = list(gen(2))
d = memo(4)
e = outer(2)
f = v.visit_int
g = f(2)
print(a, b, c, d, e, g)
"""

_BODIES = """
class Field:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, obj, owner=None):
        return 1


class Base:
    seen = []

    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        cls.seen.append(cls.__name__)


class A(Base):
    x = Field()
    y = Field()
    z = 3


class B(A):
    pass


class Meta(type):
    def __new__(mcs, name, bases, ns):
        return super().__new__(mcs, name, bases, ns)


class C:
    w = Field()


print(Base.seen)
"""

_LIBRARY = """
import json
from queue import Queue, Empty


def f(q, text):
    try:
        a = q.get_nowait()
    except Empty:
        a = None
    try:
        b = json.loads(text)
    except ValueError:
        b = 0
    try:
        q.foo.bar()
    except AttributeError:
        c = 1
    return a, b, c


print(f(Queue(), "{"))
"""

SCRIPTS = {
    "reached": (_REACHED, 0.9),
    "bodies": (_BODIES, 0.7),
    "library": (_LIBRARY, 0.6),
    "giving": (_GIVING, 0.75),
    "twins": (_TWINS, 0.9),
    "copied": (_COPIED, 0),
    "post_init": (_POSTED, 0.9),
    "descriptors": (_DESCRIBED, 0),
    "hooks": (_HOOKED, 0),
    "tasks": (_TASKS, 0),
    "contexts": (_CONTEXTS, 0.6),
    "iterators": (_ITERATORS, 0),
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_nothing_is_told_or_ruled_out_wrongly(name: str, tmp_path: Path) -> None:
    await nothing_told_wrongly(*SCRIPTS[name], tmp_path)
