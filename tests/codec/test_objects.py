"""What is told of objects: their attributes, the names that share them, and what calls make of them."""

from __future__ import annotations

import pytest

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.callables import callables_of
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.deeds import effect
from cwm_lsp.codec.definitions import readable
from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.machine import Machine
from cwm_lsp.codec.shapes import dataclass_shape
from cwm_lsp.codec.values import Names
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.codec.working import tell
from cwm_lsp.trace.model import Event, EventKind, Trace
from cwm_lsp.trace.statements import parse
from tests.codec.programs import record

CART = """
class Item:
    def __init__(self, name, price):
        self.name = name
        self.price = price


class Cart:
    def __init__(self):
        self.items = []
        self.total = 0

    def add(self, item, count=1):
        for _ in range(count):
            self.items.append(item)
            self.total += item.price
        return self.total


def f(price):
    cart = Cart()
    pen = Item("pen", price)
    cart.add(pen)
    pen.price += 1
    cart.add(Item("cup", 5))
    first = cart.items[0]
    first.name = "ink"
    return cart.total + len(cart.items)
"""

ALIASES = """
def double(values):
    for i in range(len(values)):
        values[i] *= 2


def forget(values):
    values = []
    values.append(1)
    return values


def f(rows):
    same = rows
    for row in rows:
        row.append(0)
    double(rows[0])
    forget(rows)
    same += [[9]]
    by = {"a": [8], "b": [7]}
    for key, group in by.items():
        group.append(key)
    last = by.setdefault("c", [])
    last.append(3)
    rows = [1]
    same.append(rows)
    rows.append(2)
    return same, rows
"""

SHAPES = """
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass
class Player:
    name: str
    score: int = 0
    moves: list = field(default_factory=list)


class Pair(NamedTuple):
    left: int
    right: int = 7


class Shape:
    def __init__(self, sides):
        self.sides = sides

    @property
    def label(self):
        return f"{self.sides} sides"


class Box(Shape):
    def __init__(self, width):
        super().__init__(4)
        self.width = width

    def area(self):
        return self.width ** 2


def play(player, points):
    player.score += points
    player.moves.append(points)


def weight(word):
    return len(word)


def words(n):
    return [str(i) for i in range(n)]


def f(points):
    one = Player("ann")
    play(one, points)
    play(player=one, points=2)
    pair = Pair(1)
    box = Box(3)
    text = box.label
    text += str(box.area())
    ranked = sorted(["fig", "a"], key=weight)
    for word in words(2):
        text += word
    if points: text += "!"; ranked.append(text)
    a, b, c = pair.left, one, ranked
    return a, b, c
"""


GENERATORS = """
from collections import deque


def squares(n):
    for i in range(n):
        yield i * i


class Bag:
    def __init__(self, items):
        self.items = items

    def pairs(self):
        for place, item in enumerate(self.items, start=1):
            yield place, item


def f(n):
    out = 0
    queue = deque([[0]])
    for square in squares(n):
        if square % 2:
            continue
        out += square
        queue.append([square])
    first = queue.popleft()
    for place, item in Bag(["a", "b"]).pairs():
        queue.append(item * place)
    return out, queue, first
"""


class Seen:
    """The events of a run, each with what was told before it of the line that it ends."""

    def __init__(self, source: str, call: str) -> None:
        trace: Trace = record(source.lstrip("\n"), call)
        self.machine = Machine.of(trace, Names())
        self.wrong: list[str] = []
        self.untold: list[str] = []
        self.entered: list[tuple[int, tuple[int, ...]]] = []
        for event in trace.events:
            self.machine.settle(event)
            self._compare(event)
            self.machine.apply(event)

    def _compare(self, event: Event) -> None:
        if not self.machine.state.frames:
            return
        frame = self.machine.state.frames[-1]
        logical = self.machine.slice.by_line[frame.line]
        if event.kind is EventKind.CALL:
            found = awaited(frame, self.machine.state, self.machine.slice)
            self.entered.append((event.line, tuple(one.line for one in found.targets) if found else ()))
        if event.kind not in (EventKind.LINE, EventKind.RETURN) or frame.fresh:
            return
        texts = readable(frame, self.machine.slice.constants)
        does = effect(logical.deeds, texts, frame.returned, frame.shares)
        told = {**frame.renewed, **does.changed}
        after = {name: value.text for name, value in event.locals.items()}
        where = f"line {frame.line}: "
        self.wrong += [f"{where}{name} {text}" for name, text in told.items() if after[name] != text]
        known = {one.text for one in tell(logical.work, texts, frame.returned, True).values()}
        known |= {*frame.texts.values(), *told.values(), *frame.returned}
        if frame.line in frame.visits:
            return
        self.untold += [
            f"{where}{name} {text}"
            for name, text in after.items()
            if frame.texts.get(name) != text and text not in known
        ]


