"""Results for the tests of the page: small real ones, and one as long as a recording gets."""

from __future__ import annotations

from pathlib import Path

from cwm_lsp.align.compare import compare
from cwm_lsp.features.results import Call, Compared, Predicted, Recorded
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.web.tables import Shown
from tests.features.world import THRESHOLD, compared, forced, run

MEAN = """\
def mean_above(xs, floor):
    total = 0
    for x in xs:
        if x > floor:
            total += x
    return total / len(xs)
"""
BELIEFS = {10: {"line": ("5", 0.64)}, 11: {"x": ("7", 0.3)}, 15: {"return": ("6.67", 0.58)}}
CALL = "mean_above([4, 9, 2, 7], 3)"

LONG = """\
def step(n, seen):
    total = n * 2
    seen = total % 7
    return seen

def walk(times):
    seen = 0
    for n in range(times):
        seen = step(n, seen)
    return seen
"""


def small() -> Shown:
    """A comparison of sixteen steps, whose first divergence is at step 10."""
    return Shown(CALL, Compared(Call("mean_above", "[4, 9, 2, 7], 3"), compared(MEAN, CALL, BELIEFS)))


WIDE = """\
def wide(first):
    one = [first] * 12
    two = [first] * 13
    three = [first] * 14
    four = first + 1
    return four
"""


def wide() -> Shown:
    """A comparison whose only surprise is in the last of many broad columns."""
    call = "wide(100)"
    return Shown(call, Compared(Call("wide", "100"), compared(WIDE, call, {5: {"four": ("99", 0.9)}})))


def observed(call: str = CALL, source: str = MEAN) -> Shown:
    """A run that nothing was predicted for."""
    return Shown(call, Recorded(Call("mean_above", ""), run(source, call)))


def predicted() -> Shown:
    """A run that was only predicted, unsure of ``x`` once."""
    trace = run(MEAN, CALL)
    steps = forced(trace, BELIEFS)
    start = Trace(trace.files, trace.events[:1], trace.entry, trace.python)
    return Shown(CALL, Predicted(Call("mean_above", ""), start, steps, (), True, THRESHOLD, "beliefs"))


def long(events: int, path: Path | str = "walk.py") -> Shown:
    """A comparison of ``events`` events in thousands of calls, every five-hundredth a surprise.

    Made here and not recorded: the page is what is under test, and recording it takes longer than the test.
    """
    trace = Trace((SourceFile(str(path), LONG),), tuple(_walked(events)), "walk", "3.12.1")
    surprises = {
        index: {"total": ("0", 0.7)}
        for index, event in enumerate(trace.events)
        if index % 500 == 253 and "total" in event.locals
    }
    steps = forced(trace, surprises)
    return Shown("walk(…)", Compared(Call("walk", ""), compare(trace, steps, threshold=0.5, model="beliefs")))


def _walked(events: int) -> list[Event]:
    """The events of ``walk``, as a recorder writes them, cut after so many."""
    number = [Value(str(one), "int") for one in range(events)]
    found = [Event(EventKind.CALL, 6, "walk", 0, {"times": number[-1]}, frame=1)]
    outer = {"times": number[-1]}
    found.append(Event(EventKind.LINE, 7, "walk", 0, outer, frame=1))
    outer = {**outer, "seen": number[0]}
    n = 0
    while len(found) < events:
        seen = n * 2 % 7
        inner = {"n": number[n], "seen": outer["seen"]}
        doubled = {**inner, "total": number[0] if n == 0 else Value(str(n * 2), "int")}
        last = {**doubled, "seen": number[seen]}
        found.append(Event(EventKind.LINE, 8, "walk", 0, outer, frame=1))
        outer = {**outer, "n": number[n]}
        found.append(Event(EventKind.LINE, 9, "walk", 0, outer, frame=1))
        frame = n + 2
        found += [
            Event(EventKind.CALL, 1, "step", 1, inner, frame=frame),
            Event(EventKind.LINE, 2, "step", 1, inner, frame=frame),
            Event(EventKind.LINE, 3, "step", 1, doubled, frame=frame),
            Event(EventKind.LINE, 4, "step", 1, last, frame=frame),
            Event(EventKind.RETURN, 4, "step", 1, last, number[seen], frame=frame),
        ]
        outer = {**outer, "seen": number[seen]}
        n += 1
    return found[:events]
