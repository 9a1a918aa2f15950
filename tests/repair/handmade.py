"""Bugs made by hand, the way people make them, in programs with calls that say what they should do.

A program file has, for each program, its name (``===``), its source, its calls (``---``) and one edit a line:
``kind: old => new`` with ``\\n`` for a line's end. Every second call is given to the search, the others, and
inputs like them, judge. Files whose name ends in ``aside`` are never looked into while templates are tuned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cwm_lsp.repair.heldout import held_out
from cwm_lsp.repair.model import Check
from tests.repair.seeded import Bug, first_difference, valued

FOLDER = Path(__file__).parent / "broken"
TUNED = ("numbers", "sequences", "structures", "texts", "classics", "everyday")
ASIDE = ("aside", "classics_aside")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is right, expressions over its functions, and ``(kind, old, new)`` that break it."""

    name: str
    source: str
    calls: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...]


def programs(names: tuple[str, ...]) -> Iterator[Program]:
    """The programs of some files."""
    for name in names:
        text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
        for part in text.split("=== ")[1:]:
            yield _program(part)


def _program(text: str) -> Program:
    head, calls, edits = text.split("\n--- ")
    name, _, source = head.partition("\n")
    return Program(
        name,
        source + "\n",
        tuple(calls.splitlines()[1:]),
        tuple(map(edit, edits.splitlines()[1:])),
    )


def edit(line: str) -> tuple[str, str, str]:
    """A kind of bug, what stands there and what to put in its place."""
    kind, _, change = line.partition(": ")
    old, _, new = change.partition(" => ")
    return kind, old.replace("\\n", "\n"), new.replace("\\n", "\n")


def bugs(names: tuple[str, ...]) -> Iterator[tuple[str, Bug]]:
    """Each bug with its kind. Raises ``ValueError`` where an edit does not fit its program once."""
    for program in programs(names):
        given, kept = _halves(program)
        for kind, old, new in program.edits:
            if not old or program.source.count(old) < 1:
                raise ValueError(f"{program.name}: {old!r} is not there")
            broken = program.source.replace(old, new, 1)
            line = first_difference(program.source, broken)
            yield kind, Bug(program.name, broken, line, given, kept)


def _halves(program: Program) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    unseen = held_out(program.calls, 40, seed=77)
    given = tuple(valued(program.source, program.calls[::2]))
    return given, tuple(valued(program.source, [*program.calls[1::2], *unseen]))
