"""Candidates are taken while others are made, and how checks do is found out side by side."""

from __future__ import annotations

import math
import sys
import threading
import time
from pathlib import Path

import pytest

from cwm_lsp.errors import Cancelled
from cwm_lsp.repair.baseline import baseline, job_for
from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.specification import Specification, call
from cwm_lsp.repair.supply import Listed, Supply, Upto
from cwm_lsp.repair.templates.generate import Told, candidates
from cwm_lsp.repair.workers import Worker

WRONG = "def total(values):\n    found = 0\n    for one in values:\n        found -= one\n    return found\n"
OTHER = WRONG.replace("total", "other")
LINES = range(1, 6)
SCORES = {4: 1.0, 2: 0.3}


def taken(supply: Supply, count: int = 10) -> list[Candidate]:
    """All that can be taken."""
    found: list[Candidate] = []
    while some := supply.take(count, 0.0, time.monotonic() + 60):
        found += some
    return found


def changed(found: list[Candidate]) -> set[tuple[Edit, ...]]:
    return {one.edits for one in found}


def test_a_supply_gives_all_that_can_be_made_each_once() -> None:
    supply = Supply(WRONG + OTHER, threading.Event())
    supply.tell(Told(SCORES, LINES))
    found = taken(supply)
    wanted = candidates(WRONG + OTHER, SCORES, LINES)
    assert changed(found) == changed(wanted)
    assert len(found) == len(wanted)
    assert supply.complete
    assert supply.likeliest(20, math.inf) == wanted[:20]


def test_what_is_told_before_all_are_made_gives_the_likely_ones_first() -> None:
    many = "".join(WRONG.replace("total", f"other_{n}") for n in range(60))
    supply = Supply(many + WRONG, threading.Event())
    end = many.count("\n")
    supply.tell(Told({end + 4: 1.0}, range(end + 1, end + 6)))
    (first, *_) = supply.take(64, 0.0, time.monotonic() + 60)
    assert first.line > end
    assert all(one.line > end for one in taken(supply))


def test_nothing_can_be_taken_before_it_is_known_how_the_checks_went() -> None:
    supply = Supply(WRONG, threading.Event())
    assert supply.take(5, 0.0, time.monotonic() + 0.2) == []
    assert not supply.complete
    supply.close()


def test_who_waits_for_a_search_that_was_stopped_is_told() -> None:
    stop = threading.Event()
    supply = Supply(WRONG, stop)
    stop.set()
    with pytest.raises(Cancelled):
        supply.take(5, 0.0, time.monotonic() + 60)
    supply.close()


def test_what_was_found_elsewhere_is_taken_once() -> None:
    supply = Supply(WRONG, threading.Event())
    supply.tell(Told(SCORES, LINES))
    some = candidates(WRONG, SCORES, LINES)[:3]
    assert supply.fresh(some) == some
    assert not changed(some) & changed(taken(supply))


def test_sources_end_where_they_are_to() -> None:
    found = [
        Candidate((Edit(n, n, "x"),), "constant", 1, prior) for n, prior in enumerate((0.9, 0.1, 0.5, 0.4))
    ]
    assert Listed(found).take(3, 0.3, 0.0) == [found[0], found[2], found[3]]
    upto = Upto(Listed(found), 3)
    assert [len(upto.take(2, 0.0, 0.0)) for _ in range(3)] == [2, 1, 0]


def test_loops_are_counted_while_checks_are_watched_and_both_children_know(tmp_path: Path) -> None:
    file = tmp_path / "shop.py"
    file.write_text(WRONG)
    asked = Specification((call("total([1, 2])", "3"), call("total([0] * 7)", "0")))
    job = job_for(file, WRONG, asked, sys.executable)
    with Worker(job) as one, Worker(job) as other:
        known = baseline([one, other], asked, job)
        assert known.failing == (0,)
        assert one.turns == other.turns == 7


def test_a_check_that_kills_its_child_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    source = "import os\n\n\ndef end(n):\n    if n:\n        os._exit(3)\n    return n\n"
    file = tmp_path / "shop.py"
    file.write_text(source)
    asked = Specification((call("end(0)", "0"), call("end(1)", "0"), call("end(0)", "1")))
    with Worker(job_for(file, source, asked, sys.executable)) as worker:
        found = worker.again([0, 1, 2], 0.5)
    assert [(found[n].ok, found[n].over) for n in range(3)] == [(True, False), (False, True), (False, False)]


def test_a_loop_without_an_end_is_not_waited_for_where_others_ended_long_before(tmp_path: Path) -> None:
    source = "def down(n):\n    while n:\n        n -= 2\n    return n\n"
    file = tmp_path / "shop.py"
    file.write_text(source)
    asked = Specification((call("down(4)", "0"), call("down(3)", "1")))
    with Worker(job_for(file, source, asked, sys.executable)) as worker:
        first, second = worker.trace(5.0, [0, 1], 5.0, 60.0)
    assert first["ok"]
    assert second["said"] == "did not end"
    assert second["seconds"] < 4.0  # of a processor: it was given no second try
