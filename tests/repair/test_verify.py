"""When the only thing that fixes come to counts as verified, with real children and chosen survivors."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

from cwm_lsp.repair.baseline import job_for
from cwm_lsp.repair.model import Candidate, Edit, Fix
from cwm_lsp.repair.specification import Specification, call
from cwm_lsp.repair.verify import Ground, verified
from cwm_lsp.repair.workers import Worker

DOUBLE = "def f(n):\n    return n + 1\n\n\ndef g(n):\n    return n\n"
CALLS = tuple(f"f({n})" for n in (2, 3, 5, 8, 30))


def judged(
    folder: Path,
    source: str,
    edits: Sequence[tuple[str, str, str]],
    checks: Sequence[tuple[str, str]],
    *,
    calls: Sequence[str] = CALLS,
    complete: bool = True,
    until: float = math.inf,
    prior: float = 0.5,
    said: str = "",
) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """The fixes, of edits ``(kind, old, new)`` that survived, and what is said about them."""
    file = folder / "m.py"
    file.write_text(source)
    job = job_for(file, source, Specification(tuple(call(*one) for one in checks)), sys.executable)
    survivors = []
    for kind, old, new in edits:
        at = source.index(old)
        line = source.count("\n", 0, at) + 1
        survivors.append(Candidate((Edit(at, at + len(old), new),), kind, line, prior))
    failing = tuple(range(len(checks)))
    ground = Ground(job, job.checks, failing, (), tuple(calls), 1.0, complete, until)
    with Worker(job) as one, Worker(job) as other:
        weight = attrgetter("prior")
        return verified(ground, survivors, {0: said} if said else {}, weight, [one, other])


TWICE = ("operator", "n + 1", "n * 2")
ALSO = ("variable", "n + 1", "n + n")
SAME = ("operator", "n + 1", "2 * n")
DOUBLED = [("f(4)", "8")]


def test_one_thing_that_all_fixes_come_to_is_verified(tmp_path: Path) -> None:
    fixes, notes = judged(tmp_path, DOUBLE, [TWICE], DOUBLED)
    assert [fix.verified for fix in fixes] == [True]
    assert notes == ()


def test_where_rivals_were_left_untried_two_kinds_must_come_to_it(tmp_path: Path) -> None:
    fixes, notes = judged(tmp_path, DOUBLE, [TWICE, SAME], DOUBLED, complete=False)
    assert [fix.verified for fix in fixes] == [False]
    assert "no time to try" in notes[0]
    fixes, _ = judged(tmp_path, DOUBLE, [TWICE, ALSO], DOUBLED, complete=False)
    assert [fix.verified for fix in fixes] == [True]


def test_what_was_not_run_to_the_end_may_be_a_rival(tmp_path: Path) -> None:
    fixes, notes = judged(tmp_path, DOUBLE, [TWICE, ALSO, SAME], DOUBLED, until=0.0)
    assert [fix.verified for fix in fixes] == [False]
    assert "no time to run 1 more" in notes[0]


READ = """\
def number(text):
    if not text.isdigit():
        raise ValueError(text)
    return int(text)


def read(settings, name, default=None):
    try:
        return number(settings[name])
    except ValueError:
        return default
