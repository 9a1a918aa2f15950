"""The ways to say what should be: a program's end, another function, an answer; and a type checker's word."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cwm_lsp.errors import ArgumentsError, RunError, TargetError
from cwm_lsp.repair.like import made_up
from cwm_lsp.repair.model import Outcome, Status
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, answer, program
from cwm_lsp.repair.typed import configured, counted
from tests.cli.running import cwm

TOTAL = "def total(prices):\n    result = 1\n    for p in prices:\n        result += p\n    return result\n"
PLAIN = "\n\ndef plain(prices):\n    return sum(prices)\n"


def mended(file: Path, source: str, specification: Specification) -> Outcome:
    """The outcome of a search."""
    file.write_text(source)
    return repair(file, source, specification, python=sys.executable, budget=30.0)


def test_a_program_whose_assertion_fails_is_a_specification(tmp_path: Path) -> None:
    source = f"{TOTAL}\n\nassert total([1, 2]) == 3\nassert total([5]) == 5\nassert total([]) == 0\n"
    (tmp_path / "t.py").write_text(source)
    done = cwm("repair", "t.py", "--budget", "30", "--json", cwd=tmp_path)
    first = done.object["candidates"][0]
    assert "+    result = 0" in first["diff"]
    assert "AssertionError: assert total([1, 2]) == 3" in first["evidence"]["failed"][0]


def test_a_program_that_raises_is_mended_but_never_verified(tmp_path: Path) -> None:
    source = "def last(xs):\n    return xs[len(xs)]\n\n\nprint(last([1, 2]))\n"
    outcome = mended(tmp_path / "p.py", source, Specification((program(source, "p.py"),)))
    assert outcome.status is Status.PLAUSIBLE
    assert "print(last([1, 2]))" in outcome.fixes[0].text


def test_a_function_is_mended_to_agree_with_another(tmp_path: Path) -> None:
    outcome = mended(tmp_path / "t.py", TOTAL + PLAIN, Specification((), like=("total", "plain")))
    assert outcome.status is Status.VERIFIED
    assert "result = 0" in outcome.fixes[0].text


def test_the_other_function_may_be_of_another_module(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(PLAIN)
    outcome = mended(tmp_path / "t.py", TOTAL, Specification((), like=("total", "old:plain")))
    assert "result = 0" in outcome.fixes[0].text


@pytest.mark.parametrize(
    ("other", "problem"), [("none", TargetError), ("a b", ArgumentsError), ("boom", RunError)]
)
def test_another_function_that_is_no_use_is_said(
    tmp_path: Path, other: str, problem: type[Exception]
) -> None:
    source = f"{TOTAL}\n\ndef boom(prices):\n    raise OSError\n"
    with pytest.raises(problem):
        mended(tmp_path / "t.py", source, Specification((), like=("total", other)))


def test_inputs_are_made_by_the_types_of_the_parameters() -> None:
    import ast

    node = ast.parse("def f(a: list[str], b: int | None, c): ...").body[0]
    assert isinstance(node, ast.FunctionDef)
    for text in made_up(node):
        words, number, _ = ast.literal_eval(text.removeprefix("f"))
        assert all(isinstance(word, str) for word in words)
        assert isinstance(number, int)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f(2, 3) == 5", ("f(2, 3)", "5")),
        ("f(k=1) = [1]", ("f(k=1)", "[1]")),
        ("f('a=b') == '=='", ("f('a=b')", "'=='")),
    ],
)
def test_an_answer_is_a_call_and_its_value(text: str, said: tuple[str, str]) -> None:
    found = answer(text)
    assert (found.call, found.expect) == said


def test_an_answer_joins_the_specification(tmp_path: Path) -> None:
    (tmp_path / "j.py").write_text("def join(a, b):\n    return a - b\n")
    words = ("repair", "j.py", "--call", "join(2, 2)", "--expect", "4", "--json", "--budget", "20")
    before = cwm(*words, cwd=tmp_path).object
    one = before["candidates"][0]["evidence"]["distinctions"][0]
    assert one["this"] != one["other"]
    after = cwm(*words, "--answer", "join(3, 5) == 15", cwd=tmp_path).object
    assert [row for row in after["candidates"] if "a * b" in row["diff"]]
    assert not [row for row in after["candidates"] if "a + b" in row["diff"]]


# --- types -------------------------------------------------------------------------------------


def test_a_fix_that_adds_type_errors_is_not_verified(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = True\n")
    source = "def half(n: int) -> int:\n    return n + 2\n"
    (tmp_path / "h.py").write_text(source)
    rows = "\n".join(json.dumps([[n], n / 2]) for n in (1, 3, 5, 7, 9, 8))
    (tmp_path / "cases.jsonl").write_text(rows)
    done = cwm("repair", "h.py", "--cases", "cases.jsonl", "--budget", "20", "--json", cwd=tmp_path)
    best = done.object["candidates"][0]
    assert "n / 2" in best["diff"]
    assert not best["verified"]
    assert "mypy has 1 errors in the file with it, 0 without." in best["evidence"]["notes"]


def test_a_project_without_settings_for_a_checker_has_none(tmp_path: Path) -> None:
    assert configured(tmp_path, sys.executable) is None
    (tmp_path / "pyproject.toml").write_text("[tool.black]\n")
    assert configured(tmp_path, sys.executable) is None


@pytest.mark.parametrize(
    ("name", "said", "count"),
    [
        (
            "mypy",
            '{"file": "a/b.py", "severity": "error"}\n{"file": "b.py", "severity": "note"}\n',
            {"b.py": 1},
        ),
        ("mypy", "", {}),
        ("pyright", '{"generalDiagnostics": [{"file": "/a/b.py", "severity": "error"}]}', {"b.py": 1}),
        ("pyright", "no", None),
    ],
)
def test_errors_are_counted(name: str, said: str, count: dict[str, int] | None) -> None:
    assert counted(name, said) == count
