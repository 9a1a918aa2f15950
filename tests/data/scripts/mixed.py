from enum import Enum
from functools import lru_cache, reduce, wraps, partial
from itertools import groupby, accumulate
from typing import NamedTuple


class Color(Enum):
    RED = "r"
    BLUE = "b"


class Point(NamedTuple):
    x: int
    y: int = 0


def logged(fn):
    @wraps(fn)
    def inner(*args, **kwargs):
        result = fn(*args, **kwargs)
        LOG.append((fn.__name__, args, result))
        return result
    return inner


LOG = []


@logged
def area(p):
    return p.x * p.y


@lru_cache(maxsize=None)
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def paint(color):
    match color:
        case Color.RED:
            return "stop"
        case Color.BLUE:
            return "go"


def handle(command):
    match command.split():
        case ["go", place]:
            return f"to {place}"
        case ["take", *things]:
            return things
        case _:
            return None


def counter(start=0):
    count = start

    def step(by=1):
        nonlocal count
        count += by
        return count

    return step


def chunks(items, size):
    for i in range(0, len(items), size):
        yield items[i:i + size]


p = Point(3, 4)
q = p._replace(y=5)
a = area(p)
f = fib(5)
text = paint(Color("b"))
cmds = [handle(c) for c in ("go home", "take a b", "x")]
step = counter(10)
step()
n = step(by=5)
groups = {k: list(g) for k, g in groupby(sorted(["aa", "b", "cc"], key=len), key=len)}
sums = list(accumulate([1, 2, 3]))
parts = list(chunks([1, 2, 3, 4, 5], 2))
product = reduce(lambda x, y: x * y, [1, 2, 3, 4])
double = partial(pow, 2)
k = double(5)
g = (i * i for i in range(3))
first = next(g)
rest = list(g)
it = iter([1, 2])
one = next(it)
x, *middle, last = [1, 2, 3, 4]
add = lambda u, v=2: u + v
z = add(1)
flag = any(v > 3 for v in middle) or not middle
print(q, a, f, text, cmds, n, groups, sums, parts, product, k, first, rest, one, x, middle, last, z, flag, LOG)
