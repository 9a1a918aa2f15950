"""Small programs that between them use every kind of statement, and a call to run each."""

from __future__ import annotations

import sys

from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise


def record(source: str, call: str, events: int = 5000) -> Trace:
    """The normalised trace of a real run in this interpreter."""
    return normalise(trace_call(source, call, Limits(events=events, seconds=10.0)))


def program(name: str) -> tuple[str, str]:
    """Source and call of a program."""
    source, call = PROGRAMS[name]
    return source.lstrip("\n"), call


def names() -> list[str]:
    """Programs that this interpreter can parse."""
    return [name for name in PROGRAMS if name != "except_star" or sys.version_info >= (3, 11)]


PROGRAMS: dict[str, tuple[str, str]] = {
    "assign": (
        "def f(n):\n    a = n + 1\n    b: int = a * 2\n    c: int\n    a += b\n    return a, b\n",
        "f(3)",
    ),
    "branches": (
        """
def f(n):
    '''A docstring.'''
    if n > 10:
        r = 'big'
    elif n > 5:
        r = 'middle'
    elif n > 3:
        r = 'small'
    else:
        r = 'tiny'
    if not n:
        return None
    return r
""",
        "f(4)",
    ),
    "constant_tests": (
        """
def f(n):
    if True:
        n += 1
    while True:
        n += 1
        if n > 5:
            break
    while 1:
        n -= 1
        if n < 3: break
    if False:
        n = 0
    else:
        n += 10
    return n
""",
        "f(1)",
    ),
    "loops": (
        """
def f(xs):
    total = 0
    for x in xs:
        if x == 2:
            continue
        if x == 9:
            break
        total += x
    else:
        total = -1
    i = 0
    while i < 3:
        i += 1
        if i == 2:
            continue
    else:
        total += 100
    for a, b in zip(xs, xs):
        pass
    return total
""",
        "f([1, 2, 3, 4])",
    ),
    "endless": (
        "def f(n):\n    while True:\n        n += 1\n        if n > 4:\n            return n\n",
        "f(1)",
    ),
    "one_line": (
        """
def f(n):
    for i in range(n): n += i
    while n > 3: n -= 2
    if n: n = 7
    x = 1; y = 2; z = x + y
    return n if z else 0
""",
        "f(4)",
    ),
    "calls": (
        """
def g(a, b=2, *args, c, **kw):
    return a + b + c + len(args)

def h(n):
    if n == 0:
        return 0
    return h(n - 1) + 1

def f(n):
    x = g(n, c=1)
    y = g(1, 2, 3, c=4, d=5)
    z = h(3) + h(1)
    return x + y + z
""",
        "f(3)",
    ),
    "mutation": (
        """
def add(xs, item):
    xs.append(item)
    xs.sort()

def f(n):
    xs = [3, 1]
    add(xs, n)
    add(xs, 0)
    xs[0] = 9
    del xs[1]
    d = {'a': 1}
    d['b'] = xs
    del d['a']
    s = {3, 1, 2}
    s.add(5)
    del s
    return d
""",
        "f(2)",
    ),
    "try_paths": (
        """
def check(n):
    if n < 0:
        raise ValueError('negative')
    return n

def f(n):
    log = []
    for value in (1, -1, 'x'):
        try:
            log.append(check(value))
        except ValueError as error:
            log.append(str(error))
        except (TypeError, KeyError):
            log.append('type')
        else:
            log.append('fine')
        finally:
            log.append('end')
    try:
        return log
    finally:
        log.append('last')
""",
        "f(1)",
    ),
    "try_nested": (
        """
def f(n):
    out = []
    for i in range(3):
        try:
            try:
                if i == 1:
                    raise KeyError(i)
                out.append(10 // i)
            except ZeroDivisionError:
                out.append('zero')
                raise ValueError('again') from None
            finally:
                out.append('inner')
        except ValueError:
            out.append('value')
            continue
        except KeyError:
            out.append('key')
            break
        finally:
            out.append('outer')
    return out
""",
        "f(1)",
    ),
    "uncaught": (
        """
def g(n):
    return 10 // n

def f(n):
    try:
        x = g(n)
    finally:
        y = 1
    return x + y
""",
        "f(0)",
    ),
    "not_handled": (
        """
def g(n):
    try:
        return [][n]
    except KeyError:
        return None

def f(n):
    try:
        g(n)
    except IndexError:
        n += 1
    try:
        n // 0
    except ValueError:
        n += 1
""",
        "f(1)",
    ),
    "past_a_clause": (
        """
class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *details):
        return None

def f(n):
    with Manager():
        try:
            n // 0
        except (TypeError, KeyError) as error:
            n += 1
    return n
""",
        "f(1)",
    ),
    "raised_again": (
        """
def f(n):
    try:
        n // 0
    except ZeroDivisionError:
        n += 1
        raise
""",
        "f(1)",
    ),
    "swallowed_at_the_end": (
        """
def f(n):
    try:
        n // 0
    finally:
        n += 1
        return None
""",
        "f(1)",
    ),
    "swallow": (
        """
def g():
    try:
        raise ValueError('no')
    finally:
        return None

def f():
    x = g()
    return x
""",
        "f()",
    ),
    "reraise": (
        """
def f(n):
    try:
        try:
            n / 0
        except ZeroDivisionError as e:
            n = 2
            raise
    except ArithmeticError:
        n = 3
    assert n == 3, 'three'
    try:
        assert n == 4, 'four'
    except AssertionError:
        return n
""",
        "f(1)",
    ),
    "except_star": (
        """
def f(n):
    try:
        raise ExceptionGroup('g', [ValueError(1), TypeError(2)])
    except* ValueError:
        n += 1
    except* TypeError:
        n += 2
    return n
""",
        "f(1)",
    ),
    "with_blocks": (
        """
class Manager:
    def __init__(self, eats):
        self.eats = eats

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return self.eats

def f(n):
    with Manager(False) as m:
        n += 1
    with Manager(True):
        n += 2
        raise ValueError(n)
    for i in range(3):
        with Manager(False), Manager(True) as inner:
            if i == 1:
                continue
            n += i
    with Manager(False):
        return n
""",
        "f(1)",
    ),
    "with_raises": (
        """
class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *details):
        return None

def g(n):
    with Manager():
        n += 1
        n // 0
    return n

def f(n):
    try:
        g(n)
    except ZeroDivisionError:
        n = 5
    return n
""",
        "f(1)",
    ),
    "with_break": (
        """
import contextlib

def f(n):
    while True:
        with contextlib.suppress(ValueError):
            n += 1
            if n > 3:
                break
            raise ValueError(n)
    return n
""",
        "f(1)",
    ),
    "match_cases": (
        """
def kind(x):
    match x:
        case 0:
            return 'zero'
        case [a, b]:
            r = a + b
        case {'k': v} if v > 1:
            r = v
        case str() as s:
            r = s
        case _:
            r = None
    return r

def f(n):
    return [kind(0), kind([1, 2]), kind({'k': 3}), kind({'k': 0}), kind('s'), kind(3.0)]
""",
        "f(1)",
    ),
    "comprehensions": (
        """
def g(x):
    return x * 2

def f(n):
    xs = [g(i) for i in range(n)]
    ys = {i: g(i) for i in xs if i}
    zs = {i % 2 for i in xs}
    t = sum(g(x) for x in xs)
    nested = [[j for j in range(i)] for i in range(3)]
    key = sorted(xs, key=lambda x: -x)
    pick = lambda a: g(a) + 1
    return pick(t), ys, zs, nested, key
""",
        "f(3)",
    ),
    "multi_line": (
        """
def g(a, b):
    return a + b

def f(
    n,
    m=2,
):
    x = g(
        n,
        m,
    )
    total = (
        x
        + g(1,
            2)
    )
    data = [
        n,
        g(3, 4),
    ]
    text = '''one
two'''
    for item in [
        1,
        2,
    ]:
        total += item
    if (
        total > 3
        and x
    ):
        total -= 1
    return {
        'a': total,
        'b': data,
        'c': text,
    }
""",
        "f(1)",
    ),
    "generators": (
        """
def count(n):
    i = 0
    while i < n:
        got = yield i
        i += 1
    return 'done'

def outer(n):
    result = yield from count(n)
    yield result

def f(n):
    xs = list(outer(n))
    g = count(2)
    a = next(g)
    b = g.send('hello')
    for x in count(2):
        a += x
    return xs, a, b
""",
        "f(2)",
    ),
    "interleaved": (
        """
def letters(word):
    for c in word:
        yield c

def f(n):
    out = []
    one = letters('abc')
    two = letters('xyz')
    for a, b in zip(one, two):
        out.append(a + b)
    return out
""",
        "f(1)",
    ),
    "closures": (
        """
def make(n):
    total = 0

    def add(x):
        nonlocal total
        total += x + n
        return total

    return add

counter = 0

def bump():
    global counter
    counter += 1

def f(n):
    add = make(n)
    add(1)
    bump()
    r = add(2)
    return r + counter
""",
        "f(3)",
    ),
    "classes": (
        """
class Account:
    def __init__(self, owner, amount):
        self.owner = owner
        self.amount = amount

    def __repr__(self):
        return f'Account({self.owner!r}, {self.amount})'

    @property
    def rich(self):
        return self.amount > 10

    def pay(self, n):
        self.amount -= n
        return self.amount

class Box:
    def __init__(self, owner, amount):
        self.items = [owner] * amount

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        yield from self.items

def f(n):
    a = Account('Ada', 20)
    b = Box('x', n)
    a.pay(3)
    size = len(b)
    for item in b:
        size += 1
    return a.rich, size

""",
        "f(2)",
    ),
    "class_inside": (
        """
def f(n):
    class Point:
        x = 1
        y: int = 2

        def area(self):
            return self.x * self.y

    @staticmethod
    def twice(k):
        return k * 2

    import math
    from math import floor as fl
    p = Point()
    return p.area() + fl(math.pi) + twice(n)
""",
        "f(2)",
    ),
    "decorated": (
        """
import functools

def shout(function):
    @functools.wraps(function)
    def wrapper(*args):
        result = function(*args)
        return result + 1
    return wrapper

@shout
def one(a):
    return a

@shout
def two(a, b):
    c = a + b
    return c

@functools.cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def f(n):
    return one(n) + two(n, 1) + fib(4)
""",
        "f(2)",
    ),
    "repeated_lines": (
        """
def f(x):
    x += 1
    x += 1
    if x > 2:
        x += 1
        x += 1
    for i in range(2):
        x += 1
        x += 1
    x += 1
    return x
""",
        "f(1)",
    ),
    "async_calls": (
        """
import asyncio

async def inner(n):
    await asyncio.sleep(0)
    return n + 1

async def work(n):
    a = await inner(n)
    async with asyncio.Lock():
        b = await inner(a)
    return a + b

def f(n):
    return asyncio.run(work(n))
""",
        "f(1)",
    ),
    "strange_text": (
        """
def f(s):
    t = s + '<|frame_sep|>'  # <|line_sep|> # << START_OF_TRACE
    u = t + 'é😀"\\\\'
    v = '..'
    w = v
    return A(u)

class A:
    def __init__(self, u):
        self.u = u

    def __repr__(self):
        return '..'
""",
        "f('<|action_sep|>')",
    ),
    "walrus": (
        """
def f(xs):
    out = []
    while (n := len(xs)) > 1:
        out.append(n)
        xs = xs[1:]
    if (m := n * 2) > 1 and (k := m):
        out.append(k)
    a = b = c = 1
    (a, b), *rest = (b, c), 3, 4
    del a, b
    return out
""",
        "f([1, 2, 3])",
    ),
    "empty_bodies": (
        """
def nothing():
    pass

def docstring():
    'Only this.'

def dots(): ...

def f(n):
    for i in range(2):
        pass
    while n:
        n -= 1
    if n:
        pass
    else:
        n = 0
    nothing()
    docstring()
    dots()
""",
        "f(2)",
    ),
    "attributes": (
        """
class Item:
    def __init__(self, name):
        self.name = name
        self.seen = {}


class Shelf:
    def __init__(self):
        self.items = []

    def put(self, item):
        item.seen['at'] = len(self.items)
        self.items.append(item)


def f(names):
    shelf = Shelf()
    for name in names:
        shelf.put(Item(name))
    first = shelf.items[0]
    first.name += '\\n'
    return len(shelf.items)
""",
        "f(['a', 'b\\t'])",
    ),
}
