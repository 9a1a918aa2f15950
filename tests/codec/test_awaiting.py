"""Which call comes next, and with what: as real runs go."""

from __future__ import annotations

import pytest

from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.facts import passed
from cwm_lsp.codec.machine import Machine
from cwm_lsp.codec.values import Names
from cwm_lsp.trace.model import EventKind
from tests.codec.programs import record

FUNCTIONS = """
def double(x):
    return x * 2

def low(x, limit=3):
    return x < limit

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

"""

DECIDED = {
    "comprehension": ("def f(xs):\n    return [double(x) for x in xs if x > 1]\n", "f([1, 3, 4])"),
    "nested": ("def f(x):\n    return double(double(x) + 1)\n", "f(2)"),
    "conditional": ("def f(n):\n    return fib(n)\n", "f(4)"),
    "and": ("def f(xs):\n    return xs and double(xs[0])\n", "f([])"),
    "or": ("def f(x):\n    return low(x) or double(x) or fib(x)\n", "f(5)"),
    "any": ("def f(xs):\n    return any(low(x) for x in xs)\n", "f([5, 1, 2])"),
    "all": ("def f(xs):\n    return all(low(x, limit=2) for x in xs)\n", "f([1, 5, 2])"),
    "key": ("def f(xs):\n    return sorted(xs, key=double)\n", "f([3, 1])"),
    "map": ("def f(xs):\n    return list(map(double, xs)) + [fib(1)]\n", "f([3, 1])"),
    "one line, taken": ("def f(x):\n    if x > 2: x += double(x)\n    return x\n", "f(3)"),
    "one line, missed": ("def f(x):\n    if x > 2: x += double(x)\n    return x\n", "f(1)"),
    "loop head": ("def f(x):\n    for i in range(double(x)):\n        x -= 1\n    return x\n", "f(1)"),
    "earlier change": ("def f(xs):\n    return double(xs.pop()) + double(xs.pop())\n", "f([1, 2])"),
    "raises first": ("def f(xs):\n    return double(xs[3])\n", "f([1, 2])"),
}


def entered(
    source: str, call: str
) -> tuple[list[tuple[int, dict[str, str]]], list[tuple[int, dict[str, str]]]]:
    """Line and parameters of each call that was made, and of each that was awaited: two lists of equals.

    A line that ends without a call while one was awaited counts as an awaited one too many.
    """
    trace = record(source, call)
    machine = Machine.of(trace, Names())
    made: list[tuple[int, dict[str, str]]] = []
    thought: list[tuple[int, dict[str, str]]] = []
    for event in trace.events:
        machine.settle(event)
        if machine.state.frames and not machine.state.frames[-1].fresh:
            frame = machine.state.frames[-1]
            found = awaited(frame, machine.state, machine.slice)
            if found is not None:
                thought.append((found.targets[0].line, dict(passed(frame, machine.slice, found))))
            if event.kind is EventKind.CALL:
                made.append((event.line, {name: value.text for name, value in event.locals.items()}))
        machine.apply(event)
    return made, thought


@pytest.mark.parametrize("name", DECIDED)
def test_the_next_call_and_what_it_is_handed(name: str) -> None:
    source, call = DECIDED[name]
    made, thought = entered(FUNCTIONS + source, call)
    assert thought == made


def test_what_an_argument_cannot_be_worked_out_to_is_left_open() -> None:
    source = "import random\n\ndef f(x):\n    return double(random.random()) and low(x)\n"
    made, thought = entered(FUNCTIONS + source, "f(1)")
    assert [line for line, _ in thought] == [line for line, _ in made]
    assert thought[0][1] == {}
    assert thought[1][1] == {"x": "1", "limit": "3"}
