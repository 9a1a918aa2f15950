"""Exceptions: their classes as values, what takes them, and what decides on them without raising any."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.protocol import SpanKind
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.trace.model import EventKind
from tests.codec.programs import record
from tests.codec.test_compact import replay
from tests.codec.worked import nothing_told_wrongly

_CLASSES = '''
class Missing(Exception):
    """Nothing is there."""


class Locked(Missing):
    def __init__(self, room, key):
        super().__init__(f"{room} needs {key}")
        self.key = key


CAUGHT = (KeyError, Missing)


def careful(function, *args, catch=(ZeroDivisionError,)):
    try:
        return function(*args)
    except catch as error:
        return f"caught {error}"
    except CAUGHT:
        return "known"


def fail(kind, *args):
    raise kind(*args)


first = careful(fail, ZeroDivisionError, "never")
second = careful(fail, Missing, "lamp")
third = careful(fail, Locked, "hall", "key")
fourth = careful(fail, ValueError, "x", catch=(TypeError, ValueError))
fifth = careful({}.__getitem__, "x")
kinds = [KeyError, Missing]
name = kinds[1].__name__
'''

_DECIDING = """
def answer(command):
    match command.split():
        case ["go", where]:
            return f"to {where}"
        case ["take" | "grab", *things]:
            return things
        case []:
            return None
        case _:
            raise ValueError(command)


def every(commands):
    found = []
    for command in commands:
        try:
            found.append(answer(command))
        except KeyError:
            found.append("key")
        except ValueError as error:
            found.append(str(error))
    return found


found = every(["go north", "grab a b", "", "sing", "take"])
"""

_TABLES = """
class Parser:
    LEVELS = [{"+", "-"}, {"*", "/"}]
    NAMES = {"+": {"name": "plus", "cost": 1}, "*": {"name": "times", "cost": 3}}
    SHARED = {"open": []}

    def __init__(self, text):
        self.text = text

    def level(self, sign):
        for number in range(len(self.LEVELS)):
            if sign in self.LEVELS[number]:
                return number
        return -1

    def cost(self, sign):
        return self.NAMES[sign]["cost"]

    def keep(self):
        kept = self.SHARED["open"]
        kept.append(self.text)
        return len(self.SHARED["open"])


parser = Parser("1+2")
levels = [parser.level("+"), parser.level("*"), parser.level("%")]
price = parser.cost("*")
counts = [parser.keep(), parser.keep()]
open_now = Parser.SHARED["open"]
"""


_ELSEWHERE = """
from dataclasses import dataclass

hits = 0
seen = []


@dataclass(frozen=True)
class Price:
    amount: int


def count(name):
    global hits
    hits += 1
    seen.append(name)

    def inner():
        hits = 5
        return hits

    return hits + inner()


def changed(price):
    try:
        price.amount = 3
    except AttributeError as error:
        kind = type(error).__name__
        name = "price"
    return name, price


total = count("a") + count("b")
kept = changed(Price(2))
"""

SCRIPTS = {
    "elsewhere": (_ELSEWHERE, 0.85),
    "classes": (_CLASSES, 0.9),
    "deciding": (_DECIDING, 0.95),
    "tables": (_TABLES, 0.85),
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_nothing_is_told_or_ruled_out_wrongly(name: str, tmp_path: Path) -> None:
    await nothing_told_wrongly(*SCRIPTS[name], tmp_path)


_LOAD = """
def load(path):
    with open(path) as file:
        return len(file.read())
"""


def test_what_may_fail_for_other_reasons_is_not_certain_to_go_well(tmp_path: Path) -> None:
    """An absent file is nothing that the state shows, nor is what stands in one that is there."""
    path = tmp_path / "text"
    path.write_text("abc", encoding="utf-8")
    trace = record(_LOAD, f"load({str(path)!r})")
    steps, problems = replay(trace, CompactCodec().encode(trace))
    assert not problems
    entered, opened, left, returned = steps
    assert (opened.line, left.line) == (4, 3)
    for one in (opened, left):
        assert one.probability == pytest.approx(0.97 * entered.probability)
    assert returned.kind is EventKind.RETURN
    assert returned.value is not None
    assert (returned.value.text, returned.value.probability) == ("3", 0.0)  # which no event has told of


@pytest.mark.parametrize(("statement", "may_go"), [("y = hash(x)", False), ("del x", True)])
def test_a_name_goes_by_a_statement_that_says_so(statement: str, may_go: bool) -> None:
    trace = record(f"def f(x):\n    {statement}\n    return 1\n", "f(object())")
    codec = CompactCodec()
    encoded = codec.encode(trace)
    decoder = codec.decoder_at(encoded, 2)
    span = next(one for one in encoded.spans if one.step == 2 and one.kind is SpanKind.VALUE)
    decoder.feed(encoded.tokens[span.start : span.start + 1], [0.0])
    assert isinstance(decoder.choices, frozenset)
    assert (Special.DELETE in decoder.choices) is may_go
