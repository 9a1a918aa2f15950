"""One form of a run, whatever interpreter recorded it.

Two things differ between Python versions and mean nothing to a reader: a comprehension is a frame
of its own up to 3.11 and inlined from 3.12 on, and a statement of several lines is reported in
version-dependent fragments. A normalised trace has neither: frames of comprehensions, generator
expressions and lambdas are folded into the statement that holds them, and a statement is one line
event at its first line. Comparison, encoding and display all work on normalised traces.
"""

from __future__ import annotations

from dataclasses import replace

from cwm_lsp.trace.model import Event, EventKind, Trace
from cwm_lsp.trace.statements import looping_lines, shared_lines, statement_lines

EXPRESSION_FRAMES = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>"})


class _Stack:
    """The frames of one thread, to tell how many folded ones lie under an event."""

    def __init__(self) -> None:
        self.folded: list[bool] = []

    def enter(self, depth: int, folded: bool) -> int:
        """Note that the frame at ``depth`` is the running one; its depth without folded frames."""
        del self.folded[depth:]
        self.folded.extend([False] * (depth - len(self.folded)))
        below = sum(self.folded)
        self.folded.append(folded)
        return depth - below


class _Statement:
    """The statement that a frame is in, and whether its first line was left already.

    ``entered`` is the line at which the frame was called.
    """

    def __init__(self, entered: int = 0) -> None:
        self.entered = entered
        self.first = 0
        self.inside = False

    def starts(self, line: int, first: int, loops: bool) -> bool:
        """Whether a line event at ``line`` of the statement at ``first`` begins a fresh execution of it.

        One that ``loops``, by an inlined comprehension, reports its line again for every item.
        """
        fresh = first != self.first or (line == first and not self.inside and not loops)
        self.inside = line != first if fresh else self.inside or line != first
        self.first = first
        return fresh


def simple_name(function: str) -> str:
    """The last part of a qualified name: ``f.<locals>.<lambda>`` is ``<lambda>``."""
    return function.rpartition(".")[2]


def normalise(trace: Trace, thread: int = 0) -> Trace:
    """The events of one thread of ``trace`` at the grain of statements. Idempotent."""
    maps = [statement_lines(file.text) for file in trace.files]
    loops = [looping_lines(file.text) for file in trace.files]
    shared = [shared_lines(file.text) for file in trace.files]
    stack = _Stack()
    statements: dict[int, _Statement] = {}
    events: list[Event] = []
    for event in trace.events:
        if event.thread != thread:
            continue
        folded = simple_name(event.function) in EXPRESSION_FRAMES
        depth = stack.enter(event.depth, folded)
        if folded:
            continue
        first = maps[event.file].get(event.line, event.line)
        if event.kind is EventKind.CALL:
            statements[event.frame] = _Statement(first)
        statement = statements.setdefault(event.frame, _Statement())
        head = shared[event.file].get(event.line)
        if head is not None and head != statement.entered:
            first = head
        if event.kind is EventKind.LINE and not statement.starts(
            event.line, first, first in loops[event.file]
        ):
            continue
        events.append(
            event if (depth, first) == (event.depth, event.line) else replace(event, depth=depth, line=first)
        )
    return replace(trace, events=tuple(events))