@pytest.mark.parametrize(
    ("source", "call"),
    [(CART, "f(3)"), (ALIASES, "f([[1], [2]])"), (SHAPES, "f(5)"), (SHAPES, "f(0)"), (GENERATORS, "f(4)")],
)
def test_what_is_told_of_objects_is_what_happens_to_them(source: str, call: str) -> None:
    seen = Seen(source, call)
    assert seen.wrong == []
    assert seen.untold == []


@pytest.mark.parametrize(("source", "call"), [(CART, "f(3)"), (SHAPES, "f(5)"), (GENERATORS, "f(4)")])
def test_the_function_that_is_entered_is_the_one_that_is_awaited(source: str, call: str) -> None:
    seen = Seen(source, call)
    assert len(seen.entered) > 4
    assert all(awaited == (line,) for line, awaited in seen.entered)


def test_a_method_of_several_classes_is_told_by_the_receiver() -> None:
    source = "class A:\n def m(self): pass\nclass B:\n def m(self): pass\ndef f(x):\n x.m()\n"
    tree = parse(source)
    assert tree is not None
    (site,) = callables_of(source).sites(tree.body[2].body[0])  # type: ignore[attr-defined]
    assert [target.line for target in site.of({"x": "<B n=1>"})] == [4]
    assert [target.line for target in site.of({"x": "<Other object>"})] == [2, 4]


@pytest.mark.parametrize(("call", "known"), [("f(1)", "abc"), ("f(1, **more)", "a"), ("f(1, c=4)", "abc")])
def test_a_default_is_known_where_all_that_is_given_is_written(call: str, known: str) -> None:
    source = f"def f(a, b=2, c=3): pass\ndef g(more):\n {call}\n"
    tree = parse(source)
    assert tree is not None
    (site,) = callables_of(source).sites(tree.body[1].body[0])  # type: ignore[attr-defined]
    assert "".join(sorted(name for name, _ in site.values(site.targets[0]))) == known


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("@dataclass\nclass P:\n x: int\n y: int = 0\n", "<dataclass P(x, y=0)>"),
        (
            "@dataclass(frozen=True)\nclass P:\n x: list = field(default_factory=list)\n",
            "<dataclass P(x=[])>",
        ),
        ("class P(NamedTuple):\n x: int\n", "<dataclass P(x)>"),
        ("@dataclass\nclass P:\n x: int\n def __post_init__(self): ...\n", None),
        ("@dataclass\nclass P:\n x: ClassVar[int] = 3\n", None),
        ("@dataclass\nclass P:\n x: int = made()\n", None),
        ("@dataclass(repr=False)\nclass P:\n x: int\n", None),
        ("class P:\n x: int\n", None),
    ],
)
def test_only_a_class_that_stores_its_arguments_has_a_shape(body: str, shape: str | None) -> None:
    tree = parse(body)
    assert tree is not None
    assert dataclass_shape(tree.body[0]) == shape  # type: ignore[arg-type]


def test_what_an_expression_comes_to_is_not_taken_for_the_name_that_it_ends_with() -> None:
    trace = record("def f(n):\n    m = n + n\n    return m\n", "f(4)")
    machine = Machine.of(trace, Names())
    for event in trace.events[:2]:
        given = machine.apply(event)
    operands = [given[place + 1] for place, token in enumerate(given) if token == Special.OPERAND]
    assert operands == [*v.byte_tokens("4"), *v.byte_tokens("4"), *v.byte_tokens("8")]


def test_without_aid_nothing_is_said_of_calls_and_their_objects() -> None:
    trace = record(CART.lstrip("\n"), "f(3)")
    aided, unaided = CompactCodec().encode(trace), CompactCodec(aided=False).encode(trace)
    assert len(unaided.tokens) < len(aided.tokens)
    assert [span.kind for span in unaided.spans] == [span.kind for span in aided.spans]
