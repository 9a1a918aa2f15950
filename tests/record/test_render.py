"""Values as text: Python's ``repr`` where it is faithful, bounded and without surprises everywhere else."""

from __future__ import annotations

import dataclasses
import queue
import sys
import threading
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.trace import walk
from cwm_lsp.trace.model import Value
from cwm_lsp.trace.render import Renderer, RenderLimits, render

WIDE = RenderLimits(string=10_000, items=10_000, depth=100, text=1_000_000)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
)
HASHABLE = st.recursive(
    SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=1), max_leaves=4
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner),
        st.tuples(inner),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.sets(HASHABLE, max_size=1),
        st.lists(inner).map(deque),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_builtins_are_written_as_python_writes_them(value: object) -> None:
    text, kind, size, cut, opaque = render(value, WIDE)
    assert text == repr(value)
    assert (kind, size, cut, opaque) == (type(value).__name__, None, False, False)


@given(VALUES, st.integers(1, 5), st.integers(1, 5), st.integers(1, 3))
def test_any_limits_bound_any_value(value: object, string: int, items: int, depth: int) -> None:
    shown = Value(*render(value, RenderLimits(string, items, depth, 60)))
    assert len(shown.text) < 2000
    assert shown.cut or shown.opaque or shown.text == repr(value)


@given(st.sets(st.integers()) | st.sets(st.text()) | st.sets(st.integers() | st.text()))
def test_sets_have_one_order(members: set[Any]) -> None:
    texts = {render(set(order), WIDE)[0] for order in (list(members), list(members)[::-1])}
    assert len(texts) == 1
    assert eval(texts.pop()) == members


@dataclasses.dataclass
class Point:
    x: int
    y: list[int]
    hidden: int = dataclasses.field(default=0, repr=False)


Pair = namedtuple("Pair", "left right")


class Plain:
    pass


class Rude:
    def __repr__(self) -> str:
        raise SystemExit("no")


class Mute(Exception):
    """An exception that cannot be written, nor by what is stored in every exception."""

    def __repr__(self) -> str:
        raise RuntimeError("mute")


class Addressed:
    def __repr__(self) -> str:
        return object.__repr__(self)


class Mutating:
    looked = 0

    @property
    def trap(self) -> int:
        Mutating.looked += 1
        return 1


def cyclic() -> list[Any]:
    items: list[Any] = [1]
    items.append(items)
    return items


def moved() -> OrderedDict[Any, int]:
    items = OrderedDict([(1, 1), ((2,), 2), (3, 3)])
    items.move_to_end(1)
    return items


def generator() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Point(1, [2]), "Point(x=1, y=[2])"),
        (Pair(1, "r"), "Pair(left=1, right='r')"),
        (cyclic(), "[1, [...]]"),
        (defaultdict(list, {1: [2]}), "defaultdict(<class 'list'>, {1: [2]})"),
        (OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (moved(), "OrderedDict({(2,): 2, 3: 3, 1: 1})"),
        (Counter("aab"), "Counter({'a': 2, 'b': 1})"),
        (deque([1], maxlen=3), "deque([1], maxlen=3)"),
        (set(), "set()"),
        (frozenset({2, 1}), "frozenset({1, 2})"),
        ([generator, len], "[<function generator>, <built-in function len>]"),
        (KeyError("k"), "KeyError('k')"),
        ("\ud800", r"'\ud800'"),
        (float("nan"), "nan"),
    ],
)
def test_known_types(value: object, text: str) -> None:
    assert render(value)[0] == text
    assert not render(value)[4]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (generator, "<function generator>"),
        (Plain, "<class 'Plain'>"),
        (sys, "<module 'sys'>"),
        (len, "<built-in function len>"),
    ],
)
def test_a_name_alone_says_nothing_to_compare(value: object, text: str) -> None:
    assert render(value)[0] == text
    assert render(value)[4]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Plain(), "<Plain object>"),
        (Rude(), "<Rude object>"),
        (Addressed(), "<tests.record.test_render.Addressed object>"),
        (Mute(), "<Mute object>"),
        (Point.__new__(Point), "<Point object>"),
        ([Plain()], "[<Plain object>]"),
        (generator(), "<generator object generator>"),
        (threading.Lock(), "<unlocked _thread.lock object>"),
        (7**5000, "<int of 14,037 bits>"),
    ],
)
def test_values_that_cannot_be_told_are_opaque(value: object, text: str) -> None:
    shown = Value(*render(value))
    assert shown.text.replace(f"{__name__}.", "tests.record.test_render.") == text
    assert shown.opaque


