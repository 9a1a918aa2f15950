"""What tests have imported of a module stays the same object, and does what the candidate does."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from cwm_lsp.repair.agent.transplant import transplant
from cwm_lsp.repair.model import Status
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification

SOURCE = """
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache, wraps


class State(Enum):
    NEW = 1
    DONE = 2

    def ended(self):
        return self is State.DONE


AFTER = {State.NEW: [State.DONE], State.DONE: []}
KNOWN = []
NOTHING = object()


def counted(times):
    def around(function):
        @wraps(function)
        def inner(*args):
            return function(*args) * times
        return inner
    return around


@counted(2)
def twice(n):
    return n


@lru_cache
def size(n):
    return n + 1


class Base:
    def __init__(self):
        self.parts = [1]


class Box(Base):
    state = State.NEW

    def __init__(self):
        super().__init__()
        self.next = AFTER[self.state]


BOX = Box()


class Point:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


ORIGIN = Point(0)


@dataclass
class Line:
    state: State = State.NEW
    parts: list = field(default_factory=list)


def add(one, other=NOTHING):
    KNOWN.append(one)
    return other is NOTHING
"""


def loaded(source: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("shown_here")
    monkeypatch.setitem(sys.modules, "shown_here", module)
    exec(compile(source, "shown_here.py", "exec"), module.__dict__)
    return module


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return loaded(SOURCE, monkeypatch)


def changed(old: ModuleType, monkeypatch: pytest.MonkeyPatch, before: str = "", after: str = "") -> None:
    assert before in SOURCE
    transplant(old, loaded(SOURCE.replace(before, after, 1), monkeypatch))
    sys.modules["shown_here"] = old


def test_members_of_an_enumeration_stay_what_they_are(
    old: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, done, after = old.State.NEW, old.State.DONE, old.AFTER
    changed(old, monkeypatch, "self is State.DONE", "self is State.NEW")
    assert old.State.NEW is new
    assert old.AFTER is after
    assert after[new] == [done]
    assert old.Line().state is new
    assert old.Box().next == [done]
    assert (new.ended(), done.ended()) == (True, False)


def test_a_table_that_a_test_holds_is_the_one_that_is_filled(
    old: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, nothing = old.KNOWN, old.NOTHING
    known.append(7)
    changed(old, monkeypatch, "KNOWN = []", "KNOWN = [1, 2]")
    assert old.add(3)
    assert not old.add(3, None)
    assert known == [1, 2, 3, 3]
    assert old.NOTHING is nothing


def test_an_object_of_the_module_gets_the_fields_that_it_is_made_with(
    old: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = old.BOX
    changed(old, monkeypatch, "self.parts = [1]", "self.parts = [1, 2]")
    assert old.BOX is box
    assert box.parts == [1, 2]
    assert isinstance(box, old.Base)
    assert old.Box().parts == [1, 2]
    assert isinstance(old.ORIGIN, old.Point)


def test_fields_of_a_dataclass_change_their_kind(old: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = old.Line
    changed(old, monkeypatch, "field(default_factory=list)", "()")
    assert kind().parts == ()
    changed(old, monkeypatch, "default_factory=list", "default_factory=set")
    assert kind().parts == set()


def test_a_decorator_and_what_it_decorates_change(old: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    twice, size = old.twice, old.size
    assert (twice(3), size(3)) == (6, 4)
    changed(old, monkeypatch, "function(*args) * times", "function(*args) + times")
    assert twice(3) == 5
    changed(old, monkeypatch, "@counted(2)\n", "@counted(4)\n")
    assert twice(3) == 12
    changed(old, monkeypatch, "return n + 1", "return n + 2")
    assert size(3) == 5


ORDERS = """from enum import Enum


class Rank(Enum):
    HIGH = 0
    LOW = 1


PLACES = {Rank.HIGH: "top", Rank.LOW: "bottom"}
DEFAULTS = {"server": {"port": 1}}


def settings(port):
    values = dict(DEFAULTS)
    values["server"]["port"] = port
    return values


def place(rank, count):
    return f"{PLACES[rank]} {count - 1}"
"""

TESTS = """from orders import DEFAULTS, Rank, place, settings
import pytest


@pytest.mark.parametrize("rank, count, text", [
    (Rank.HIGH, 1, "top 2"), (Rank.LOW, 2, "bottom 3"), (Rank.LOW, 0, "bottom 1"), (Rank.HIGH, 7, "top 8"),
])
def test_place(rank, count, text):
    assert place(rank, count) == text


def test_settings():
    assert settings(5) == {"server": {"port": 5}}
    assert DEFAULTS == {"server": {"port": 1}}
"""


@pytest.mark.parametrize(
    ("named", "line"),
    [("test_place", 'f"{PLACES[rank]} {count + 1}"'), ("test_settings", "copy.deepcopy(DEFAULTS)")],
)
def test_a_module_with_an_enumeration_and_a_table_is_mended(tmp_path: Path, named: str, line: str) -> None:
    file, tests = tmp_path / "orders.py", tmp_path / "test_orders.py"
    file.write_text(ORDERS)
    tests.write_text(TESTS)
    outcome = repair(file, ORDERS, Specification((), (), f"{tests}::{named}"), python=sys.executable)
    assert outcome.status is not Status.NONE
    assert line in outcome.fixes[0].text
