"""What definitions and imports bind, as real runs of scripts show it."""

from __future__ import annotations

from cwm_lsp.codec.compact_decoder import LINE
from cwm_lsp.codec.machine import Machine
from cwm_lsp.codec.values import Names
from cwm_lsp.trace.model import EventKind
from tests.codec.programs import record

SCRIPT = """from __future__ import annotations
import math
import os.path as paths
from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from typing import Optional as Maybe

LIMIT = 3

class Light(Enum):
    RED = 1

@dataclass
class Item:
    name: str
    price: float = 1.5

class Cart:
    size = 2
    def __init__(self):
        self.items = []
    def add(self, item):
        return item

def outer(n):
    def inner(x):
        return x + n
    square = lambda x: x * x
    from heapq import heappush, nlargest
    found = []
    heappush(found, inner(n))
    return inner, square, nlargest(1, found)

item = Item("fig")
cart = Cart()
got = cart.add(Item("date", price=2.0))
queue = deque(Counter("aab").values())
found = outer(1)
root = math.sqrt(16)
if __name__ == "__main__":
    LIMIT = 4
"""


def test_what_a_script_binds_is_worked_out_and_is_so() -> None:
    trace = record(SCRIPT, "")
    assert trace.cut is None
    machine = Machine.of(trace, Names())
    untold, wrong = set(), set()
    for event in trace.events:
        machine.settle(event)
        if event.kind is EventKind.LINE and machine.state.frames and not machine.state.frames[-1].fresh:
            before, told = machine.state.texts, machine.expected(LINE).names
            changed = {n: v.text for n, v in event.locals.items() if before.get(n) != v.text}
            untold |= changed.keys() - told.keys()
            wrong |= {name for name, text in told.items() if event.locals[name].text != text}
        machine.apply(event)
    assert wrong == set()
    assert untold == {"paths"}  # posixpath or ntpath


def test_a_script_is_recorded_like_a_call() -> None:
    trace = record(SCRIPT, "")
    assert [trace.events[0].function, trace.events[-1].kind] == ["<module>", EventKind.RETURN]
    assert trace.entry == "<module>"
    assert trace.events[-1].line == SCRIPT.count("\n")


def test_the_bodies_of_classes_follow_their_heads_in_their_own_frames() -> None:
    trace = record(SCRIPT, "")
    machine = Machine.of(trace, Names())
    for event in trace.events:
        machine.settle(event)
        frames = machine.state.frames
        if event.kind is EventKind.LINE and frames and frames[-1].raised is None:
            assert event.line in machine.following(frames[-1])
            if frames[-1].line in machine.flow.scopes and frames[-1].is_module:
                assert len(machine.following(frames[-1])) == 1
        machine.apply(event)
