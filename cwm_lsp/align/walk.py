"""What an observed run says about each of its events: which line led to it, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cwm_lsp.trace.model import Event, EventKind, Trace, Value


@dataclass(frozen=True, slots=True)
class Place:
    """The line whose execution led to an event: run for the ``visit``-th time of ``visits`` in its frame.

    For a call it is the caller's line; the entry call, which nothing of the run led to, has its own.
    """

    line: int
    visit: int
    visits: int


@dataclass(frozen=True, slots=True)
class News:
    """What changed since the frame was last seen: values written, names unbound, and the state before."""

    written: Mapping[str, Value]
    unbound: tuple[str, ...]
    before: Mapping[str, Value]


@dataclass(slots=True)
class _Counts:
    """How often each line of each frame has run, and where each frame stands."""

    runs: dict[tuple[int, int], int] = field(default_factory=dict)
    line: dict[int, int] = field(default_factory=dict)
    stack: list[int] = field(default_factory=list)

    def led_to(self, event: Event) -> tuple[int, int]:
        """The frame and line whose execution led to ``event``."""
        frame = event.frame
        if event.kind is EventKind.CALL and self.stack:
            frame = self.stack[-1]
        return frame, self.line.get(frame, event.line)

    def take(self, event: Event) -> None:
        self.line[event.frame] = event.line
        if event.kind is EventKind.LINE:
            key = (event.frame, event.line)
            self.runs[key] = self.runs.get(key, 0) + 1
        elif event.kind is EventKind.CALL:
            self.stack.append(event.frame)
        elif event.kind is EventKind.RETURN and self.stack and self.stack[-1] == event.frame:
            self.stack.pop()


def places(trace: Trace) -> tuple[Place, ...]:
    """For each event of one thread, the line that led to it and its visit."""
    counts = _Counts()
    found: list[tuple[tuple[int, int], int]] = []
    for event in trace.events:
        key = counts.led_to(event)
        found.append((key, max(1, counts.runs.get(key, 0))))
        counts.take(event)
    return tuple(Place(key[1], visit, max(1, counts.runs.get(key, 0))) for key, visit in found)


def news(events: Sequence[Event]) -> tuple[News, ...]:
    """For each event, what changed in its frame since the event before it there."""
    states: dict[int, Mapping[str, Value]] = {}
    found: list[News] = []
    for event in events:
        before = states.get(event.frame, {})
        written = {name: value for name, value in event.locals.items() if before.get(name) != value}
        unbound = tuple(name for name in before if name not in event.locals)
        found.append(News(written, unbound, before))
        states[event.frame] = event.locals
    return tuple(found)
