"""How many bugs the search mends: ``python -m tests.repair.measure SET [BUDGET] [STEP] [FIRST]``.

``SET``: ``tuned`` or ``aside``, made by hand, the name of one of their files, ``tested``, ``tested_aside``,
``real``, ``real_aside``, ``projects``, ``libraries``, ``beginners``, ``commits``, ``commits_aside``,
``newcomers``, ``reported``, ``reported_aside``, ``trackers`` or ``trackers_aside``, made by hand in programs
with pytest tests, or ``seeded``, by mutation.
Every ``STEP``-th from ``FIRST`` is tried for ``BUDGET`` seconds. Prints one line a bug on stderr (none for
what is set aside, which nobody looks into) and the figures on stdout. ``docs/repair.md`` quotes them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

from cwm_lsp.errors import CwmError
from cwm_lsp.repair.model import Status, Suspect
from cwm_lsp.repair.search import repair
from tests.bench.registry import machine
from tests.repair import handmade, tested
from tests.repair.seeded import Bug, bugs
from tests.repair.tested import Broken


def main(name: str = "tuned", budget: float = 10.0, step: int = 1, first: int = 0) -> None:
    """Break, search, judge by the cases kept back, print."""
    tally: Counter[str] = Counter()
    seconds: list[float] = []  # of searches that found a fix
    took: list[float] = []
    started = time.monotonic()
    chosen = list(islice(_bugs(name), first, None, step))
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, bug) in enumerate(chosen):
            place = Path(folder, str(number))
            place.mkdir()
            begun = time.monotonic()
            verdict, ended = _one(bug, place, budget, tally, seconds)
            took.append(ended - begun)
            if "aside" not in name:
                print(f"{bug.name}, line {bug.line}, {kind}: {verdict}", file=sys.stderr, flush=True)
    seen = tally["bugs"]
    print(
        f"{machine()}; {name}, {len(chosen)} bugs, {budget:g} s each, "
        f"{time.monotonic() - started:.0f} s in all"
    )
    print(f"noticed by the given half of the cases: {seen}")
    for name in ("first fix right", "a fix offered is right", "verified", "plausible", "none"):
        print(f"{name}: {tally[name]} ({_share(tally[name], seen)})")
    print(
        f"verified but refuted: {tally['refuted']}"
        f" ({_share(tally['refuted'], tally['verified'])} of the verified)"
    )
    for signal in ("together", "spectrum", "slice"):
        tops = ", ".join(f"{top}: {_share(tally[f'{signal} {top}'], seen)}" for top in (1, 3, 5))
        print(f"line in the top, by {signal}: {tops}")
    print(f"seconds to a fix, median of those offered: {median(seconds or [0]):.1f}")
    print(f"longest search: {max(took, default=0):.1f} s, of a budget of {budget:g} s")
    print(f"candidates a minute: {60 * tally['tried'] / max(1, tally['milliseconds'] / 1000):,.0f}")


def _bugs(name: str) -> Iterator[tuple[str, Bug | Broken]]:
    if name in tested.FILES:
        return ((bug.kind, bug) for bug in tested.bugs(name))
    if name == "seeded":
        return (("mutant", bug) for bug in bugs(81, seed=4))
    return handmade.bugs({"tuned": handmade.TUNED, "aside": handmade.ASIDE}.get(name, (name,)))


def _one(
    bug: Bug | Broken, place: Path, budget: float, tally: Counter[str], seconds: list[float]
) -> tuple[str, float]:
    """What came of a bug, and when its search ended."""
    file = bug.written(place)
    try:
        outcome = repair(file, bug.source, bug.asked(place), python=sys.executable, budget=budget)
    except CwmError as error:
        tally["unnoticed"] += 1
        return str(error), time.monotonic()
    ended = time.monotonic()
    tally["bugs"] += 1
    tally["tried"] += outcome.tried
    tally["milliseconds"] += int(outcome.seconds * 1000)
    tally[str(outcome.status)] += 1
    for signal, suspects in {**outcome.signals, "together": outcome.suspects}.items():
        for top in (1, 3, 5):
            tally[f"{signal} {top}"] += _within(suspects, bug, top)
    right = [bug.mended(place, fix.text) for fix in outcome.fixes]
    tally["first fix right"] += bool(right[:1] == [True])
    tally["a fix offered is right"] += any(right)
    if outcome.status is Status.VERIFIED and not right[0]:
        tally["refuted"] += 1
    seconds += [outcome.seconds] if right else []
    kinds = [
        f"{fix.candidate.kind} {fix.candidate.prior:.2f} by {fix.evidence.agreeing}" for fix in outcome.fixes
    ]
    alone = outcome.notes if outcome.status is Status.PLAUSIBLE and len(right) == 1 else ""
    told = f"{outcome.status} {right} {kinds} {alone}, {outcome.tried} tried in {outcome.seconds:.1f} s"
    return told, ended


def _within(suspects: Sequence[Suspect], bug: Bug | Broken, top: int) -> bool:
    """Whether the seeded line, or the one above a dropped statement, is among the most suspicious."""
    return any(one.line in (bug.line, bug.line - 1) for one in suspects[:top])


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


if __name__ == "__main__":
    main(*(kind(word) for kind, word in zip((str, float, int, int), sys.argv[1:], strict=False)))
