"""What an evaluation runs: modules with one call each, from files of several shapes."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_lsp.errors import SourceError
from cwm_lsp.learn.corpus.jsonl import load_functions, programs
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.trace.statements import parse

CALLS = 2
"""Calls taken of a function that comes with many."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run to judge a model by. ``output`` is the result that the data claims, if any, as ``repr``."""

    name: str
    program: Program
    output: str | None = None


def load_rows(path: Path, split: str = "", calls: int = CALLS) -> tuple[Row, ...]:
    """The rows of a JSONL file, gzipped or not. Raises ``SourceError``.

    CRUXEval's shape has ``code``, ``input`` (the arguments as text), maybe ``output`` and ``id``, and maybe
    ``entry_point``, the function's name; without it that is ``f``, or the last function where there is no
    ``f``. Of every other shape that a corpus is made of (:mod:`cwm_lsp.learn.corpus.jsonl`), each function
    gives at most ``calls`` rows; ``split`` takes only a part of the functions: ``train`` or ``held_out``, as
    training parts them, or ``odd`` or ``even``, by their place in the file.
    """
    lines = [line for line in _text(path).split("\n") if line.strip()]
    first = _object(path, 1, lines[0]) if lines else {}
    if "input" in first:
        return tuple(_row(path, number, line) for number, line in enumerate(lines, 1))
    found = []
    for number, function in enumerate(load_functions(path), 1):
        if split in ("", function.split, ("even", "odd")[number % 2]):
            chosen = programs([function], seed=number, split=function.split, calls=calls)
            found += [Row(f"{path.name} {number}/{call}", one) for call, one in enumerate(chosen, 1)]
    return tuple(found)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error


def _object(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise SourceError(f"Line {number} of {path.name} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise SourceError(f"Line {number} of {path.name} is no JSON object.")
    return found


def _row(path: Path, number: int, line: str) -> Row:
    found = _object(path, number, line)
    missing = [key for key in ("code", "input") if not isinstance(found.get(key), str)]
    if missing:
        raise SourceError(f"Line {number} of {path.name} has no text {' and no '.join(missing)}.")
    code, output = found["code"], found.get("output")
    entry = str(found.get("entry_point") or _entry(code))
    name = str(found.get("id") or found.get("task_id") or f"{path.name} {number}")
    program = Program(code, f"{entry}({found['input']})", f"real:{path.name}")
    return Row(name, program, output if isinstance(output, str) else None)


def _entry(code: str) -> str:
    tree = parse(code)
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)] if tree is not None else []
    return "f" if "f" in names or not names else names[-1]