class Cart:
    """An object without a ``__repr__``; what it counts is a property."""

    looked = 0

    def __init__(self, *items: object) -> None:
        self.items = list(items)
        self.owner: object = None

    @property
    def count(self) -> int:
        Cart.looked += 1
        return len(self.items)


class Slotted:
    """One attribute in a slot, one that was never stored, one beside them."""

    __slots__ = ("__dict__", "first", "missing")

    def __init__(self) -> None:
        self.first = 1
        self.other = "x"


class Unequal(type):
    """Classes that can be no keys."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(cls, other: object) -> bool:
        raise RuntimeError("asked")


class Odd(metaclass=Unequal):
    """An object of such a class."""

    def __init__(self) -> None:
        self.n = 3


def looped() -> Cart:
    cart = Cart()
    cart.owner = cart
    return cart


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Cart(1, "a"), "<Cart items=[1, 'a'], owner=None>"),
        ({"k": Cart()}, "{'k': <Cart items=[], owner=None>}"),
        (looped(), "<Cart items=[], owner=<Cart ...>>"),
        (
            Cart(Cart(Cart())),
            "<Cart items=[<Cart items=[<Cart items=[], owner=None>], owner=None>], owner=None>",
        ),
        (Slotted(), "<Slotted first=1, other='x'>"),
        (Odd(), "<Odd n=3>"),
    ],
)
def test_an_object_of_the_user_s_shows_its_attributes(value: object, text: str) -> None:
    assert render(value)[0] == text
    assert render(value)[3:] == (False, False)
    assert Cart.looked == 0


def test_objects_in_objects_are_shown_to_a_depth() -> None:
    shown = Value(*render(Cart(Cart(Cart(Cart())))))
    assert shown.cut
    assert shown.text.count("<Cart items") == 3
    assert "<Cart …>" in shown.text


def test_an_object_of_the_interpreter_s_is_not_unfolded() -> None:
    with pytest.raises(ValueError, match="no") as raised:
        raise ValueError("no")
    assert render(raised.value.__traceback__)[0] == "<traceback object>"


@pytest.mark.parametrize("value", [pytest.MonkeyPatch(), queue.Queue()])
def test_an_object_of_a_library_s_is_not_unfolded(value: object) -> None:
    assert vars(value)
    assert "=" not in render(value)[0]


@pytest.mark.parametrize(
    ("value", "text", "size"),
    [
        (list(range(10_000)), "[0, 1, 2, … 9,997 more]", 10_000),
        ({n: n for n in range(5)}, "{0: 0, 1: 1, 2: 2, … 2 more}", 5),
        ("x" * 100, "'xxxxx… 95 more'", 100),
        (b"x" * 100, "b'xxxxx… 95 more'", 100),
        ([[1, 2, 3, 4]], "[[1, 2, 3, … 1 more]]", 1),
        ([[[[[1]]]]], "[[[[[…]]]]]", 1),
    ],
)
def test_what_is_cut_says_how_much(value: object, text: str, size: int) -> None:
    shown = Value(*render(value, RenderLimits(string=5, items=3, depth=4)))
    assert (shown.text, shown.cut, shown.size) == (text, True, size)


def test_no_property_is_read() -> None:
    assert render(Mutating())[0] == "<Mutating object>"
    assert Mutating.looked == 0


def test_a_repr_that_took_long_is_not_asked_again() -> None:
    asked: list[int] = []

    class Slow:
        def __repr__(self) -> str:
            asked.append(1)
            return "Slow()"

    renderer = Renderer(RenderLimits(seconds=-1))
    assert [renderer.render(Slow())[0] for _ in range(3)] == ["Slow()", "<Slow object>", "<Slow object>"]
    assert len(asked) == 1


@pytest.mark.parametrize(("waited", "worked", "asked"), [(0.1, 0.0, 3), (0.1, 0.1, 1), (0.2, 0.0, 1)])
def test_a_type_is_asked_again_after_a_moment_in_which_nothing_ran(
    waited: float, worked: float, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0, 0.0]
    calls: list[int] = []

    class Held:
        def __repr__(self) -> str:
            calls.append(1)
            clock[0] += waited
            clock[1] += worked
            return "Held()"

    monkeypatch.setattr(walk, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(walk, "thread_time", lambda: clock[1])
    renderer = Renderer()
    for _ in range(3):
        renderer.render(Held())
    assert len(calls) == asked
