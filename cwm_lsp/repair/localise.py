"""Where it may be wrong: lines by how much failing runs single them out, and by what the outcome came from.

The spectrum is Ochiai's (Abreu et al. 2006); the slice is that of :mod:`cwm_lsp.repair.slicing`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

from cwm_lsp.repair.model import Suspect


def ochiai(runs: Iterable[tuple[bool, Collection[int]]]) -> list[Suspect]:
    """Lines that ran in a failing run, most suspicious first. ``runs``: whether it passed, and its lines.

    Of a line: failing runs with it, over the root of all failing runs times all runs with it. Ties go to the
    later line: what is executed last before a failure is nearest to it.
    """
    failing: dict[int, int] = {}
    passing: dict[int, int] = {}
    total = 0
    for passed, lines in runs:
        total += not passed
        counts = passing if passed else failing
        for line in lines:
            counts[line] = counts.get(line, 0) + 1
    scores = {
        line: count / math.sqrt(total * (count + passing.get(line, 0))) for line, count in failing.items()
    }
    return [Suspect(line, scores[line]) for line in sorted(scores, key=lambda one: (-scores[one], -one))]


def sliced(slices: Iterable[Sequence[int]]) -> list[Suspect]:
    """Lines by in how many slices of failing runs they are, then by how near they are to the outcome."""
    every = [list(one) for one in slices if one]
    scores: dict[int, float] = {}
    for one in every:
        for rank, line in enumerate(one):
            scores[line] = scores.get(line, 0.0) + (1.0 - 0.2 * rank / len(one)) / len(every)
    return [Suspect(line, scores[line]) for line in sorted(scores, key=lambda one: (-scores[one], -one))]


OUTSIDE = 0.6
"""What is left of the suspicion of a line that is in no slice."""

INSIDE = 0.15
"""How much nearness to the outcome counts among lines of the same spectrum."""


def together(spectrum: Sequence[Suspect], slices: Sequence[Suspect]) -> list[Suspect]:
    """One ranking of both signals, scores 0 to 1. Without slices the spectrum alone."""
    if not slices:
        return list(spectrum)
    near = {one.line: one.score for one in slices}
    scores = {
        one.line: one.score * (1.0 - INSIDE + INSIDE * near[one.line] if one.line in near else OUTSIDE)
        for one in spectrum
    }
    return [Suspect(line, scores[line]) for line in sorted(scores, key=lambda one: (-scores[one], -one))]
