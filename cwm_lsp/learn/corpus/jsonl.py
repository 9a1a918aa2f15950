"""Functions with inputs from JSONL files, gzipped or not.

Each line is an object of one of these shapes:

- MBPP: ``code`` and ``test_list`` of ``assert f(args) == result`` lines;
- evalplus: ``canonical_solution``, ``entry_point``, ``base_input``, ``plus_input``, maybe ``prompt``;
- plain: ``source`` or ``code``, and ``call``, ``calls`` (expressions) or ``inputs`` (lists of arguments),
  maybe ``origin``.

CRUXEval-shaped files (``code``, ``input``, ``output``) are evaluation data: :func:`load_sources` reads them
to keep them out of a corpus, :func:`load_functions` refuses them.
"""

from __future__ import annotations

import ast
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from cwm_lsp.errors import SourceError
from cwm_lsp.learn.corpus.dedup import source_key
from cwm_lsp.learn.corpus.program import Program

HELD_OUT = 0.05
"""Share of functions that are kept for development."""

CALLS = 12
"""Most calls taken of one function."""

_LONGEST_CALL = 300


@dataclass(frozen=True, slots=True)
class Function:
    """A self-contained module and calls of one of its functions; ``split``: ``train``, ``held_out``."""

    source: str
    calls: tuple[str, ...]
    origin: str
    split: str


def split_of(source: str) -> str:
    """``held_out`` for one function in twenty, by a hash that does not see names and layout."""
    try:
        key = source_key(source)
    except SyntaxError:
        return "train"
    return "held_out" if int(key[:8], 16) / 0x1_0000_0000 < HELD_OUT else "train"


def load_functions(path: Path) -> tuple[Function, ...]:
    """The functions of a file that parse and have calls. Raises ``SourceError``, for evaluation files too."""
    found = []
    for number, row in read_objects(path):
        if "input" in row and "output" in row:
            raise SourceError(
                f"{path.name} has the shape of an evaluation set.", "Evaluation data never enters a corpus."
            )
        with _known_shape(path, number):
            source = _source(row)
            calls = _calls(row, source) if source is not None else ()
        if source is not None and calls:
            name = path.name.split(".")[0].lower()
            found.append(Function(source, calls, str(row.get("origin", f"real:{name}")), split_of(source)))
    return tuple(found)


def load_sources(path: Path) -> tuple[str, ...]:
    """The sources of a file of any shape. Raises ``SourceError``."""
    found = []
    for number, row in read_objects(path):
        with _known_shape(path, number):
            found.append(_source(row))
    return tuple(source for source in found if source is not None)


def programs(
    functions: Sequence[Function], seed: int, split: str = "train", calls: int = CALLS
) -> list[Program]:
    """One program for each call, at most ``calls`` of each function, small arguments preferred."""
    rng = Random(seed)
    return [
        Program(function.source, call, function.origin)
        for function in functions
        if function.split == split
        for call in _some(rng, function.calls, calls)
    ]


def write_programs(path: Path, found: Iterable[Program]) -> None:
    """Writes programs as a gzipped file of the plain shape, one line for each module."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for program in found:
        grouped.setdefault((program.source, program.origin), []).append(program.call)
    rows = (
        json.dumps({"source": source, "calls": calls, "origin": origin})
        for (source, origin), calls in grouped.items()
    )
    path.write_bytes(gzip.compress("\n".join([*rows, ""]).encode(), mtime=0))


def _some(rng: Random, calls: Sequence[str], most: int) -> list[str]:
    fitting = [c for c in dict.fromkeys(calls) if len(c) <= _LONGEST_CALL]
    if len(fitting) <= most:
        return fitting
    fitting.sort(key=lambda call: len(call) * rng.uniform(0.5, 2.0))
    return fitting[:most]


def read_objects(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The JSON objects of a file, one a line, each with the number of its line. Raises ``SourceError``."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"Line {number} of {path.name} is not JSON: {error}.") from error
        if not isinstance(row, dict):
            raise SourceError(f"Line {number} of {path.name} is no JSON object.")
        yield number, row


@contextmanager
def _known_shape(path: Path, number: int) -> Iterator[None]:
    """Say in a ``SourceError`` that a row is of another."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"Line {number} of {path.name} has none of the known shapes: {error!r}.") from error


def _source(row: Mapping[str, Any]) -> str | None:
    text = row.get("source") or row.get("code")
    if text is None and "canonical_solution" in row:
        text = row["canonical_solution"]
        if not text.lstrip("\n").startswith(("def ", "import ", "from ", "class ", "@")):
            text = row.get("prompt", "") + text
    if not isinstance(text, str):
        return None
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    plain = "\n".join(lines).strip("\n") + "\n"
    for candidate in (plain, plain.expandtabs(4)):
        try:
            compile(candidate, "<function>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        return candidate
    return None


def _calls(row: Mapping[str, Any], source: str) -> tuple[str, ...]:
    if "test_list" in row:
        return tuple(call for test in row["test_list"] if (call := _asserted(test, source)))
    if "base_input" in row:
        inputs = [row["base_input"], row.get("plus_input")]
        entry = row["entry_point"]
        return tuple(
            f"{entry}({', '.join(map(repr, arguments))})"
            for part in inputs
            if isinstance(part, list)
            for arguments in part
            if isinstance(arguments, list)
        )
    if "inputs" in row:
        entry = row.get("entry_point") or _last_function(source)
        return tuple(
            f"{entry}({given if isinstance(given, str) else ', '.join(map(repr, given))})"
            for given in row["inputs"]
        )
    if "calls" in row:
        return tuple(map(str, row["calls"]))
    return (str(row["call"]),) if "call" in row else ()


def _last_function(source: str) -> str:
    return next((n.name for n in reversed(ast.parse(source).body) if isinstance(n, ast.FunctionDef)), "f")


def _asserted(test: str, source: str) -> str | None:
    """The call of a function of ``source`` that an ``assert`` tests, where its arguments stand alone."""
    try:
        tree = ast.parse(test.strip())
        given = {n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in given:
            return ast.unparse(node)
    return None
