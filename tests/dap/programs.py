"""Programs that are stepped. ``import`` of a package that does not exist proves that nothing runs."""

from __future__ import annotations

GHOST = """import package_that_does_not_exist


def total(xs):
    result = 0
    for x in xs:
        result = result + x
    return result


def double(n):
    m = add(n, n)
    return m


def add(a, b):
    c = a + b
    return c


def pick(table, key):
    found = table[key]
    return found


def odd(n):
    if n % 2 == 1:
        kind = "odd"
    else:
        kind = "even"
    return kind
"""


def line(text: str, nth: int = 1, source: str = GHOST) -> int:
    """The number of the ``nth`` line of a program that holds ``text``."""
    return [number for number, one in enumerate(source.splitlines(), 1) if text in one][nth - 1]
