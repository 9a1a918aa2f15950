"""Rows from files of the shapes that evaluation sets and corpora come in."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cwm_lsp.errors import SourceError
from cwm_lsp.learn.rows import load_rows


def written(folder: Path, *objects: object, name: str = "rows.jsonl") -> Path:
    path = folder / name
    text = "\n".join(json.dumps(one) for one in objects) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_cruxeval_rows(tmp_path: Path, name: str) -> None:
    code = "def g(x):\n    return x\ndef f(a, b):\n    return a\n"
    path = written(tmp_path, {"code": code, "input": "1, 'x'", "output": "1", "id": "sample_0"}, name=name)
    (row,) = load_rows(path)
    assert (row.name, row.program.call, row.output) == ("sample_0", "f(1, 'x')", "1")
    assert row.program.source == code


@pytest.mark.parametrize(("given", "call"), [({}, "last(1)"), ({"entry_point": "first"}, "first(1)")])
def test_the_entry_point_is_named_or_the_last_function(
    tmp_path: Path, given: dict[str, str], call: str
) -> None:
    code = "def first(x):\n    return x\ndef last(x):\n    return x\n"
    (row,) = load_rows(written(tmp_path, {"code": code, "input": "1", **given}))
    assert row.program.call == call


def test_corpus_files_give_some_calls_of_each_function_of_the_split(tmp_path: Path) -> None:
    tests = [f"assert g({number}) == {number}" for number in range(5)]
    sources = [f"def g(x):\n    return x + {number}\n" for number in range(60)]
    path = written(tmp_path, *({"code": source, "test_list": tests} for source in sources))
    everything = load_rows(path, calls=2)
    assert len(everything) == 120
    held_out, train = load_rows(path, "held_out", 2), load_rows(path, "train", 2)
    assert 0 < len(held_out) < len(train)
    assert {row.name for row in held_out} | {row.name for row in train} == {row.name for row in everything}


@pytest.mark.parametrize(
    "line", ["not json", "[1]", '{"code": "def f(): pass", "input": 3}', '{"input": "1"}']
)
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"code": "def f(x): pass", "input": "1"}\n' + line + "\n")
    with pytest.raises(SourceError, match=r"Line 2 of rows\.jsonl"):
        load_rows(path)


@pytest.mark.parametrize(
    "row",
    [
        {"canonical_solution": 3},
        {"code": "def f(x): pass", "base_input": [[1]]},
        {"code": "def f(x): pass", "inputs": 3},
        {"code": "def f(x): pass", "calls": 3},
        {"code": "def f(x): pass", "test_list": [3]},
    ],
)
def test_a_row_of_no_known_shape_is_named(tmp_path: Path, row: dict[str, object]) -> None:
    with pytest.raises(SourceError, match=r"Line 1 of rows\.jsonl has none of the known shapes"):
        load_rows(written(tmp_path, row))


def test_a_damaged_archive_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    packed = bytearray(gzip.compress(b'{"code": "def f(x): pass", "input": "1"}\n' * 9))
    packed[12] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(SourceError, match="cannot be read"):
        load_rows(path)


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("")
    assert load_rows(path) == ()


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        load_rows(tmp_path / "none.jsonl")
