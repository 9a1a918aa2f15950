"""The lines of a slice that a prompt shows.

Line tokens, name slots and the context are limited. A slice that fits is shown whole. Of a larger one a page
is shown: the functions that run, what they refer to, what that refers to, as far as there is room; of a long
function the part around its present line. Nothing else depends on the page: what is worked out rests on the
whole slice. A run that comes to a line which is not shown goes on with another page.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.values import NoRoom
from cwm_lsp.errors import ContextExceeded

WHOLE = 2_000
"""Tokens of source up to which a slice is shown whole."""
PART = 1_800
"""Tokens of source that a page of a larger slice has."""
FULL = 3_400
"""Tokens of a prompt and of the run behind it, which leaves the model room for an event of its own."""
_SPARE = 8
"""Slots that a page leaves to names that its lines do not have."""
_AROUND = 120
"""Lines that are shown of a longer function; a sixth of them stand before the present one."""
_NEAR = 24
"""Those of a caller, and of a module's own statements."""
_UNITS = 200
"""Functions and classes that are considered for a page."""

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_ENTERED = ("__init__", "__post_init__", "__new__")


class Place(NamedTuple):
    """Where a frame stands: at a line of its body, or at its own first one if it was just ``entered``."""

    line: int
    entered: bool = False


@contextmanager
def fitting() -> Iterator[None]:
    """Too many lines or names are a matter of the context's size. Raises ``ContextExceeded`` for them."""
    try:
        yield
    except NoRoom as error:
        raise ContextExceeded(f"The code in play {error}.", "Predict a smaller function of it.") from error


@dataclass(frozen=True)
class Page:
    """Lines of a slice, numbered from ``offset + 1``. ``whole`` says that they are all."""

    lines: tuple[LogicalLine, ...] = ()
    offset: int = 0
    whole: bool = True

    @cached_property
    def _numbers(self) -> Mapping[int, int]:
        return {logical.line: number for number, logical in enumerate(self.lines, self.offset + 1)}

    def __contains__(self, line: int) -> bool:
        """Whether a line of the file is shown."""
        return line in self._numbers

    def number(self, line: int) -> int:
        """The number of a line of the file. Raises ``NoRoom`` for one that is not shown."""
        found = self._numbers.get(line)
        if found is None:
            raise NoRoom(f"has more than {v.LINES} lines, or more than {v.SLOTS} different names")
        return found

    def line(self, number: int) -> int | None:
        """The line of the file with a number, or ``None``."""
        place = number - self.offset - 1
        return self.lines[place].line if 0 <= place < len(self.lines) else None


def whole_page(shown: Slice, offset: int) -> Page:
    """All of a slice. Raises ``NoRoom`` where it does not fit."""
    if len(shown.lines) > v.LINES - offset:
        raise NoRoom(f"has more than {v.LINES} lines")
    if not _Room(v.LINES, v.SLOTS, WHOLE).takes(shown.lines):
        raise NoRoom(f"uses more than {v.SLOTS} different names, or too long lines")
    return Page(shown.lines, offset)


def page_of(shown: Slice, needed: Collection[int], running: Sequence[Place], offset: int) -> Page:
    """A page of a slice with the lines ``needed``, for a run that stands at the places ``running``.

    Those are the innermost frame's first, then the functions that it is about to enter, then its caller's.
    A line that has no room by itself is on no page.
    """
    layout = Layout(shown)
    room = _Room(v.LINES - offset, v.SLOTS - _SPARE, PART)
    for line in needed:
        room.takes(layout.with_heads(line))
    places = {layout.unit(place): place.line for place in reversed(running)}
    units = deque(dict.fromkeys(map(layout.unit, running)))
    seen, first = set(units), units[0] if units else 0
    for _ in range(_UNITS):
        if not units:
            break
        unit = units.popleft()
        most = _AROUND if unit and (unit == first or unit not in places) else _NEAR
        line = places.get(unit, unit)
        body = layout.part(unit, line, most)
        while not (fits := room.takes(body)) and unit in places and most > 1:
            most //= 2
            body = layout.part(unit, line, most)
        if not fits:
            continue
        for other in layout.referred(body):
            room.takes(layout.with_heads(other))
            if other in layout.bodies and other not in seen:
                seen.add(other)
                units.append(other)
    return Page(tuple(one for one in shown.lines if one.line in room), offset, whole=False)


