"""Survivors by what they do on held-out inputs: those that do the same are one fix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cwm_lsp.repair.model import Candidate, Distinction

Weight = Callable[[Candidate], float]
"""How likely an edit is, given where it is."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A survivor and what it gave on the held-out inputs.

    ``refused``: whether it raises there on purpose. ``fresh``: inputs on which it hangs, or raises without
    meaning to where the original gives a value.
    """

    candidate: Candidate
    text: str
    said: tuple[str, ...]
    refused: tuple[bool, ...]
    fresh: int
    isolation: str


HANGS = "did not end"
"""What an input gives that goes on for ever."""

OUTSIDE = 0.05
"""Of the held-out inputs, how many may be none that the function is made for."""

_MEANINGLESS = ("raised ValueError", "raised OverflowError")
"""What an input gives that means nothing, the year 0. An ``IndexError`` is what a wrong fix gives."""

_CARELESS = ("empty sequence", "argument is empty", "to unpack")
"""How a ``ValueError`` ends that is of the fix's making: what it takes the least of may be empty."""


def telling(beyond: int, ran: Sequence[Ran], before: Sequence[str]) -> list[int]:
    """The inputs that tell fixes apart: of the last ``beyond``, those that no fix and not the file minds."""
    known = len(before) - beyond
    values = (n for n in range(known, len(before)) if not fails(before[n]))
    return [*range(known), *(n for n in values if not any(fails(one.said[n]) for one in ran))]


def chosen(places: Sequence[int], one: Ran) -> Ran:
    """What a survivor gave on some of the inputs."""
    said, refused = tuple(one.said[n] for n in places), tuple(one.refused[n] for n in places)
    return replace(one, said=said, refused=refused)


def pardoned(ran: Sequence[Ran], before: Sequence[str]) -> int:
    """On how many held-out inputs all survivors do what says that the input is none, not that they are wrong.

    They raise alike that the value means nothing, where the original does not; or they go on for ever, as the
    original does. Such inputs are let pass where they are few; where there are many, none is.
    """
    found = 0
    for n, then in enumerate(before):
        kinds = {result(one.said[n]) for one in ran}
        if any(one.refused[n] or one.said[n].endswith(_CARELESS) for one in ran) or len(kinds) != 1:
            continue
        kind = kinds.pop()
        found += (kind in _MEANINGLESS and not fails(then)) or kind == then == HANGS
    return found if found <= OUTSIDE * len(before) else 0


def fails(said: str) -> bool:
    """Whether an input gives no value."""
    return said.startswith(("raised ", HANGS, "ran out of memory"))


def result(said: str) -> str:
    """What an input gives, of an exception only which: how it is worded tells no fixes apart."""
    return said.partition(":")[0] if fails(said) else said


def clustered(ran: Sequence[Ran], weight: Weight) -> list[list[Ran]]:
    """Survivors by what they do, exceptions by their kind; those first that many likely edits come to.

    Without an input that could tell them apart each stands for itself.
    """
    found: dict[tuple[str, ...], list[Ran]] = {}
    for one in ran:
        key = tuple(map(result, one.said)) or (one.text,)
        found.setdefault(key, []).append(one)
    return sorted(found.values(), key=lambda cluster: -_standing(cluster, weight))


def _standing(cluster: Sequence[Ran], weight: Weight) -> float:
    """How much speaks for a cluster: its likeliest edit, those of other kinds, and that it seldom raises.

    Many edits of one kind that come to the same say little: the kind has many.
    """
    pairs = list(zip(cluster[0].said, cluster[0].refused, strict=True))
    kinds: dict[str, float] = {}
    for one in cluster:
        kinds[one.candidate.kind] = max(kinds.get(one.candidate.kind, 0.0), weight(one.candidate))
    best = sorted(kinds.values(), reverse=True)
    failing = sum((0.5 if refused else 1.0) for text, refused in pairs if fails(text))
    return (best[0] + 0.5 * sum(best[1:3])) * (1.0 - failing / max(1, len(pairs)))


def distinction(one: Ran, other: Ran, calls: Sequence[str]) -> Distinction | None:
    """The shortest input on which two fixes differ."""
    apart = [n for n in range(len(calls)) if result(one.said[n]) != result(other.said[n])]
    if not apart:
        return None
    n = min(apart, key=lambda at: len(calls[at]))
    return Distinction(calls[n], one.said[n], other.said[n])
