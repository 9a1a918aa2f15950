"""How many candidates the children of a search run in a minute."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cwm_lsp.repair.baseline import baseline, job_for
from cwm_lsp.repair.model import Check
from cwm_lsp.repair.screen import Screen
from cwm_lsp.repair.search import WORKERS
from cwm_lsp.repair.specification import Specification, call
from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.workers import Worker
from tests.bench.registry import Row, benchmark

CANDIDATES = 4000
SECONDS = 20.0
_STRAIGHT = """\
def clamp(values, low, high):
    found = []
    for value in values:
        if value < low:
            found.append(low)
        elif value > high:
            found.append(high)
        else:
            found.append(value)
    return found
"""
_LOOPING = """\
def steps(n):
    count = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        count += 1
    return count
"""


@benchmark("repair")
def repair() -> Iterator[Row]:
    """Candidates that no check lets pass, so that nothing but running them is measured."""
    straight = call("clamp([1, 5, 9], 2, 6)", "'never'"), call("clamp([], 0, 1)", "[]")
    yield Row(
        "repair: candidates a minute, of a function that always ends", _rate(_STRAIGHT, straight), "/min"
    )
    looping = call("steps(6)", "'never'"), call("steps(1)", "0")
    yield Row("repair: candidates a minute, many of them without an end", _rate(_LOOPING, looping), "/min")


def _rate(source: str, checks: tuple[Check, ...]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench_repaired.py")
        file.write_text(source, encoding="utf-8")
        specification = Specification(checks)
        job = job_for(file, source, specification, sys.executable)
        workers = [Worker(job) for _ in range(WORKERS)]
        try:
            known = baseline(workers, specification, job)
            screen = Screen(workers, known.order, known.failing, known.quick, known.seconds, job.stop)
            found = candidates(source, {}, range(1, source.count("\n") + 1))[:CANDIDATES]
            started = time.monotonic()
            screen.more([replace(one, prior=1.0) for one in found], started + SECONDS)
            return 60 * screen.tried / (time.monotonic() - started)
        finally:
            for worker in workers:
                worker.close()
