"""Runs candidates in several children at once, and edits in pairs where single ones were not enough."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence, Sized
from itertools import combinations

from cwm_lsp.repair.job import Tried, at_once
from cwm_lsp.repair.model import Candidate
from cwm_lsp.repair.supply import Listed, Source, Supply, Upto
from cwm_lsp.repair.text import overlap
from cwm_lsp.repair.workers import PATIENT, Worker

BATCH = 64

AT_ONCE = 3.0
"""Seconds on the clock that a batch may take if all its candidates fail the first check."""

AT_ONCE_SHARE = 0.1
"""The same of the time that is left."""

LATE = 1.0
"""Seconds beyond the deadline, a check's own limit and its sleep that a batch may still take."""

FIRST = 600
"""Candidates that are tried before values are sought."""

RIVALS = 0.35
"""Once a fix is found, the search goes on through candidates at least this share as likely as it."""

NEAR = 0.6
"""What is at least this share as likely as a fix must have been tried for the fix to count as verified."""

TURNED = 400
"""Of the most likely single edits, those of which it is seen whether they mend any failing check at all."""

SEEDS = 60
"""Single edits that mend something, from which pairs are made."""

TURNS = 3
"""Failing checks beside the first that are each tried as the first."""

COMPLEMENTS = 150
"""Edits that mend something, of which all pairs are tried that mend all between them."""

PARTNERS = 300
"""Of the most likely single edits, those that a pair may take as its other half."""

JOINED = " and "
"""Between the kinds of two edits that are tried as one."""

Progress = Callable[[int, int], None]


