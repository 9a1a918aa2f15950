"""A search that is stopped ends, whatever it is at, and leaves no child behind."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from cwm_lsp.errors import Cancelled
from cwm_lsp.repair import workers
from cwm_lsp.repair.job import Job, at_once
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call

ENDLESS = "def f(n):\n    while n:\n        n += 1\n    return n\n"
HOPELESS = "def f(n):\n    return n + 1\n"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[workers.Worker]:
    """The children of a search."""
    found: list[workers.Worker] = []
    begin = workers.Worker.__init__

    def noted(self: workers.Worker, job: Job, like: workers.Worker | None = None) -> None:
        begin(self, job, like)
        found.append(self)

    monkeypatch.setattr(workers.Worker, "__init__", noted)
    return found


def searched(tmp_path: Path, source: str, stop: threading.Event, first: threading.Event) -> str:
    """What a search of an hour that is stopped at its first progress, or before, ends with."""
    file = tmp_path / "f.py"
    file.write_text(source)
    targets = (call("f(1)", "'never'"), call("f(2)", "{'never'}"))

    def advance(tried: int, total: int) -> None:
        first.set()

    try:
        repair(
            file,
            source,
            Specification(targets),
            python=sys.executable,
            budget=3600.0,
            progress=advance,
            stop=stop,
        )
    except Cancelled as error:
        return str(error)
    return "it went on"


def test_in_the_middle_of_candidates(tmp_path: Path, started: list[workers.Worker]) -> None:
    stop, first = threading.Event(), threading.Event()

    def watch() -> None:
        first.wait()
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    assert searched(tmp_path, HOPELESS, stop, first) == "The search for fixes was stopped."
    assert started
    assert not any(worker.work.exists() for worker in started)


def test_before_anything_was_tried(tmp_path: Path, started: list[workers.Worker]) -> None:
    stop, first = threading.Event(), threading.Event()
    stop.set()
    assert searched(tmp_path, ENDLESS, stop, first) == "The search for fixes was stopped."
    assert not first.is_set()
    assert not any(worker.work.exists() for worker in started)


def test_an_exception_in_one_of_several_stops_the_others() -> None:
    stop = threading.Event()

    def work(n: int) -> int:
        if n == 0:
            raise KeyboardInterrupt
        stop.wait()
        return n

    with pytest.raises(KeyboardInterrupt):
        at_once(stop, 2, work, [0, 1])
    assert stop.is_set()
    assert at_once(stop, 2, lambda n: n * 2, [1, 2, 3]) == [2, 4, 6]
