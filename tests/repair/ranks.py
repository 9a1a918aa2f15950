"""Where the edit that undoes a bug stands among all that are made: ``python -m tests.repair.ranks SET ...``.

``SET``: a file of ``broken/``. All lines of the broken function count as equally suspect, unless ``--run``
stands in front: then the tests of the set run first, as in a search, and say where, and what failed. Prints
for each set how many right edits are among the first 100, 300, 1,000, 3,000, and made at all, how many edits
are made for a bug, and how many of these are guards. The text as it was counts as right, others that do the
same do not.

With ``--kinds`` in front: for each kind of edit, how often it is the right one, how often it would be if it
were as often right as others of its likelihood, and what of that ``templates/symptoms.py`` may make a factor
(the root, as samples are small). ``docs/repair.md`` quotes both.
"""

from __future__ import annotations

import ast
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt
from multiprocessing import Pool
from pathlib import Path

from cwm_lsp.errors import CwmError
from cwm_lsp.repair.baseline import baseline, job_for
from cwm_lsp.repair.model import Candidate
from cwm_lsp.repair.search import told_by
from cwm_lsp.repair.templates.generate import Told, every
from cwm_lsp.repair.text import apply
from cwm_lsp.repair.workers import Worker
from tests.repair import handmade, tested
from tests.repair.seeded import first_difference
from tests.repair.tested import Broken

TOPS = (100, 300, 1000, 3000)

SUSPICION = 0.7
"""Of each line of the broken function."""

NEAR = 150
"""Characters around a bug in which the edit that undoes it is looked for."""

BUCKETS = 20
"""Steps of likelihood in which edits are compared."""

_LAYOUT = {ord(letter): None for letter in " \n\t(),\"'"}


@dataclass(frozen=True, slots=True)
class Row:
    """A broken text, the right one, and the bug where it comes with tests."""

    broken: str
    right: str
    bug: Broken | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    """Of one bug: the place of the right edit and what it is, ``None`` where it is not made; the kinds and
    likelihoods of all, with how many there are."""

    place: int | None
    right: tuple[str, int] | None
    made: Counter[tuple[str, int]]


def rows(name: str) -> list[Row]:
    """The bugs of a set."""
    if name in tested.FILES:
        return [Row(bug.source, bug.program.source, bug) for bug in tested.bugs(name)]
    programs = handmade.programs((name,))
    return [Row(one.source.replace(old, new, 1), one.source) for one in programs for _, old, new in one.edits]


def rank(row: Row, run: bool) -> Rank | None:
    """Where the right edit of a bug stands; ``None`` for one that is in no function, or not noticed."""
    told = _ran(row) if run else _alike(row)
    if told is None:
        return None
    found = every(row.broken, told)
    made = Counter((one.kind, round(one.prior * BUCKETS)) for one in found)
    right = _right(row, found)
    for place, one in enumerate(found):
        if right(one):
            return Rank(place, (one.kind, round(one.prior * BUCKETS)), made)
    return Rank(None, None, made)


def _alike(row: Row) -> Told | None:
    line = first_difference(row.broken, row.right)
    functions = [
        one
        for one in ast.walk(ast.parse(row.broken))
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        and one.lineno - 1 <= line <= (one.end_lineno or one.lineno) + 1
    ]
    if not functions:
        return None
    inner = max(functions, key=lambda one: one.lineno)
    lines = range(inner.lineno, (inner.end_lineno or inner.lineno) + 1)
    return Told(dict.fromkeys(lines, SUSPICION), lines)


def _ran(row: Row) -> Told | None:
    if row.bug is None:
        raise SystemExit("--run needs a set with tests.")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        file, asked = row.bug.written(place), row.bug.asked(place)
        job = job_for(file, row.broken, asked, sys.executable)
        with Worker(job) as one, Worker(job) as other:
            try:
                return told_by(baseline([one, other], asked, job))
            except CwmError:
                return None


class _right:
    """Whether an edit gives the right text; most are seen to be elsewhere, or too long, without a parse."""

    def __init__(self, row: Row, found: Sequence[Candidate]) -> None:
        self._row = row
        self._letters, self._tree = row.right.translate(_LAYOUT), ast.dump(ast.parse(row.right))
        shorter = min(len(row.broken), len(row.right))
        ahead = (n for n in range(shorter) if row.broken[n] != row.right[n])
        behind = (n for n in range(shorter) if row.broken[-1 - n] != row.right[-1 - n])
        self._low = next(ahead, shorter) - NEAR
        self._high = len(row.broken) - next(behind, shorter) + NEAR

    def __call__(self, one: Candidate) -> bool:
        if one.edits[0].start < self._low or one.edits[-1].end > self._high:
            return False
        text = apply(self._row.broken, one.edits)
        if text.translate(_LAYOUT) != self._letters:
            return False
        try:
            return ast.dump(ast.parse(text)) == self._tree
        except SyntaxError:
            return False


def summary(name: str, found: Sequence[Rank]) -> str:
    """One line of a set."""
    tops = ", ".join(
        f"{top:,}: {sum(one.place is not None and one.place < top for one in found)}" for top in TOPS
    )
    anywhere = sum(one.place is not None for one in found)
    made = sum(one.made.total() for one in found)
    guards = sum(count for one in found for (kind, _), count in one.made.items() if kind == "guard")
    shares = f"{made / max(1, len(found)):,.0f} edits a bug, {100 * guards / max(1, made):.0f} % guards"
    return f"{name}, {len(found)} bugs: among the first {tops}; anywhere: {anywhere}; {shares}"


def factors(found: Sequence[Rank]) -> Iterator[str]:
    """A line for each kind of edit that is right more or less often than others as likely."""
    made: Counter[tuple[str, int]] = sum((one.made for one in found), Counter())
    right = Counter(one.right for one in found if one.right is not None)
    buckets: Counter[int] = Counter()
    hits: Counter[int] = Counter()
    for (_, bucket), count in made.items():
        buckets[bucket] += count
    for (_, bucket), count in right.items():
        hits[bucket] += count
    expected: dict[str, float] = {}
    for (kind, bucket), count in made.items():
        share = count * (hits[bucket] + 0.5) / (buckets[bucket] + 1)
        expected[kind] = expected.get(kind, 0.0) + share
    times = {kind: sum(count for (one, _), count in right.items() if one == kind) for kind in expected}
    for kind in sorted(expected, key=lambda one: (times[one] + 1) / (expected[one] + 1)):
        factor = sqrt((times[kind] + 1) / (expected[kind] + 1))
        yield f"{kind}: right {times[kind]} times, {expected[kind]:.1f} expected, factor {factor:.2f}"


def main(words: Sequence[str]) -> None:
    """Rank and print."""
    warnings.simplefilter("ignore")
    names = [word for word in words if not word.startswith("--")]
    ranked: list[Rank] = []
    with Pool(2) as pool:
        for name in names:
            got = pool.map(partial(rank, run="--run" in words), rows(name), chunksize=2)
            found = [one for one in got if one is not None]
            ranked += found
            print(summary(name, found), flush=True)
    for line in factors(ranked) if "--kinds" in words else ():
        print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