class Screen:
    """The screening of one search. ``tried`` counts candidates that were run.

    ``complete``: no candidate about as likely as one that passes was left out for want of time.

    ``clock``: seconds that a candidate takes which passes. ``over``: when none may run any more.

    A check may take ``quick`` seconds of a processor at first; where no candidate survives that, those that
    took longer get ``seconds``.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        order: Sequence[int],
        failing: Collection[int],
        quick: float,
        seconds: float,
        stop: threading.Event,
        weight: Callable[[Candidate], float] = lambda one: one.prior,
        clock: float = 0.0,
        over: float = math.inf,
    ) -> None:
        self._one = clock / max(1, len(order) - len(failing) + 1)
        self._weight = weight
        self.tried = 0
        self._untried = 0.0  # the likelihood of the likeliest candidate that was left out for want of time
        self._workers = workers
        self._stop = stop
        self._order = order
        self._failing = set(failing)
        self._passing = [one for one in order if one not in self._failing]
        self._seconds = seconds
        self._late = seconds + min(clock, AT_ONCE)
        self._over = over
        self._quick = min(quick, seconds)
        self._patience = 1
        self._slow: list[Candidate] = []
        self._lock = threading.Lock()
        self._survivors: list[Candidate] = []
        self._partial: dict[Candidate, set[int]] = {}
        self._floor = 0.0

    @property
    def complete(self) -> bool:
        """Whether all that is about as likely as what passes was tried."""
        return self._untried < NEAR * max(map(self._weight, self._survivors), default=0.0)

    def run(
        self,
        supply: Supply,
        deadline: float,
        progress: Progress | None,
        guided: Callable[[], Sequence[Candidate]] = list,
    ) -> list[Candidate]:
        """Those that pass every check, most likely first.

        The likeliest of ``supply`` are tried, then what ``guided`` gives, then the rest; pairs when no single
        edit helps. ``deadline`` is a time of ``time.monotonic``.
        """
        self._all(Upto(supply, FIRST), deadline, progress, supply)
        if not self._survivors and time.monotonic() < deadline:
            self._all(Listed(supply.fresh(guided())), deadline, progress, supply)
        self._all(supply, deadline, progress, supply)
        if not supply.complete:
            self._untried = 1.0
        if not self._survivors and self._slow:
            # A loop for ever is what most of them are: only now may each take its time.
            again = sorted(self._slow, key=lambda one: -one.prior)
            self._quick, self._patience, self._slow = self._seconds, PATIENT, []
            self._all(Listed(again), deadline - (deadline - time.monotonic()) * 0.4, progress)
        if not self._survivors and time.monotonic() < deadline:
            found = supply.likeliest(max(TURNED, PARTNERS * 4), deadline)
            self._turned(found, deadline, progress)
            self._all(Listed(self._pairs(found)), deadline, progress)
        return sorted(self._survivors, key=lambda one: -self._weight(one))

    def _turned(self, found: Sequence[Candidate], deadline: float, progress: Progress | None) -> None:
        """Try the likeliest again, each failing check first in turn: two mistakes fail different ones."""
        order = self._order
        others = [one for one in order if one in self._failing][1:]
        until = time.monotonic() + (deadline - time.monotonic()) / 2
        for first in others[:TURNS]:
            self._order = [first, *(one for one in order if one != first)]
            left = [one for one in found[:TURNED] if one not in self._partial]
            self._all(Listed(left), until, progress)
        self._order = order

    def more(self, found: Sequence[Candidate], deadline: float) -> list[Candidate]:
        """All that survived, after these have been tried too, however unlikely they are."""
        self._floor = 0.0
        self._all(Listed(found), deadline, None)
        return sorted(self._survivors, key=lambda one: -self._weight(one))

    def _all(self, source: Source, deadline: float, progress: Progress | None, total: Sized = ()) -> None:
        at_once(
            self._stop,
            len(self._workers),
            lambda worker: self._drain(worker, source, deadline, progress, total),
            self._workers,
        )

    def _drain(
        self,
        worker: Worker,
        source: Source,
        deadline: float,
        progress: Progress | None,
        total: Sized,
    ) -> None:
        """Take batches until there are none, the time is over, or only unlikely rivals are left."""
        while True:
            batch = source.take(self._batch(deadline - time.monotonic()), self._floor, deadline)
            if not batch:
                return
            if time.monotonic() >= deadline:
                self._leave(batch)
                return
            done = 0
            last = min(deadline + self._late, self._over)
            how = self._quick, self._patience, self._passing, False, min(last + LATE, self._over)
            for tried in worker.attempt(batch, self._order, *how, _share(deadline - time.monotonic())):
                with self._lock:
                    self._note(tried)
                done += 1
                if time.monotonic() > last:
                    worker.end()
                    break
            if done < len(batch):
                self._leave(batch[done:])
                return
            if progress is not None:
                progress(self.tried, len(total))

    def _batch(self, left: float) -> int:
        """How many candidates to give at once: what a batch found is only known once it ends."""
        return max(1, min(BATCH, int(_share(left) / self._one))) if self._one > 0 else BATCH

    def _leave(self, batch: Sequence[Candidate]) -> None:
        """Note what is left untried."""
        with self._lock:
            self._untried = max(self._untried, *map(self._weight, batch))

    def _note(self, tried: Tried) -> None:
        self.tried += 1
        if len(tried.passed) == len(self._order):
            self._survivors.append(tried.candidate)
            self._floor = max(self._floor, tried.candidate.prior * RIVALS)
        elif tried.slow and self._patience < PATIENT:
            self._slow.append(tried.candidate)
        elif tried.passed:
            self._partial.setdefault(tried.candidate, set()).update(tried.passed)

    def _pairs(self, found: Sequence[Candidate]) -> Iterator[Candidate]:
        """Edits that mend all between them; that mend something, with others; the most likely ones."""

        def worth(one: Candidate) -> tuple[int, int, float]:
            passed = self._partial[one]
            return -len(passed), -len(self._failing & passed), -one.prior

        seeds = sorted(self._partial, key=worth)
        for one, other in combinations(seeds[:COMPLEMENTS], 2):
            mended = self._partial[one] | self._partial[other]
            if self._failing <= mended and (pair := paired(one, other)):
                yield pair
        for seed in seeds[:SEEDS]:
            for other in found[: PARTNERS * 4]:
                if pair := paired(seed, other):
                    yield pair
        for n, one in enumerate(found[:PARTNERS]):
            for other in found[:n]:
                if pair := paired(one, other):
                    yield pair


def _share(left: float) -> float:
    """Seconds that tests may run candidates until they are to say what came of them."""
    return min(AT_ONCE, max(0.0, left) * AT_ONCE_SHARE)


def paired(one: Candidate, other: Candidate) -> Candidate | None:
    """Both edits as one candidate, ``None`` where they touch."""
    edits = tuple(sorted((*one.edits, *other.edits)))
    if overlap(edits):
        return None
    return Candidate(edits, f"{one.kind}{JOINED}{other.kind}", one.line, one.prior * other.prior * 0.3)
