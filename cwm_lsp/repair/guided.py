"""Candidates from the values that expressions would have to have: the children look for them in parallel."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

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
    found: list[Candidate] = field(default_factory=list)
    looked_at: int = 0
    _lock: Lock = field(default_factory=Lock)

    def run(self, holes: Sequence[Hole], deadline: float) -> list[Candidate]:
        """Candidates for ``holes``, most likely first, sought until ``deadline`` (of ``time.monotonic``)."""
        source = iter(holes)
        with ThreadPoolExecutor(len(self.workers)) as pool:
            for job in [pool.submit(self._drain, worker, source, deadline) for worker in self.workers]:
                job.result()
        return sorted(self.found, key=lambda one: -one.prior)

    def _drain(self, worker: Worker, source: Iterator[Hole], deadline: float) -> None:
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
            "seconds": self.seconds,
        }
