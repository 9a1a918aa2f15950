"""Candidates from the values that expressions would have to have: the children look for them in parallel."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock

from cwm_lsp.repair.job import at_once
from cwm_lsp.repair.model import Candidate
from cwm_lsp.repair.templates.holes import Hole
from cwm_lsp.repair.workers import Worker

EACH = 0.4
"""Processor seconds for one hole."""


@dataclass
class Guide:
    """The search for texts that fill holes. ``failing`` and ``passing`` are the numbers of checks."""

    workers: Sequence[Worker]
    failing: Sequence[int]
    passing: Sequence[int]
    seconds: float
    stop: Event
    found: list[Candidate] = field(default_factory=list)
    looked_at: int = 0
    _lock: Lock = field(default_factory=Lock)

    def run(self, holes: Sequence[Hole], deadline: float) -> list[Candidate]:
        """Candidates for ``holes``, most likely first, sought until ``deadline`` (of ``time.monotonic``)."""
        source = iter(holes)
        work = partial(self._drain, source, deadline)
        at_once(self.stop, len(self.workers), work, self.workers)
        return sorted(self.found, key=lambda one: -one.prior)

    def _drain(self, source: Iterator[Hole], deadline: float, worker: Worker) -> None:
        while time.monotonic() < deadline:
            with self._lock:
                hole = next(source, None)
                self.looked_at += 1
            if hole is None:
                return
            texts = worker.explore(self._request(hole), EACH)
            with self._lock:
                self.found += [hole.filled(text, rank) for rank, text in enumerate(texts)]

    def _request(self, hole: Hole) -> dict[str, object]:
        edit = hole.watched()
        return {
            "edits": [[edit.start, edit.end, edit.text]],
            "atoms": hole.atoms,
            "failing": list(self.failing),
            "passing": list(self.passing),
            "truth": hole.truth,
            "broad": hole.broad,
            "seconds": self.seconds,
        }
