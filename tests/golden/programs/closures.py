"""Closures, nonlocal, decorators, lambdas, defaults, keyword-only arguments."""

import functools


def logged(function):
    calls = 0

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        nonlocal calls
        calls += 1
        return function(*args, **kwargs), calls

    return wrapper


@logged
def add(a, b=1, *, c=2):
    return a + b + c


def counter():
    count = 0

    def step(by=1):
        nonlocal count
        count += by
        return count

    return step


def main():
    step = counter()
    step()
    step(by=5)
    pair = add(1), add(1, c=3)
    order = sorted([3, 1, 2], key=lambda n: -n)
    return step(), pair, order
