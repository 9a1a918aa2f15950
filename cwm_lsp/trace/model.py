"""The canonical execution trace: what a recorder writes and what every other layer reads.

All types are frozen values. A trace holds *observed* facts only; what a model says about
the same run lives in :mod:`cwm_lsp.align.model`, so the two can never share a field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class EventKind(StrEnum):
    """The four things that a frame does, as ``sys.settrace`` names them."""

    CALL = "call"
    LINE = "line"
    RETURN = "return"
    EXCEPTION = "exception"


class CutReason(StrEnum):
    """Why a recording ended before the program did."""

    EVENTS = "events"
    BYTES = "bytes"
    DEPTH = "depth"
    SECONDS = "seconds"
    DISPLACED = "displaced"
    KILLED = "killed"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Value:
    """One rendered value: bounded, free of memory addresses, the same in every process.

    ``text`` is Python's ``repr`` where that is faithful; an object of a class of the user's without one
    shows its attributes, ``<Cart items=[], total=0>``. ``cut`` says that ``text`` was
    shortened, ``size`` then being the real length (items of a container, characters of a
    string). ``opaque`` says that ``text`` does not describe the value (``<Foo object>``,
    a ``repr`` that raised or took too long); opaque values are never compared.
    """

    text: str
    type: str = ""
    size: int | None = None
    cut: bool = False
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One step of one frame.

    ``line`` is 1-based in ``Trace.files[file]``. ``locals`` is the whole state of the frame
    *before* its line runs, in order of first assignment. ``depth`` is 0 in the entry frame.
    ``frame`` identifies the activation (unique within a trace), ``thread`` the thread, 0 being
    the one that entered. ``value`` is what a return gives back or the exception raised, and is
    ``None`` for calls and lines, and for the return of a module or class body, which has no
    result. ``unwinding`` marks a return caused by an exception, whose ``value`` is ``None``
    because nothing is given back. ``yielded`` marks a return that only suspends the frame (a
    generator's ``yield``, a coroutine's ``await``).
    """

    kind: EventKind
    line: int
    function: str
    depth: int
    locals: Mapping[str, Value] = field(default_factory=dict)
    value: Value | None = None
    frame: int = 0
    thread: int = 0
    file: int = 0
    unwinding: bool = False
    yielded: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """A recording that stopped early: the reason, and one sentence for the user."""

    reason: CutReason
    message: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The text of a traced file as it was when the run began, newlines normalised to ``\\n``."""

    path: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text, hexadecimal: the version that a trace belongs to."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def lines(self) -> list[str]:
        """The lines of the text without their newlines; line ``n`` is ``lines[n - 1]``."""
        return self.text.split("\n")


@dataclass(frozen=True, slots=True)
class Output:
    """What the program wrote, kept apart from the trace and bounded."""

    stdout: str = ""
    stderr: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """An observed run. ``python`` is the version that ran it, as ``3.12.1``."""

    files: tuple[SourceFile, ...]
    events: tuple[Event, ...]
    entry: str
    python: str
    cut: Cut | None = None
    output: Output = Output()
    recorder: str = ""
    seconds: float = 0.0

    @property
    def source(self) -> SourceFile:
        """The file of the entry function."""
        return self.files[0]
