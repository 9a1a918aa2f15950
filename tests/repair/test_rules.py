"""The pure parts: refusals, localisation, held-out inputs, specifications, the place of a file."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.errors import ArgumentsError, TargetError
from cwm_lsp.repair import scratch, specification
from cwm_lsp.repair.heldout import filled, held_out, parsed_call
from cwm_lsp.repair.localise import ochiai
from cwm_lsp.repair.model import Check, CheckKind
from cwm_lsp.repair.refuse import refusal

CHECK = Check(CheckKind.CALL, "f(37)", "'odd'")
BEFORE = "def f(n):\n    return n\n\n\ndef test_f():\n    assert f(1)\n"


@pytest.mark.parametrize(
    ("after", "refused"),
    [
        (BEFORE.replace("return n", "return n + 1"), ""),
        (BEFORE.replace("return n", "return 0 if n == 0 else n"), ""),
        (BEFORE.replace("return n", "return 'odd'"), "constant"),
        (BEFORE.replace("    return n", "    if n == 37:\n        n = 1\n    return n"), "special case"),
        (
            BEFORE.replace("    return n", "    try:\n        return n\n    except Exception:\n        pass"),
            "catches",
        ),
        (BEFORE.replace("    return n", "    try:\n        return n\n    except:\n        raise"), ""),
        (BEFORE.replace("    assert f(1)", "    pass"), "assertion"),
        (BEFORE.replace("    return n", "    return 0\n    return n"), "never run"),
        (BEFORE.replace("    return n", "    if n:\n        return 0\n    return n"), ""),
        (BEFORE.partition("\n\n\n")[0] + "\n\nassert f(1)\n", "test"),
    ],
)
def test_what_only_silences_the_test_is_refused(after: str, refused: str) -> None:
    found = refusal(BEFORE, after, [CHECK])
    assert refused in found
    assert bool(refused) == bool(found)


def test_the_line_of_failing_runs_alone_is_the_most_suspicious() -> None:
    found = ochiai([(False, {1, 2, 3}), (True, {1, 2}), (True, {1})])
    assert [one.line for one in found] == [3, 2, 1]
    assert found[0].score == 1.0
    assert found[1].score == pytest.approx(2**-0.5)


def test_without_passing_runs_all_lines_are_alike_and_later_ones_first() -> None:
    assert [(one.line, one.score) for one in ochiai([(False, {4, 9})])] == [(9, 1.0), (4, 1.0)]


@given(st.integers(0, 1000))
def test_held_out_inputs_keep_what_the_known_ones_share(seed: int) -> None:
    known = ["find([1, 3, 7], 3)", "find([0, 2], 0)", "find([5], 5)"]
    for text in held_out(known, 20, seed):
        parsed = parsed_call(text)
        assert parsed is not None
        items, wanted = parsed[1]
        assert items == sorted(items)
        assert wanted in items
        assert text not in known


def test_held_out_graphs_have_no_ring_where_the_known_ones_have_none() -> None:
    for text in held_out(["f({1: [2, 3], 2: [3]}, 1)", "f({1: [], 2: [1]}, 2)"], 30):
        graph = ast.literal_eval(text.removeprefix("f"))[0]
        for _ in range(3):
            graph = {node: ends for node, ends in graph.items() if any(end in graph for end in ends)}
        assert graph == {}


def test_trees_of_pairs_and_nothing_grow_held_out_trees() -> None:
    known = ["f(None)", "f((None, None))", "f(((None, None), None))", "f((None, (None, None)))"]
    found = held_out(known, 20)
    assert len(found) >= 8
    assert all(text.count("None") >= 2 for text in found)


def test_held_out_inputs_are_many_and_the_same_each_time() -> None:
    known = ["f('abc', 2)", "f('', 0)", "f('hello', 9)"]
    found = held_out(known, 40)
    assert len(found) == 40
    assert found == held_out(known, 40)


@pytest.mark.parametrize("text", ["f(x)", "f(", "f()", "1 + 1", "f(*xs)"])
def test_only_calls_with_plain_values_can_be_mutated(text: str) -> None:
    assert parsed_call(text) is None
    assert held_out([text], 5) == []


@pytest.mark.parametrize(
    ("text", "shape", "values"),
    [
        ("f([1], -2)", "f(_hole_0_, _hole_1_)", ([1], -2)),
        ("list(f('a', k=(1,)))", "list(f(_hole_0_, k=_hole_1_))", ("a", (1,))),
        ("C(3).add(f(4)).items[0]", "C(_hole_0_).add(f(_hole_1_)).items[0]", (3, 4)),
    ],
)
def test_values_inside_any_expression_are_mutated(text: str, shape: str, values: tuple[object]) -> None:
    assert parsed_call(text) == (shape, values)
    assert filled(shape, values) == text
    made = held_out([text], 5)
    assert made
    assert all((parsed_call(one) or ("",))[0] == shape for one in made)


def test_cases_of_both_forms(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(
        "[[1, 2], 3]\n[5, [1]]\n"
        '{"call": "f(0)", "raises": "ValueError"}\n{"call": "f(1)", "expect": "(1,)"}\n'
    )
    found = specification.cases(path, "f")
    assert [(one.call, one.expect, one.raises) for one in found] == [
        ("f(1, 2)", "3", ""), ("f(5)", "[1]", ""), ("f(0)", None, "ValueError"), ("f(1)", "(1,)", "")
    ]  # fmt: skip


def test_a_json_list_of_cases(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([[[1], 2], [[3], 4]], indent=1))
    assert [one.call for one in specification.cases(path, "g")] == ["g(1)", "g(3)"]


@pytest.mark.parametrize(
    "row", ["[1, 2, 3]", '{"call": "f(1)"}', '{"call": "f("}', "nonsense", '{"expect": 3}', ""]
)
def test_a_case_that_means_nothing_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(row + "\n")
    with pytest.raises(ArgumentsError):
        specification.cases(path, "f")


def test_which_function_cases_are_for() -> None:
    two = "def one(): pass\ndef two(): pass\n"
    assert specification.only_function("def one(): pass\ndef _help(): pass\n", Path("x.py"), "") == "one"
    assert specification.only_function(two, Path("two.py"), "") == "two"
    assert specification.only_function(two, Path("x.py"), "one") == "one"
    with pytest.raises(TargetError, match="--function"):
        specification.only_function(two, Path("x.py"), "")
    with pytest.raises(TargetError, match="no function three"):
        specification.only_function(two, Path("x.py"), "three")


def test_the_place_of_a_file_in_a_package(tmp_path: Path) -> None:
    package = tmp_path / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "total.py").touch()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tests").mkdir()
    alone = scratch.place(package / "total.py")
    assert (alone.name, alone.import_from, alone.root) == ("shop.total", tmp_path / "src", tmp_path / "src")
    assert scratch.place(package / "total.py", tmp_path / "tests" / "test_a.py").root == tmp_path


def test_a_copy_leaves_out_what_is_not_source(tmp_path: Path) -> None:
    for name in ("a.py", "data/rows.csv", ".venv/x.py", "__pycache__/a.pyc"):
        (tmp_path / "from" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / name).write_text("x")
    assert scratch.copy(tmp_path / "from", tmp_path / "to")
    found = {
        path.relative_to(tmp_path / "to").as_posix()
        for path in (tmp_path / "to").rglob("*")
        if path.is_file()
    }
    assert found == {"a.py", "data/rows.csv"}
