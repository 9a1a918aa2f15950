"""Runs candidates in several children at once, and edits in pairs where single ones were not enough."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from cwm_lsp.repair.model import Candidate
from cwm_lsp.repair.text import overlap
from cwm_lsp.repair.workers import Tried, Worker

BATCH = 24

RIVALS = 0.35
"""Once a fix is found, the search goes on through candidates at least this share as likely as it."""

SEEDS = 60
"""Single edits that mend something, from which pairs are made."""

PARTNERS = 300
"""Of the most likely single edits, those that a pair may take as its other half."""

Progress = Callable[[int, int], None]


class Screen:
    """The screening of one search. ``tried`` counts candidates that were run."""

    def __init__(
        self,
        workers: Sequence[Worker],
        order: Sequence[int],
        failing: Collection[int],
        seconds: float,
    ) -> None:
        self.tried = 0
        self._workers = workers
        self._order = order
        self._failing = set(failing)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._survivors: list[Candidate] = []
        self._partial: list[tuple[int, int, Candidate]] = []
        self._floor = 0.0

    def run(self, found: Sequence[Candidate], deadline: float, progress: Progress | None) -> list[Candidate]:
        """Those that pass every check, most likely first; pairs are tried when no single edit does.

        ``deadline`` is a time of ``time.monotonic``.
        """
        self._all(found, deadline, progress, len(found))
        if not self._survivors:
            self._all(self._pairs(found), deadline, progress, 0)
        rank = {id(candidate): n for n, candidate in enumerate(found)}
        return sorted(self._survivors, key=lambda one: rank.get(id(one), len(rank)))

    def _all(
        self, found: Iterable[Candidate], deadline: float, progress: Progress | None, total: int
    ) -> None:
        source = iter(found)
        with ThreadPoolExecutor(len(self._workers)) as pool:
            jobs = [pool.submit(self._drain, one, source, deadline, progress, total) for one in self._workers]
            for job in jobs:
                job.result()

    def _drain(
        self,
        worker: Worker,
        source: Iterator[Candidate],
        deadline: float,
        progress: Progress | None,
        total: int,
    ) -> None:
        """Take batches until there are none, the time is over, or only unlikely rivals are left."""
        while time.monotonic() < deadline:
            with self._lock:
                batch = [one for one in islice(source, BATCH) if one.prior >= self._floor]
            if not batch:
                return
            for tried in worker.attempt(batch, self._order, self._seconds):
                with self._lock:
                    self._note(tried)
                if time.monotonic() > deadline + self._seconds:
                    worker.end()
                    return
            if progress is not None:
                progress(self.tried, total)

    def _note(self, tried: Tried) -> None:
        self.tried += 1
        if len(tried.passed) == len(self._order):
            self._survivors.append(tried.candidate)
            self._floor = max(self._floor, tried.candidate.prior * RIVALS)
        elif tried.passed:
            mended = len(self._failing.intersection(tried.passed))
            self._partial.append((-len(tried.passed), -mended, tried.candidate))

    def _pairs(self, found: Sequence[Candidate]) -> Iterator[Candidate]:
        """Edits that mend something together with others; then the most likely ones among themselves."""
        seeds = [one for _, _, one in sorted(self._partial, key=lambda one: (one[0], one[1], -one[2].prior))]
        for seed in seeds[:SEEDS]:
            for other in found[: PARTNERS * 4]:
                if pair := paired(seed, other):
                    yield pair
        for n, one in enumerate(found[:PARTNERS]):
            for other in found[:n]:
                if pair := paired(one, other):
                    yield pair


def paired(one: Candidate, other: Candidate) -> Candidate | None:
    """Both edits as one candidate, ``None`` where they touch."""
    edits = tuple(sorted((*one.edits, *other.edits)))
    if overlap(edits):
        return None
    return Candidate(edits, f"{one.kind} and {other.kind}", one.line, one.prior * other.prior * 0.3)
