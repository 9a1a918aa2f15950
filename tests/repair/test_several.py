"""Several things at once: two mistakes in one file, tests that no edit helps, a mistake in another file."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import cwm
from tests.repair.test_tested import BUDGET, mended, project

TWO = """\
class Score:
    def __init__(self):
        self.points = []

    def add(self, n):
        self.points.append(n)
        return len(self.points) + 1

    def best(self):
        return min(self.points)
"""
BOTH = """\
from stock import Score


def test_add():
    s = Score()
    assert s.add(5) == 1
    assert s.add(9) == 2


def test_best():
    s = Score()
    s.add(5)
    s.add(9)
    s.add(7)
    assert s.best() == 9
"""
BESIDE = """\
import pytest
import socket
from stock import twice


def test_twice():
    assert twice(3) == 6
    assert twice(5) == 10


def test_needs_what_is_not_there(no_such_fixture):
    assert twice(3) == 6


def test_network():
    twice(1)
    socket.create_connection(("127.0.0.1", 9), 1)
"""


def test_two_mistakes_that_fail_different_tests_are_mended_together(tmp_path: Path) -> None:
    file, test = project(tmp_path, TWO, BOTH)
    outcome = mended(file, str(test))
    assert outcome.fixes
    assert "return len(self.points)\n" in outcome.fixes[0].text
    assert "return max(self.points)" in outcome.fixes[0].text


def test_tests_that_no_edit_helps_do_not_keep_others_from_being_mended(tmp_path: Path) -> None:
    file, test = project(tmp_path, "def twice(n):\n    return n + 3\n", BESIDE)
    outcome = mended(file, str(test))
    assert "return n * 2" in outcome.fixes[0].text or "return n + n" in outcome.fixes[0].text
    said = " ".join(outcome.notes)
    assert "test_needs_what_is_not_there: file test_stock.py" in said
    assert "is not allowed while a fix is tried" in said
    assert said.count("No edit helps there: it was left out.") == 2


def test_a_file_that_finds_no_fix_names_those_that_it_uses(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "base.py").write_text("RATE = object()\n\n\ndef rate():\n    return RATE\n")
    (package / "bill.py").write_text("from .base import rate\n\n\ndef bill():\n    return rate()\n")
    (tmp_path / "test_bill.py").write_text(
        "from shop.bill import bill\n\n\ndef test_bill():\n    assert bill() == 'quite another thing'\n"
    )
    words = ("repair", "shop/bill.py", "--test", "test_bill.py", "--budget", "10")
    done = cwm(*words, cwd=tmp_path)
    said = " ".join((done.out + done.err).split())
    assert "no fix found" in said
    assert "bill.py uses shop/base.py: the mistake may be there." in said


def test_what_does_not_parse_is_named_by_its_line(tmp_path: Path) -> None:
    file, _ = project(tmp_path, "def f(x):\n    return (x\n", "")
    done = cwm("repair", file.name, "--test", "test_stock.py", "--budget", str(BUDGET), cwd=tmp_path)
    assert done.code == 2
    assert "stock.py does not parse: line 2: '(' was never closed." in " ".join(done.err.split())


def test_what_keeps_tests_from_being_collected_is_told_of_the_users_own_files(tmp_path: Path) -> None:
    file, _ = project(tmp_path, "def f(x):\n    return x\n", "from stock import g\n\n\ndef test_g(): pass\n")
    done = cwm("repair", file.name, "--test", "test_stock.py", "--budget", str(BUDGET), cwd=tmp_path)
    assert done.code == 2
    assert "cannot import name 'g' from 'stock' (stock.py)" in " ".join(done.err.split())
