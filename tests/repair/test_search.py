"""Whole repairs: real children run real candidates."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from cwm_lsp.errors import RunError, SourceError, TargetError
from cwm_lsp.repair import scratch
from cwm_lsp.repair.baseline import job_for
from cwm_lsp.repair.job import Job
from cwm_lsp.repair.model import Candidate, Check, CheckKind, Edit, Outcome, Status
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call, doctests
from cwm_lsp.repair.verify import Ground, verified
from cwm_lsp.repair.workers import Worker
from tests.repair.functions import FUNCTIONS
from tests.repair.seeded import holds

BUDGET = 120.0  # seconds: ample for fixes as near as these, on a busy machine too


def mended(
    file: Path,
    source: str,
    *checks: Check,
    test: str = "",
    others: tuple[Check, ...] = (),
    budget: float = BUDGET,
) -> Outcome:
    """The outcome of a search in ``source``."""
    file.write_text(source, encoding="utf-8")
    outcome = repair(file, source, Specification(checks, others, test), python=sys.executable, budget=budget)
    assert file.read_text(encoding="utf-8") == source
    return outcome


def test_a_wrong_boundary_is_found_verified_and_shown_as_a_small_diff(tmp_path: Path) -> None:
    source = (
        FUNCTIONS["lower_bound"][0]
        .replace("middle + 1", "middle")
        .replace("return low", "return low  # found")
    )
    checks = [call("lower_bound([1, 3, 5], 3)", "1"), call("lower_bound([1, 3, 5], 4)", "2")]
    checks += [call("lower_bound([1, 3, 5, 7], 8)", "4"), call("lower_bound([], 1)", "0")]
    outcome = mended(tmp_path / "search.py", source, *checks)
    assert outcome.status is Status.VERIFIED
    best = outcome.fixes[0]
    assert "-            low = middle\n+            low = middle + 1\n" in best.diff
    assert best.diff.count("\n-") == 1
    assert best.evidence.held_out >= 8
    assert best.evidence.failed[0].startswith("lower_bound([1, 3, 5], ")
    assert outcome.suspects[0].line == 6


def test_fixes_that_differ_on_other_inputs_are_only_plausible_and_told_apart(tmp_path: Path) -> None:
    source = "def join(a, b):\n    return a - b\n"
    outcome = mended(tmp_path / "one.py", source, call("join(2, 2)", "4"), call("join(0, 0)", "0"))
    assert outcome.status is Status.PLAUSIBLE
    assert len(outcome.fixes) > 1
    assert not any(fix.verified for fix in outcome.fixes)
    one = outcome.fixes[0].evidence.distinctions[0]
    assert one.this != one.other
    assert one.call.startswith("join(")


def test_what_passes_must_go_on_to_pass(tmp_path: Path) -> None:
    source = 'def double(n):\n    """Twice.\n\n    >>> double(3)\n    6\n    """\n    return n + 3\n'
    outcome = mended(tmp_path / "d.py", source, call("double(5)", "10"), others=tuple(doctests(source)))
    assert "return n + n" in outcome.fixes[0].text or "return n * 2" in outcome.fixes[0].text
    assert outcome.fixes[0].evidence.passed == 2


def test_a_doctest_is_a_specification(tmp_path: Path) -> None:
    source = (
        'def initials(name):\n    """\n    >>> initials("ada king")\n    \'AK\'\n'
        '    >>> initials("")\n    \'\'\n    """\n'
        '    return "".join(word[0].lower() for word in name.split())\n'
    )
    outcome = mended(tmp_path / "names.py", source, *doctests(source))
    assert "word[0].upper()" in outcome.fixes[0].text


def test_an_exception_is_a_specification_but_never_enough_to_verify(tmp_path: Path) -> None:
    source = "def last(items):\n    return items[len(items)]\n"
    outcome = mended(tmp_path / "l.py", source, call("last([1, 2])", None), call("last([5])", None))
    assert outcome.status is Status.PLAUSIBLE
    assert holds(tmp_path / "l.py", outcome.fixes[0].text, [call("last([1, 2])", None)])


