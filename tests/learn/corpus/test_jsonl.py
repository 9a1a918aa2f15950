"""Loading functions with inputs from files of several shapes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.errors import SourceError
from cwm_lsp.learn.corpus.jsonl import (
    HELD_OUT,
    load_functions,
    load_sources,
    programs,
    split_of,
    write_programs,
)
from cwm_lsp.learn.corpus.program import Program

DOUBLE = "def double(x):\r\n\treturn x * 2"


def write(path: Path, *rows: dict[str, Any]) -> Path:
    text = "\n".join(json.dumps(row) for row in rows) + "\n\n"
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_assertions_become_calls(tmp_path: Path) -> None:
    tests = ["assert double(2) == 4", "assert set(double([1])) == {1}", "assert 1 == 1"]
    path = write(tmp_path / "mbpp.jsonl.gz", {"code": DOUBLE, "test_list": tests})
    (function,) = load_functions(path)
    assert function.calls == ("double(2)", "double([1])")
    assert function.source == "def double(x):\n\treturn x * 2\n"
    assert function.origin == "real:mbpp"


def test_evalplus_rows(tmp_path: Path) -> None:
    row = {
        "entry_point": "add",
        "prompt": "def add(a, b):\n",
        "canonical_solution": "    return a + b\n",
        "base_input": [[1, 2]],
        "plus_input": [["a", "b"], [[1], [True]]],
    }
    whole = {**row, "canonical_solution": "\ndef add(a, b):\n    return a + b\n", "plus_input": {}}
    first, second = load_functions(write(tmp_path / "x.jsonl", row, whole))
    assert first.calls == ("add(1, 2)", "add('a', 'b')", "add([1], [True])")
    assert second.calls == ("add(1, 2)",)
    assert first.source == second.source


@pytest.mark.parametrize(
    ("row", "calls"),
    [
        ({"source": "def f(x):\n    return x\n", "call": "f(1)"}, ("f(1)",)),
        ({"code": "def f(x):\n    return x\n", "calls": ["f(1)", "f('a')"]}, ("f(1)", "f('a')")),
        ({"code": "def f(x):\n    return x\n", "inputs": ["1", [2]]}, ("f(1)", "f(2)")),
    ],
)
def test_plain_rows(tmp_path: Path, row: dict[str, Any], calls: tuple[str, ...]) -> None:
    (function,) = load_functions(write(tmp_path / "x.jsonl", row))
    assert function.calls == calls


def test_what_does_not_parse_or_has_no_calls_is_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.jsonl", {"code": "def f(:", "call": "f()"}, {"code": "x = 1"}, {"text": "no code"}
    )
    assert load_functions(path) == ()


def test_evaluation_files_are_refused_as_corpus_and_read_for_exclusion(tmp_path: Path) -> None:
    path = write(tmp_path / "eval.jsonl", {"code": "def f(a):\n    return a", "input": "1", "output": "1"})
    with pytest.raises(SourceError, match="evaluation"):
        load_functions(path)
    assert load_sources(path) == ("def f(a):\n    return a\n",)


@pytest.mark.parametrize("data", [b"{not json}\n", b"\xff\xfe", b"\x1f\x8bnot gzip"])
def test_broken_files_name_themselves(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"broken\.jsonl"):
        load_functions(path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        load_functions(tmp_path / "nowhere.jsonl")


def test_calls_are_capped_and_small_ones_preferred(tmp_path: Path) -> None:
    long = [f"f({list(range(n))})" for n in range(60)]
    path = write(
        tmp_path / "x.jsonl", {"code": "def f(x):\n    return x\n", "calls": [*long, "f(" + "1" * 400 + ")"]}
    )
    functions = load_functions(path)
    split = functions[0].split
    chosen = [p.call for p in programs(functions, 0, split)]
    assert len(chosen) == 12
    assert chosen == [p.call for p in programs(functions, 0, split)]
    assert sum(map(len, chosen)) < sum(map(len, long)) / 5


def test_the_split_goes_by_function_and_not_by_name() -> None:
    sources = [f"def f(x):\n    return x + {n}\n" for n in range(600)]
    held = [s for s in sources if split_of(s) == "held_out"]
    assert len(held) / 600 == pytest.approx(HELD_OUT, abs=0.03)
    for source in held:
        assert split_of(source.replace("f(x)", "g(value)").replace("return x", "return value")) == "held_out"


def test_programs_are_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "real.jsonl.gz"
    found = [Program("def f(x):\n    return x\n", f"f({n})", "real:x/y") for n in range(3)]
    write_programs(path, found)
    functions = load_functions(path)
    assert programs(functions, 0, functions[0].split) == found
