"""Where it may be wrong: lines by how much failing runs single them out (Ochiai, Abreu et al. 2006)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

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