"""
KNOWN = ("read({'a': '7'}, 'a')", "read({'b': '40', 'a': 'x'}, 'b', 1)", "read({}, 'a', 3)")


def test_an_exception_that_the_file_raises_on_purpose_speaks_against_no_fix(tmp_path: Path) -> None:
    edits = [("exception", "except ValueError", "except KeyError")]
    fixes, _ = judged(tmp_path, READ, edits, [("read({}, 'q', 3)", "3")], calls=KNOWN)
    assert [fix.verified for fix in fixes] == [True]
    assert fixes[0].evidence.notes == ()


def test_an_index_that_is_not_there_does(tmp_path: Path) -> None:
    source = "def f(n):\n    return [0, 1, 2, 3][0:n]\n"
    edits = [("index", "[0:n]", "[n]")]
    fixes, notes = judged(tmp_path, source, edits, [("f(3)", "3")], calls=CALLS)
    assert [fix.verified for fix in fixes] == [False]
    assert "hangs or raises" in notes[0]


def test_most_held_out_inputs_are_for_what_a_fix_changes(tmp_path: Path) -> None:
    words = (*(f"g({n})" for n in range(12)), "f(2)", "f(400)")
    wrong = ("constant", "n + 1", "n * 2 if n < 150 else 0")
    fixes, _ = judged(tmp_path, DOUBLE, [TWICE, wrong], DOUBLED, calls=words)
    assert len(fixes) == 2
    assert fixes[0].evidence.held_out > 40
    assert fixes[0].evidence.distinctions[0].call.startswith("f(")


def test_held_out_inputs_that_all_give_the_same_verify_nothing(tmp_path: Path) -> None:
    source = "def f(n):\n    return n + 1\n"
    fixes, notes = judged(tmp_path, source, [("operator", "n + 1", "n * 0")], [("f(4)", "0")])
    assert [fix.verified for fix in fixes] == [False]
    assert "All held-out inputs give 0" in notes[0]


def test_held_out_inputs_that_all_fail_are_said_to(tmp_path: Path) -> None:
    source = "def f(n):\n    return {4: n}[n] + 1\n"
    fixes, notes = judged(tmp_path, source, [("constant", "+ 1", "+ 2")], [("f(4)", "6")], calls=["f(4)"])
    assert [fix.verified for fix in fixes] == [False]
    assert "held-out inputs fail, as in: raised KeyError" in notes[0]


def test_what_is_made_of_two_edits_needs_more_checks(tmp_path: Path) -> None:
    pair = ("operator and constant", "n + 1", "n * 2")
    fixes, notes = judged(tmp_path, DOUBLE, [pair], DOUBLED)
    assert [fix.verified for fix in fixes] == [False]
    assert "made to fit the few checks" in notes[0]
    many = [(f"f({n})", str(2 * n)) for n in (4, 6, 7, 9, 10, 11)]
    fixes, _ = judged(tmp_path, DOUBLE, [pair], many)
    assert [fix.verified for fix in fixes] == [True]


def test_an_unlikely_edit_alone_needs_more_checks(tmp_path: Path) -> None:
    fixes, notes = judged(tmp_path, DOUBLE, [TWICE], DOUBLED, prior=0.1)
    assert [fix.verified for fix in fixes] == [False]
    assert "an unlikely edit" in notes[0]
    fixes, _ = judged(tmp_path, DOUBLE, [TWICE, SAME], DOUBLED, prior=0.1)  # one more of its kind
    assert [fix.verified for fix in fixes] == [False]
    fixes, _ = judged(tmp_path, DOUBLE, [TWICE, ALSO], DOUBLED, prior=0.1)
    assert [fix.verified for fix in fixes] == [True]
    many = [(f"f({n})", str(2 * n)) for n in (4, 6, 7, 9, 10, 11)]
    fixes, _ = judged(tmp_path, DOUBLE, [TWICE], many, prior=0.1)
    assert [fix.verified for fix in fixes] == [True]


LONG = "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"
LARGE = (*(f"f({n})" for n in (2, 3, 5, 8, 30)), *(f"f({n}000000000)" for n in range(1, 8)))


def test_an_input_too_large_before_and_after_speaks_against_no_fix(tmp_path: Path) -> None:
    edits = [("range", "range(n)", "range(n + 1)")]
    fixes, _ = judged(tmp_path, LONG, edits, [("f(4)", "10")], calls=LARGE)
    assert [fix.verified for fix in fixes] == [True]
    fixes, notes = judged(tmp_path, LONG, edits, [("f(4)", "10")], calls=LARGE, said="did not end")
    assert [fix.verified for fix in fixes] == [False]
    assert "hangs or raises" in notes[0]


def test_an_empty_sequence_is_no_input_without_a_meaning(tmp_path: Path) -> None:
    source = "def f(items):\n    return sum(items[1:])\n"
    calls = ["f([3, 1])", "f([5, 6])", "f([5])", "f([2, 2, 9])", "f([4, 0, 7, 1])"]
    fixes, notes = judged(tmp_path, source, [("call", "sum(", "max(")], [("f([2, 4])", "4")], calls=calls)
    assert [fix.verified for fix in fixes] == [False]
    assert fixes[0].evidence.notes[0].startswith("Hangs or raises")
    assert notes


def test_how_an_exception_is_worded_tells_no_fixes_apart(tmp_path: Path) -> None:
    source = "def f(n):\n    return 6 / n + 1\n"
    edits = [("a", "6 / n + 1", "6 / n"), ("b", "6 / n + 1", "6 // n")]
    fixes, _ = judged(tmp_path, source, edits, [("f(2)", "3")], calls=["f(2)", "f(0)", "f(3)", "f(4)"])
    assert len(fixes) == 2
    assert all(not one.this.startswith("raised") for fix in fixes for one in fix.evidence.distinctions)
