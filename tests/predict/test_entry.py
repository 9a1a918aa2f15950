"""The state in which a call begins, found from text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.errors import ArgumentsError, SourceError, TargetError
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.data import run
from cwm_lsp.predict import ProbabilityMap, entry_trace
from cwm_lsp.trace.model import SourceFile

SOURCE = """\
import os

@staticmethod
def decorated(a): return a

def f(a, b=2, *rest, c, d='x', **more):
    return a

def g(a, /, b, here=os.sep):
    return a

def f2(): return 1

class Stack:
    def push(self, item):
        return item

    @classmethod
    def of(cls, item): return item
"""


def bound(function: str, arguments: str) -> dict[str, str]:
    event = entry_trace(SourceFile("m.py", SOURCE), function, arguments).events[0]
    return {name: value.text for name, value in event.locals.items()}


def test_parameters_are_bound_as_a_call_binds_them() -> None:
    assert bound("f", "1, c=3") == {"a": "1", "b": "2", "c": "3", "d": "'x'", "rest": "()", "more": "{}"}
    assert bound("f", "1, 5, 6, 7, c=[1], z={'k': 2}") == {
        "a": "1", "b": "5", "c": "[1]", "d": "'x'", "rest": "(6, 7)", "more": "{'z': {'k': 2}}",
    }  # fmt: skip
    assert bound("g", "-1, {3, 1, 2}")["b"] == "{1, 2, 3}"
    assert bound("Stack.push", "4") == {"self": "<Stack object>", "item": "4"}
    assert bound("Stack.of", "4") == {"cls": "<class 'Stack'>", "item": "4"}


def test_the_call_stands_at_the_first_line_of_the_definition() -> None:
    assert entry_trace(SourceFile("m.py", SOURCE), "decorated", "1").events[0].line == 3


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        ("f", "1", "needs a value for c"),
        ("f", "1, a=2, c=3", "got a twice"),
        ("g", "1, 2, 3, 4", "takes 3 positional arguments, 4"),
        ("decorated", "1, 2", "takes 1 positional argument, 2"),
        ("g", "1, 2, z=3", "no parameter z"),
        ("g", "1, 2 +", "do not parse"),
        ("g", "1, open('x')", "is not a literal"),
        ("g", "*[1, 2]", "cannot be unpacked"),
        ("g", "1) + (2", "do not parse"),
        ("f2", "1", "takes 0 positional"),
    ],
)
def test_arguments_that_do_not_fit_say_why(function: str, arguments: str, words: str) -> None:
    with pytest.raises(ArgumentsError, match=words):
        bound(function, arguments)


def test_a_function_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(TargetError, match=r"Stack\.push"):
        bound("nothing", "")


def test_source_that_does_not_parse_says_where() -> None:
    with pytest.raises(SourceError, match="line 1"):
        entry_trace(SourceFile("m.py", "def f(:"), "f", "")


@given(
    st.lists(st.integers(-99, 99) | st.text(max_size=5) | st.booleans() | st.none(), min_size=1, max_size=4)
)
def test_a_real_call_begins_in_the_same_state(values: list[object]) -> None:
    names = ", ".join(f"p{index}" for index in range(len(values)))
    arguments = ", ".join(map(repr, values))
    source = f"def f({names}):\n    return p0\n"
    real = run(Program(source, f"f({arguments})", "test"))
    assert real is not None
    assert dict(real.events[0].locals) == dict(
        entry_trace(SourceFile("m.py", source), "f", arguments).events[0].locals
    )


def test_calibration_is_piecewise_linear() -> None:
    calibration = ProbabilityMap(((0.1, 0.0), (0.5, 0.4), (0.9, 1.0)))
    assert [round(calibration(p), 3) for p in (0.0, 0.1, 0.3, 0.5, 0.7, 1.0)] == [
        0.0,
        0.0,
        0.2,
        0.4,
        0.7,
        1.0,
    ]
    assert ProbabilityMap()(0.3) == 0.3


OBJECTS = """\
from dataclasses import dataclass
from datetime import date
import os


@dataclass
class Item:
    name: str
    price: float = 1.5


class Cart:
    def __init__(self, owner, items=None):
        self.owner = owner
        self.items = list(items or [])
        for item in self.items:
            self.check(item)

    def check(self, item):
        if item.price < 0:
            raise ValueError(item.name)

    def total(self, rate):
        return sum(item.price for item in self.items) * rate


class Big(Cart):
    pass


class Here:
    def __init__(self):
        self.place = os.getcwd()

    def show(self):
        return self.place


def cost(item, day=None):
    return item.price
"""


def begun(function: str, arguments: str) -> dict[str, str]:
    event = entry_trace(SourceFile("m.py", OBJECTS), function, arguments).events[0]
    return {name: value.text for name, value in event.locals.items()}


def test_objects_that_follow_from_the_file_are_made_without_running_it() -> None:
    assert begun("cost", "Item('pen'), date(2024, 2, 29)") == {
        "item": "Item(name='pen', price=1.5)",
        "day": "datetime.date(2024, 2, 29)",
    }
    assert begun("Cart.total", "Cart('ann', [Item('pen'), Item('ink', 9.0)]), 2") == {
        "self": "<Cart owner='ann', items=[Item(name='pen', price=1.5), Item(name='ink', price=9.0)]>",
        "rate": "2",
    }
    assert begun("Cart.total", "Big('bob'), rate=3")["self"] == "<Big owner='bob', items=[]>"
    assert begun("cost", "set()")["item"] == "set()"


def test_an_object_that_does_not_follow_is_not_invented() -> None:
    with pytest.raises(ArgumentsError, match="does not follow from the file"):
        begun("Here.show", "Here()")
    with pytest.raises(ArgumentsError, match="does not follow from the file"):
        begun("cost", "Cart('ann', [Item('pen', -1)])")  # which raises
    with pytest.raises(ArgumentsError, match="called on an object"):
        begun("Cart.total", "2")
    assert begun("Here.show", "") == {"self": "<Here object>"}


def test_a_file_that_does_not_fit_is_no_reason_to_fail() -> None:
    many = "".join(f"\n\ndef f{n}(x):\n    return f{n + 1}(x)\n" for n in range(2_000))
    source = SourceFile("m.py", f"{OBJECTS}{many}\n\ndef g(x=f0(1)):\n    return f0(x)\n")
    assert entry_trace(source, "Here.show", "").events[0].locals["self"].text == "<Here object>"
