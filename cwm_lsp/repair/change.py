"""The first thing that a fix changes: two recorded runs of one check, side by side. Pure.

Lines are those of the text as it stands; what a fix puts in between counts for the line above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from cwm_lsp.repair.model import Change

RETURNED = "return"
"""The name that the value of a function goes by: no variable has it."""

NEXT = "next line"
"""The name that the way goes by, where it parts."""

UNSET = "not set"


@dataclass(frozen=True, slots=True)
class Step:
    """A line about to run (``said`` is ""), or a function that ends, and what its names hold then.

    ``said``: the text of the value that is returned, or ``raised NAME``. ``depth`` counts calls.
    """

    line: int
    depth: int
    values: Mapping[str, str]
    said: str = ""


def first_change(before: Sequence[Step], after: Sequence[Step], old: str, new: str) -> Change | None:
    """Where the run of the text ``new`` first differs from that of ``old``; ``None``: nowhere."""
    lines = _places(old, new)
    kept = set(lines.values()) - {0}
    here = [one for one in before if one.said or one.line in kept]
    there = [one for one in after if one.said or lines.get(one.line)]
    came: dict[int, int] = {}  # by depth, the line that ran last
    for one, other in zip(here, there, strict=False):
        at = came.get(one.depth, one.line)
        if _way(one, one.line) != _way(other, lines.get(other.line, 0)):
            values = None if one.depth != other.depth else _value(one, other, at)
            return values or Change(at, NEXT, _next(one, one.line), _next(other, _above(other.line, lines)))
        found = _value(one, other, at)
        if found is not None:
            return found
        if one.said != other.said:
            return Change(one.line, RETURNED, one.said, other.said)
        came = {depth: line for depth, line in came.items() if depth <= one.depth}
        came[one.depth] = one.line
    return None


def _way(step: Step, line: int) -> tuple[int, int]:
    """What two steps have in common that are the same place of a run."""
    return step.depth, 0 if step.said else line


def _value(one: Step, other: Step, line: int) -> Change | None:
    """The first name that holds something else."""
    for name in dict.fromkeys([*one.values, *other.values]):
        before, after = one.values.get(name, UNSET), other.values.get(name, UNSET)
        if before != after:
            return Change(line, name, before, after)
    return None


def _next(step: Step, line: int) -> str:
    if not step.said:
        return f"line {line}"
    return step.said if step.said.startswith("raised ") else f"return {step.said}"


def _above(line: int, lines: Mapping[int, int]) -> int:
    """The old line of a new one, or of the nearest above it that there was."""
    return next((lines[at] for at in range(line, 0, -1) if lines.get(at)), 1)


def _places(old: str, new: str) -> dict[int, int]:
    """The old line of each new one, 1-based; 0 where there was none."""
    return dict(_placed(old.split("\n"), new.split("\n")))


def _placed(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    for _, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for at in range(first, last):
            was = start + at - first
            yield at + 1, was + 1 if was < end else 0
