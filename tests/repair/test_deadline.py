"""A search is over when its time is: nothing more is begun then, and what is not known is said."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cwm_lsp.errors import RunError
from cwm_lsp.repair.agent.checks import OVERTIME as ENDLESS
from cwm_lsp.repair.agent.noting import LEFT_OUT
from cwm_lsp.repair.baseline import baseline, job_for
from cwm_lsp.repair.deadline import GRACE, LEAST, LEAST_SHARE, LEAST_START, LONGEST_START, Deadline
from cwm_lsp.repair.heldout import held_out
from cwm_lsp.repair.job import Job
from cwm_lsp.repair.model import Candidate, Check, CheckKind, Edit
from cwm_lsp.repair.specification import Specification
from cwm_lsp.repair.verify import NO_TIME, Ground, verified
from cwm_lsp.repair.workers import Worker

WRONG = "def add(a, b):\n    return a - b\n"
TESTS = "from shop import add\n\n\ndef test_one():\n    assert add(1, 2) == 3\n"
FAILS = "assert -1 == 3; where -1 = add(1, 2)"
CHECK = Check(CheckKind.TEST, "test_shop.py::test_one")
RIGHT = Candidate((Edit(WRONG.index("-"), WRONG.index("-") + 1, "+"),), "operator", 2, 1.0)


class Clock:
    """A clock that stands still until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_is_shared_out_once_the_children_have_started() -> None:
    clock = Clock()
    deadline = Deadline(20.0, clock)
    assert deadline.start == 20.0
    clock.now += 8
    deadline.begin()
    assert (deadline.span, deadline.left, deadline.at(0.5)) == (12.0, 12.0, 114.0)
    assert deadline.within(5.0) == 113.0
    assert deadline.within(60.0) == 120.0 + GRACE
    clock.now += 12
    assert deadline.late()


@pytest.mark.parametrize(("budget", "least"), [(20.0, LEAST), (4.0, 4.0 * LEAST_SHARE)])
def test_a_search_whose_start_took_all_the_time_has_a_little(budget: float, least: float) -> None:
    clock = Clock()
    deadline = Deadline(budget, clock)
    clock.now += budget
    deadline.begin()
    assert deadline.left == least


@pytest.mark.parametrize(
    ("budget", "start"), [(1.0, LEAST_START), (30.0, 30.0), (600.0, LONGEST_START), (math.inf, LONGEST_START)]
)
def test_how_long_a_start_is_waited_for(budget: float, start: float) -> None:
    assert Deadline(budget, Clock()).start == start


def asked(folder: Path) -> Specification:
    """That the tests must pass."""
    return Specification((), (), str(folder / "test_shop.py"))


def child(folder: Path, deadline: Deadline, tests: str = TESTS) -> tuple[Job, Worker]:
    """A child for a wrong file and its tests."""
    file, test = folder / "shop.py", folder / "test_shop.py"
    file.write_text(WRONG)
    test.write_text(tests)
    job = replace(job_for(file, WRONG, asked(folder), sys.executable), deadline=deadline)
    return job, Worker(job)


def test_nothing_is_begun_once_the_time_is_over(tmp_path: Path) -> None:
    clock = Clock()
    _, worker = child(tmp_path, Deadline(50.0, clock))
    with worker:
        assert worker.collected() == ["test_shop.py::test_one"]
        assert [one["said"] for one in worker.trace(5.0, [0], 6.0, 60.0)] == [
            "assert -1 == 3; where -1 = add(1, 2)"
        ]
        clock.now += 50
        assert [one["said"] for one in worker.trace(5.0, [0], 6.0, 60.0)] == [LEFT_OUT]
        assert list(worker.attempt([RIGHT], [0], 5.0)) == []
        assert worker.again([0], 5.0) == {}
        assert worker.results(None, ["add(1, 2)"], 5.0) is None
        assert worker.history(0, None, 5.0) == []
        worker.end()
        assert worker.results(None, ["add(1, 2)"], 5.0) is None
        assert worker._process is None


@pytest.mark.parametrize("calls", [["add(1, 2)", "add(3, 4)"], ["a = Shop(3)\na.add(2)\na.total()"]])
def test_no_input_is_made_once_the_time_is_over(calls: list[str]) -> None:
    assert held_out(calls, 10)
    assert held_out(calls, 10, until=0.0) == []


class Spent(Deadline):
    """The time is over as soon as the children have started."""

    def begin(self) -> None:
        super().begin()
        self.over = self._begun


def test_a_test_for_which_there_is_no_time_is_named(tmp_path: Path) -> None:
    job, worker = child(tmp_path, Spent(50.0))
    with worker, pytest.raises(RunError, match="not enough time to run") as error:
        baseline([worker], asked(tmp_path), job)
    assert "give a larger --budget" in error.value.hint


def test_a_fix_that_passed_once_is_offered_where_there_is_no_time_to_run_it_again(tmp_path: Path) -> None:
    clock = Clock()
    job, worker = child(tmp_path, Deadline(50.0, clock))
    ground = Ground(job, (CHECK,), (0,), (), (), 5.0, until=0.0)
    with worker:
        worker.collected()
        clock.now += 50
        (fix,), notes = verified(ground, [RIGHT], {0: "assert -1 == 3"}, lambda one: one.prior, [worker])
    assert "a + b" in fix.text
    assert not fix.verified
    assert notes == (NO_TIME,)


@pytest.mark.parametrize(("slow", "said"), [(0.0, ENDLESS), (30.0, FAILS)])
def test_a_test_that_is_slow_by_itself_comes_to_its_end(tmp_path: Path, slow: float, said: str) -> None:
    busy = "import time\n\n\ndef test_one():\n    end = time.process_time() + 0.6\n"
    busy += "    while time.process_time() < end:\n        pass\n    assert add(1, 2) == 3\n"
    _, worker = child(tmp_path, Deadline(), f"from shop import add\n{busy}")
    with worker:
        (found,) = worker.trace(0.3, [0], 6.0, 60.0, slow)
    assert found["said"] == said
