"""What the agent wrote, as events. Fed with bytes in any split; never raises on a recording cut short.

The format is described in :mod:`cwm_lsp.record.agent.writer`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from cwm_lsp.record.agent.writer import LETTERS
from cwm_lsp.trace.model import Cut, CutReason, Event, EventKind, Value

_TYPES = {letter: name for name, letter in LETTERS.items()}
_YIELDED, _UNWINDING = "1", "2"
_NO_LOCALS: dict[str, Value] = {}


@dataclass(slots=True)
class _Frame:
    """What an activation's later lines refer to."""

    function: str
    file: int
    thread: int
    depth: int
    locals: dict[str, Value] = field(default_factory=dict)


class RecordingReader:
    """Bytes of a recording in; ``events``, ``header``, ``status`` and ``cut`` grow as they arrive.

    ``files`` lists the paths that ``Event.file`` indexes, the entry's first. ``problems`` counts lines
    that could not be read.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.files: list[str] = []
        self.header: dict[str, Any] = {}
        self.status: dict[str, Any] | None = None
        self.cut: Cut | None = None
        self.problems = 0
        self.ended = False
        self._rest = b""
        self._codes: dict[int, tuple[str, int]] = {}
        self._frames: dict[int, _Frame] = {}
        self._values: dict[str, Value] = {}

    def feed(self, data: bytes) -> int:
        """Take some bytes; return how many of them were written by the agent (a zero byte ends it)."""
        written, zero, _ = data.partition(b"\0")
        *lines, self._rest = (self._rest + written).split(b"\n")
        for line in lines:
            try:
                self._line(line.decode("utf-8").split("\t"))
            except (ValueError, KeyError, IndexError, SyntaxError, TypeError):
                self.problems += 1
        self.ended = bool(zero)
        return len(written)

    def _line(self, fields: list[str]) -> None:
        kind = fields[0]
        if kind == "L":
            frame = self._frames[int(fields[1])]
            self._event(EventKind.LINE, fields, 3, frame)
        elif kind == "C":
            self._call(fields)
        elif kind == "R":
            frame = self._frames[int(fields[1])]
            value = self._value(fields[4]) if fields[4] else None
            self._event(EventKind.RETURN, fields, 5, frame, value, fields[3])
        elif kind == "X":
            frame = self._frames[int(fields[1])]
            self._event(EventKind.EXCEPTION, fields, 4, frame, self._value(fields[3]))
        else:
            self._note(kind, fields)

    def _note(self, kind: str, fields: list[str]) -> None:
        """A line that is no event."""
        if kind == "H":
            self.header.update(ast.literal_eval(fields[1]))
            if not self.files and "path" in self.header:
                self.files.append(self.header["path"])
        elif kind == "F":
            path, function = ast.literal_eval(fields[2]), ast.literal_eval(fields[3])
            self._codes[int(fields[1])] = (function, self._file(path))
        elif kind == "Z":
            self.cut = Cut(CutReason(fields[1]), ast.literal_eval(fields[2]))
        elif kind == "E":
            self.status = ast.literal_eval(fields[1])
        else:
            self.problems += 1

    def _file(self, path: str) -> int:
        if path not in self.files:
            self.files.append(path)
        return self.files.index(path)

    def _call(self, fields: list[str]) -> None:
        function, file = self._codes[int(fields[5])]
        thread, depth = int(fields[3]), int(fields[4])
        frame = self._frames.get(int(fields[1]))
        if frame is None:
            frame = self._frames[int(fields[1])] = _Frame(function, file, thread, depth)
        frame.thread, frame.depth = thread, depth
        self._event(EventKind.CALL, fields, 6, frame)

    def _event(
        self,
        kind: EventKind,
        fields: list[str],
        start: int,
        frame: _Frame,
        value: Value | None = None,
        left: str = "",
    ) -> None:
        if len(fields) > start:
            frame.locals = self._changed(frame.locals, fields[start:])
        self.events.append(
            Event(
                kind,
                int(fields[2]),
                frame.function,
                frame.depth,
                frame.locals or _NO_LOCALS,
                value,
                int(fields[1]),
                frame.thread,
                frame.file,
                left == _UNWINDING,
                left == _YIELDED,
            )
        )

    def _changed(self, state: dict[str, Value], fields: list[str]) -> dict[str, Value]:
        state = dict(state)
        for item in fields:
            if item.startswith("-"):
                state.pop(item[1:], None)
            else:
                name, _, token = item.partition("=")
                state[name] = self._value(token)
        return state

    def _value(self, token: str) -> Value:
        value = self._values.get(token)
        if value is None:
            if token.startswith("!"):
                value = Value(*ast.literal_eval(token[1:]))
            else:
                value = Value(token[1:], _TYPES[token[0]])
            self._values[token] = value
        return value
