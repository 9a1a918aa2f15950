"""Checks that sleep, wait for what never comes, come out by chance, or have nothing to do with the file."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.errors import RunError
from cwm_lsp.repair.agent.program import Program
from cwm_lsp.repair.agent.worker import Worker as Agent
from cwm_lsp.repair.baseline import job_for
from cwm_lsp.repair.model import Outcome
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call
from cwm_lsp.repair.workers import Worker

WRONG = "def add(a, b):\n    return a - b\n"
TOLD = pytest.mark.skipif(
    not Path("/proc/thread-self/schedstat").exists(), reason="nothing tells how long a thread waits"
)


def mended(folder: Path, source: str, tests: str = "", *calls: tuple[str, str], budget: float) -> Outcome:
    """What is found for tests beside the file, or for calls."""
    file, test = folder / "shop.py", folder / "test_shop.py"
    file.write_text(source)
    test.write_text(tests)
    asked = Specification(tuple(call(*one) for one in calls), (), str(test) if tests else "")
    return repair(file, source, asked, python=sys.executable, budget=budget)


def slow(*bodies: str) -> str:
    """Tests that sleep before what they assert."""
    found = ["import time\nfrom shop import add\n"]
    for n, body in enumerate(bodies):
        found.append(f"def test_{n}():\n    time.sleep(1.0)\n    assert {body}\n")
    return "\n\n".join(found)


def test_tests_that_sleep_leave_time_for_the_search(tmp_path: Path) -> None:
    tests = slow("add(1, 2) == 3", "add(1, 0) == 1", "add(2, 0) == 2")
    outcome = mended(tmp_path, WRONG, tests, budget=8.0)
    assert "a + b" in outcome.fixes[0].text
    assert any("For want of time" in note for note in outcome.notes)


@TOLD
def test_a_call_that_waits_for_ever_is_ended_where_it_waits(tmp_path: Path) -> None:
    source = "import threading\n\n\ndef one(n):\n    lock = threading.Lock()\n"
    source += "    lock.acquire()\n    lock.acquire()\n"
    file = tmp_path / "shop.py"
    file.write_text(f"{source}    return n\n")
    job = job_for(file, file.read_text(), Specification((call("one(1)", "1"),)), sys.executable)
    with Worker(job) as worker:
        (found,) = worker.trace(0.5, [0], 0.5, 60.0)
        process = worker._process
        results = worker.results(None, ["one(2)"], 0.5)
        assert results is not None
        assert found["said"] == results[0].said == "did not end"
        assert worker._process is process  # ended from inside: the child is still the same


def test_a_test_that_passes_after_all_is_flaky(tmp_path: Path) -> None:
    """It fails each of the three times that it is run before candidates are."""
    tests = (
        "import os\nfrom shop import add\n\n\nCOUNT = os.path.join(os.environ['TMPDIR'], 'count')\n\n\n"
        "def test_chance():\n    add(1, 2)\n    with open(COUNT, 'a') as file:\n        file.write('x')\n"
        "    assert os.stat(COUNT).st_size > 4\n"
    )
    with pytest.raises(RunError, match="flaky"):
        mended(tmp_path, WRONG, tests, budget=10.0)


def test_a_test_that_runs_nothing_of_the_file_is_named(tmp_path: Path) -> None:
    tests = "from shop import add\n\n\ndef test_one(missing):\n    assert add(1, 2) == 3\n"
    outcome = mended(tmp_path, WRONG, tests, budget=10.0)
    assert outcome.fixes == ()
    assert outcome.tried == 0
    said = " ".join(outcome.notes)
    assert "test_one runs nothing of shop.py" in said
    assert "fixture 'missing' not found" in said
    assert "/work/" not in said  # where the scratch copy is tells nobody anything


def test_a_constant_that_a_test_only_reads_is_mended_all_the_same(tmp_path: Path) -> None:
    tests = "import shop\n\n\ndef test_one():\n    assert shop.LIMIT == 10\n"
    outcome = mended(tmp_path, "LIMIT = 9\n", tests, budget=10.0)
    assert "LIMIT = 10" in outcome.fixes[0].text


def test_a_fork_says_in_time_what_came_of_the_candidates_that_it_got_to() -> None:
    agent = Agent(Program("f.py", "f", "def f():\n    return 1\n"), [], None)
    work: list[Callable[[], dict[str, Any]]] = [lambda: {"passed": []}] * 3
    request = {"passing": [], "seconds": 1.0}
    for clock, count in ((0.0, 1), (math.inf, 3)):
        found = agent._several(work, {**request, "clock": clock})
        assert found == {"tried": [{"passed": []}] * count, "clean": True}