@dataclass
class _Room:
    """What fits a page: so many lines, names and tokens."""

    lines: int
    names: int
    tokens: int
    taken: dict[int, LogicalLine] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def __contains__(self, line: int) -> bool:
        return line in self.taken

    def takes(self, lines: Iterable[LogicalLine]) -> bool:
        """Take all of ``lines``, or none of them where they do not fit."""
        fresh = {one.line: one for one in lines if one.line not in self.taken}
        names = {name for one in fresh.values() for name in _names(one)} - self.named
        tokens = sum(2 + sum(len(piece.tokens) or 1 for piece in one.pieces) for one in fresh.values())
        fits = len(self.taken) + len(fresh) <= self.lines and len(self.named) + len(names) <= self.names
        if not fits or tokens > self.tokens:
            return False
        self.taken |= fresh
        self.named |= names
        self.tokens -= tokens
        return True


def _names(logical: LogicalLine) -> Iterator[str]:
    return (piece.name for piece in logical.pieces if piece.name and piece.name not in v.WORDS)


class Layout:
    """How the lines of a slice hang together.

    ``holder`` has the first line of the function or class that a line stands in, 0 for the module; ``bodies``
    the lines that stand in each, inner ones left out.
    """

    def __init__(self, shown: Slice) -> None:
        self._by_line = shown.by_line
        self.holder: dict[int, int] = {}
        self.bodies: dict[int, list[LogicalLine]] = {0: []}
        self._defined: dict[str, list[int]] = {}
        open_ones: list[tuple[int, int]] = []
        for logical in shown.lines:
            while open_ones and open_ones[-1][1] < logical.line:
                open_ones.pop()
            within = open_ones[-1][0] if open_ones else 0
            self.holder[logical.line] = within
            self.bodies[within].append(logical)
            is_class = isinstance(getattr(self._head(within), "head", None), ast.ClassDef)
            for name in logical.binds if not within or is_class else ():
                self._defined.setdefault(name, []).append(logical.line)
            if isinstance(logical.head, _Definition):
                self.bodies[logical.line] = []
                open_ones.append((logical.line, logical.head.end_lineno or logical.line))

    def _head(self, unit: int) -> LogicalLine | None:
        return self._by_line.get(unit)

    def unit(self, place: Place) -> int:
        """The function or class in which a frame stands at ``place``."""
        return place.line if place.entered and place.line in self.bodies else self.holder.get(place.line, 0)

    def with_heads(self, line: int) -> list[LogicalLine]:
        """A line, with those of the functions and classes around it."""
        found: list[LogicalLine] = []
        while line in self._by_line:
            found.append(self._by_line[line])
            line = self.holder[line]
        return found

    def part(self, unit: int, line: int, most: int = _AROUND) -> list[LogicalLine]:
        """The body of a function or class and its heads; of a long one what is near ``line``."""
        body = self.bodies.get(unit, [])
        if len(body) > most:
            place = sum(one.line < line for one in body)
            begin = max(0, min(place - most // 6, len(body) - most))
            body = body[begin : begin + most]
        return [*self.with_heads(unit), *body]

    def referred(self, lines: Iterable[LogicalLine]) -> Iterator[int]:
        """Where the names that ``lines`` use are defined; with a class what making one enters."""
        for logical in lines:
            for name in dict.fromkeys(piece.name for piece in logical.pieces if piece.name):
                for line in self._defined.get(name, ()):
                    yield line
                    inner = (
                        self.bodies.get(line, ())
                        if isinstance(self._by_line[line].head, ast.ClassDef)
                        else ()
                    )
                    yield from (one.line for one in inner if not one.binds.isdisjoint(_ENTERED))
