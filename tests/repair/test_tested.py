"""Code that only pytest tests know: real sessions, real forks, held-out scripts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cwm_lsp.repair.baseline import job_for
from cwm_lsp.repair.model import Candidate, Edit, Outcome, Status
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification
from cwm_lsp.repair.workers import Worker
from tests.cli.running import cwm
from tests.repair.tested import FILES, bugs

BUDGET = 120.0

STOCK = """\
class Stock:
    def __init__(self, limit=100):
        self.limit = limit
        self.items = {}

    def add(self, name, count=1):
        total = self.items.get(name, 0) + count
        if total >= self.limit:
            raise ValueError("too many")
        self.items[name] = total

    def total(self):
        return sum(self.items.values())
"""
TESTS = """\
import pytest
from stock import Stock


@pytest.fixture
def stock():
    made = Stock(limit=10)
    made.add("pear", 3)
    made.add("fig")
    return made


def test_total(stock):
    assert stock.total() == 4


def test_up_to_the_limit(stock):
    stock.add("pear", 7)
    assert stock.items == {"pear": 10, "fig": 1}


class TestLimit:
    def test_beyond(self, stock):
        with pytest.raises(ValueError):
            stock.add("pear", 8)
"""


def project(folder: Path, source: str = STOCK, tests: str = TESTS) -> tuple[Path, Path]:
    """The file to mend and its tests."""
    file, test = folder / "stock.py", folder / "test_stock.py"
    file.write_text(source, encoding="utf-8")
    test.write_text(tests, encoding="utf-8")
    return file, test


def mended(file: Path, test: str) -> Outcome:
    """The outcome of a search."""
    source = file.read_text(encoding="utf-8")
    return repair(file, source, Specification((), (), test), python=sys.executable, budget=BUDGET)


def test_a_class_that_only_tests_use_is_mended_and_verified(tmp_path: Path) -> None:
    project(tmp_path)
    words = ("repair", "stock.py", "--test", "test_stock.py::test_up_to_the_limit", "--apply", "--json")
    done = cwm(*words, "--budget", str(BUDGET), cwd=tmp_path)
    found = done.object
    assert found["status"] == "verified"
    assert found["candidates"][0]["evidence"]["passed"] == 3
    assert found["candidates"][0]["evidence"]["held_out"] >= 8
    assert "if total > self.limit:" in (tmp_path / "stock.py").read_text()


def test_fixes_of_a_class_are_told_apart_by_a_script_that_can_be_answered(tmp_path: Path) -> None:
    tests = "from stock import Stock\n\n\ndef test_two():\n    s = Stock(2)\n    assert s.room(2) == 4\n"
    source = (
        "class Stock:\n    def __init__(self, size):\n        self.size = size\n\n"
        "    def room(self, by):\n        return self.size - by\n"
    )
    file, test = project(tmp_path, source, tests)
    outcome = mended(file, str(test))
    assert outcome.status is Status.PLAUSIBLE
    apart = outcome.fixes[0].evidence.distinctions[0]
    assert apart.call.startswith("s = Stock(")
    assert apart.this != apart.other
    answer = "s = Stock(3); s.room(4) == 12"
    words = ("repair", "stock.py", "--test", "test_stock.py", "--answer", answer, "--json")
    found = cwm(*words, "--budget", str(BUDGET), cwd=tmp_path).object
    assert "self.size * by" in found["candidates"][0]["diff"]


def test_a_value_that_a_test_expects_is_not_returned_as_a_constant(tmp_path: Path) -> None:
    tests = "from stock import name\n\n\ndef test_name():\n    assert name(1, 'zebra') == 'zebra'\n"
    file, test = project(tmp_path, "def name(n, text):\n    return n\n", tests)
    outcome = mended(file, str(test))
    assert "return text" in outcome.fixes[0].text
    assert not any("'zebra'" in fix.text for fix in outcome.fixes)


def attempted(folder: Path, source: str, tests: str, *edits: Edit) -> list[tuple[int, ...]]:
    """The checks that each edit passes, in one batch, all of them tests."""
    file, test = project(folder, source, tests)
    job = job_for(file, source, Specification((), (), str(test)), sys.executable)
    with Worker(job) as worker:
        order = list(range(len(worker.collected())))
        tried = [Candidate((edit,), "tried", 1, 0.5) for edit in edits]
        return [one.passed for one in worker.attempt(tried, order, 5.0, passing=order)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="one session for all")
def test_what_a_candidate_leaves_behind_does_not_count_against_the_next(tmp_path: Path) -> None:
    source = "def first(items):\n    return items[0]\n"
    tests = "from stock import first\n\nDATA = [1, 2]\n\n\ndef test_first():\n    assert first(DATA) == 1\n"
    spoils = Edit(source.index("items[0]"), len(source) - 1, "items.pop()")
    same = Edit(len(source), len(source), "# the same\n")
    assert attempted(tmp_path, source, tests, spoils, spoils, same) == [(), (), (0,)]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="nothing tells whether a process waits")
def test_a_test_that_waits_for_ever_is_ended_and_mended(tmp_path: Path) -> None:
    source = "import threading\n\n\ndef wait(n):\n    done = threading.Event()\n    if n > 1:\n"
    source += "        done.set()\n    done.wait()\n    return n\n"
    tests = "from stock import wait\n\n\ndef test_two():\n    assert wait(2) == 2\n\n\n"
    tests += "def test_one():\n    assert wait(1) == 1\n"
    file, test = project(tmp_path, source, tests)
    outcome = mended(file, f"{test}::test_one")
    assert outcome.fixes
    assert "did not end" in outcome.fixes[0].evidence.failed[0]


def test_unittest_cases_and_expected_failures_are_judged_as_pytest_does(tmp_path: Path) -> None:
    tests = (
        "import unittest\nimport pytest\nfrom stock import twice\n\n\n"
        "class Twice(unittest.TestCase):\n    def setUp(self):\n        self.n = 2\n\n"
        "    def test_it(self):\n        self.assertEqual(twice(self.n), 4)\n\n\n"
        "@pytest.mark.xfail\ndef test_not_yet():\n    assert twice('') == 0\n"
    )
    source = "def twice(n):\n    return n + n\n"
    at = source.index("+ n")
    found = attempted(tmp_path, source, tests, Edit(at, at + 3, "* 2"), Edit(at, at + 3, "+ 9"))
    assert found == [(0, 1), ()]


@pytest.mark.parametrize("name", FILES)
def test_every_bug_of_the_measured_programs_fits(name: str) -> None:
    found = list(bugs(name))
    assert len(found) >= 25
    for one in found:
        compile(one.source, one.name, "exec")
        assert one.source != one.program.source