def test_a_pytest_test_is_a_specification_and_its_file_must_go_on_to_pass(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(
        "from shop import Cart, total\nimport pytest\n"
        "@pytest.mark.parametrize(('prices', 'sum_'), [([], 0), ([4], 4), ([4, 9], 13), ([1, 2, 3], 6)])\n"
        "def test_total(prices, sum_):\n    assert total(prices) == sum_\n"
        "def test_cart(tmp_path):\n    (tmp_path / 'a').write_text('x')\n"
        "    assert Cart().add(3).add(4).sum() == 7\n"
    )
    source = (
        "def total(prices):\n    result = 0\n    for price in prices:\n        result = price\n"
        "    return result\n\n\n"
        "class Cart:\n    def __init__(self):\n        self.prices = []\n\n"
        "    def add(self, price):\n        self.prices.append(price)\n        return self\n\n"
        "    def sum(self):\n        return total(self.prices)\n"
    )
    outcome = mended(tmp_path / "shop.py", source, test=str(tmp_path / "test_shop.py::test_total"))
    assert outcome.fixes[0].evidence.passed == 4
    assert all("\n" not in said for said in outcome.fixes[0].evidence.failed)
    assert "result += price" in outcome.fixes[0].text or "result + price" in outcome.fixes[0].text


def test_fixes_that_no_input_tells_apart_are_offered_each_for_itself(tmp_path: Path) -> None:
    file, source = tmp_path / "none.py", "def f():\n    return 5 - 1\n"
    file.write_text(source)
    check, at = call("f()", "6"), source.index("5 - 1")
    likely = Candidate((Edit(at, at + 5, "5 + 1"),), "operator", 2, 0.7)
    unlikely = Candidate((Edit(at, at + 5, "7 - 1"),), "constant", 2, 0.2)
    job = job_for(file, source, Specification((check,)), sys.executable)
    ground = Ground(job, (check,), (0,), (), ("f()",), 1.0)
    with Worker(job) as worker:
        fixes, notes = verified(ground, [likely, unlikely], {0: "4"}, lambda one: one.prior, [worker])
    assert [fix.candidate for fix in fixes] == [likely, unlikely]
    assert not any(fix.verified for fix in fixes)
    assert any("No held-out inputs" in note for note in notes)


def test_two_edits_are_tried_where_one_is_not_enough(tmp_path: Path) -> None:
    source = "def area(w, h):\n    a = w - h\n    b = 3\n    return a + b\n"
    checks = [
        call("area(2, 5)", "12"),
        call("area(3, 7)", "23"),
        call("area(1, 1)", "3"),
        call("area(9, 2)", "20"),
    ]
    outcome = mended(tmp_path / "a.py", source, *checks)
    assert outcome.fixes
    assert holds(tmp_path / "a.py", outcome.fixes[0].text, checks)


def test_nothing_is_offered_where_only_a_special_case_would_help(tmp_path: Path) -> None:
    source = "def f(n):\n    return n\n"
    outcome = mended(tmp_path / "f.py", source, call("f(31)", "'quux'"), call("f(5)", "5"), budget=8.0)
    assert outcome.status is Status.NONE
    assert outcome.fixes == ()
    assert outcome.tried > 50


@pytest.mark.parametrize(
    ("source", "problem"),
    [("def f(:\n", SourceError), ("def f():\n    return 1\n", TargetError)],
)
def test_what_cannot_be_repaired_is_said(tmp_path: Path, source: str, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        mended(tmp_path / "f.py", source, call("f()", "1"))


def test_a_flaky_check_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One of the two children has the first scratch folder, the other one not.
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(scratch, "IN_MEMORY", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    source = (
        "import os\n\n\ndef first():\n    folder, _ = os.path.split(os.environ['TMPDIR'])\n"
        "    root, name = os.path.split(folder)\n    return sorted(os.listdir(root))[0] == name\n"
    )
    with pytest.raises(RunError, match=r"flaky.*a seed"):
        mended(tmp_path / "f.py", source, call("first()", "True"))
    assert list((tmp_path / "scratch").iterdir()) == []


# --- what candidates must not do ---------------------------------------------------------------

EVIL = {
    "a loop for ever": ("while True:\n        pass", "did not end"),
    "a loop that catches everything": (
        "while True:\n        try:\n            f(0)\n        except BaseException:\n            pass",
        "",
    ),
    "one operation for ever": ("return 3 ** (10 ** 9)", ""),
    "memory": ("return ' ' * (1 << 40)", "ran out of memory"),
    "recursion": ("return f(n)", "RecursionError"),
    "the end of the process": ("import os\n    os._exit(0)", ""),
    "exit": ("raise SystemExit", "SystemExit"),
    "a process": ("import subprocess\n    return subprocess.run(['echo'])", "Refused"),
    "the network": ("import socket\n    return socket.create_connection(('127.0.0.1', 9))", "Refused"),
    "a write elsewhere": ("return open(VICTIM, 'w')", "Refused"),
    "a removal elsewhere": ("import os\n    os.remove(VICTIM)", "Refused"),
}


@pytest.mark.parametrize("name", EVIL)
def test_a_candidate_that_misbehaves_fails_and_the_next_is_tried(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "elsewhere" / "victim.txt"
    victim.parent.mkdir()
    victim.write_text("mine")
    folder = tmp_path / "project"
    folder.mkdir()
    source = f"VICTIM = {str(victim)!r}\n\n\ndef f(n):\n    return 1\n"
    (folder / "f.py").write_text(source)
    body, said = EVIL[name]
    place = source.index("return 1")
    bad = Candidate((Edit(place, place + len("return 1"), body),), "evil", 5, 1.0)
    good = Candidate((Edit(place, place + len("return 1"), "return 2"),), "good", 5, 1.0)
    job = Job(
        scratch.place(folder / "f.py"), source, (Check(CheckKind.CALL, "f(3)", "2"),), (), sys.executable
    )
    with Worker(job) as worker:
        tried = list(worker.attempt([bad, good, bad, good], [0], 0.2))
        assert [one.candidate.kind for one in tried] == ["evil", "good", "evil", "good"]
        assert [one.passed for one in tried] == [(), (0,), (), (0,)]
        found = worker.results(bad, ["f(3)"], 0.2)
        assert found is None or said in found[0].said
    assert victim.read_text() == "mine"


def test_a_program_may_write_and_read_in_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "numbers.txt").write_text("1 2 3")
    source = (
        "def load(name):\n    with open('copy.txt', 'w') as out, open(name) as file:\n"
        "        out.write(file.read())\n    return sum(map(int, open('copy.txt').read().split()))\n"
    )
    (tmp_path / "f.py").write_text(source)
    assert holds(tmp_path / "f.py", source, [call("load('numbers.txt')", "6")])
    assert not (tmp_path / "copy.txt").exists()


def test_numbers_without_a_literal_are_expected_as_python_writes_them(tmp_path: Path) -> None:
    source = "def far(known, name):\n    return known.get(name, 0)\n"
    file = tmp_path / "far.py"
    file.write_text(source)
    asked = Specification(
        (
            call("far({'a': 1}, 'b')", "inf"),
            call("far({}, '')", "inf"),
            call("[far({'a': 2}, 'a')]", "[2]"),
            call("far({'a': float('nan')}, 'a')", "nan"),
        )
    )
    outcome = repair(file, source, asked, python=sys.executable, budget=10)
    assert "known.get(name, float('inf'))" in outcome.fixes[0].text
    assert outcome.fixes[0].evidence.passed == 4
