"""What an evaluation runs: modules with one call each, from files of several shapes."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from cwm_lsp.errors import SourceError
from cwm_lsp.learn.corpus.jsonl import load_functions, programs, read_objects
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
    objects = read_objects(path)
    first = next(objects, None)
    if first is not None and "input" in first[1]:
        return tuple(_row(path, number, found) for number, found in chain([first], objects))
    found = []
    for number, function in enumerate(load_functions(path), 1):
        if split in ("", function.split, ("even", "odd")[number % 2]):
            chosen = programs([function], seed=number, split=function.split, calls=calls)
            found += [Row(f"{path.name} {number}/{call}", one) for call, one in enumerate(chosen, 1)]
    return tuple(found)


def _row(path: Path, number: int, found: Mapping[str, Any]) -> Row:
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
