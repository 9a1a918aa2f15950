"""The facts of a repair: what must hold, what could be changed, and what was found out about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CheckKind(StrEnum):
    """How a check is evaluated."""

    CALL = "call"
    DOCTEST = "doctest"
    TEST = "test"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold.

    ``call`` is an expression in the file's module, a doctest's name, a pytest node or, for a run of the whole
    file as a program, the file's name. A call must give the value of the expression ``expect``, or raise
    ``raises``; with neither it must raise nothing. ``loose`` takes a tuple for a list, since JSON has no
    tuples. ``text`` is the docstring of a doctest, and the assertions of a program.
    """

    kind: CheckKind
    call: str
    expect: str | None = None
    raises: str = ""
    loose: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Characters ``start`` to ``end`` of the text replaced by ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Disjoint edits of one file, the template that made them, the 1-based line, a likelihood (0 to 1)."""

    edits: tuple[Edit, ...]
    kind: str
    line: int
    prior: float


class Status(StrEnum):
    """What can be said about the fixes of a search."""

    VERIFIED = "verified"
    PLAUSIBLE = "plausible"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Distinction:
    """An input on which two surviving fixes differ, and what each gives, as text."""

    call: str
    this: str
    other: str


@dataclass(frozen=True, slots=True)
class Change:
    """Where the run of a failing check first becomes another one: at a line of the text as it stands, the
    name that holds something else (``return``: what the function gives; ``next line``: the way), and what."""

    line: int
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a fix is offered. ``agreeing``: fixes that do the same on all held-out inputs, with this one.

    ``first_change``: what the fix is first seen to change, ``None`` where nothing of that was recorded.
    """

    failed: tuple[str, ...]
    passed: int
    held_out: int
    agreeing: int
    rivals: int
    isolation: str
    distinctions: tuple[Distinction, ...] = ()
    notes: tuple[str, ...] = ()
    first_change: Change | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit to offer: the whole new text, its unified diff and the evidence."""

    candidate: Candidate
    text: str
    diff: str
    verified: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Suspect:
    """A line and how strongly it is suspected, 0 to 1."""

    line: int
    score: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found. ``tried`` counts candidates that were run; ``seconds`` is the time it all took.

    ``signals``: the ranking of lines by each signal alone.
    """

    status: Status
    fixes: tuple[Fix, ...]
    tried: int
    seconds: float
    suspects: tuple[Suspect, ...] = ()
    notes: tuple[str, ...] = field(default=())
    signals: Mapping[str, tuple[Suspect, ...]] = field(default_factory=dict)
