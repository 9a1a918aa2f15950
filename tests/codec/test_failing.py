"""Exceptions: their classes as values, what takes them, and what decides on them without raising any."""

from __future__ import annotations

from pathlib import Path

import pytest

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


SCRIPTS = {"classes": (_CLASSES, 0.9), "deciding": (_DECIDING, 0.95), "tables": (_TABLES, 0.85)}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_nothing_is_told_or_ruled_out_wrongly(name: str, tmp_path: Path) -> None:
    await nothing_told_wrongly(*SCRIPTS[name], tmp_path)
