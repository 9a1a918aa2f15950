"""Real functions of the standard library and of installed packages, with calls from their own doctests.

A function is cut out of its module with the helpers and constants it needs (:mod:`.extract`), without its
docstring, and kept when each call runs to its end within limits in a child process.
"""

from __future__ import annotations

import ast
import doctest
import re
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Protocol

from cwm_lsp.errors import RunError
from cwm_lsp.learn.corpus.extract import NotSelfContained, self_contained
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.values import arguments
from cwm_lsp.trace.model import EventKind, Trace

MAX_EVENTS = 120
"""Longest useful trace."""

MAX_VALUE = 200
"""Longest useful value, in characters."""

LIBRARY: dict[str, dict[str, str]] = {
    "bisect": {
        "bisect_left": "sorted; item_of",
        "bisect_right": "sorted; int",
        "insort_left": "sorted; int",
        "insort_right": "sorted; item_of",
    },
    "heapq": {
        "heappush": "sorted; int",
        "heapify": "li",
        "heappop": "sorted",
        "heapreplace": "sorted; int",
        "heappushpop": "sorted; int",
        "nsmallest": "int:1..3; li",
    },
    "colorsys": {
        "rgb_to_yiq": "bit; bit; bit",
        "rgb_to_hls": "bit; bit; bit",
        "hls_to_rgb": "bit; bit; bit",
        "rgb_to_hsv": "bit; bit; bit",
        "hsv_to_rgb": "bit; bit; bit",
    },
    "calendar": {"isleap": "int:1900..2030", "leapdays": "int:1900..2000; int:2000..2030"},
    "string": {"capwords": "sentence"},
    "posixpath": {
        "isabs": "path",
        "join": "path; path",
        "split": "path",
        "splitext": "path",
        "basename": "path",
        "dirname": "path",
        "normpath": "path",
        "normcase": "path",
        "splitdrive": "path",
    },
    "genericpath": {"commonprefix": "ls"},
    "html": {"escape": "str"},
    "fnmatch": {"translate": "pattern"},
    "statistics": {"_convert": "float; int"},
    "operator": {
        "countOf": "li; item_of",
        "indexOf": "li; item_of",
        "contains": "li; item_of",
        "concat": "li; li",
    },
    "functools": {"_c3_merge": "ll"},
    "textwrap": {"indent": "str; sep"},
    "quopri": {"ishex": "char", "unhex": "digits"},
    "gettext": {"_as_int2": "int"},
    "difflib": {
        "_calculate_ratio": "int:0..6; int:6..12",
        "_keep_original_ws": "str; str",
        "_format_range_unified": "int:0..5; int:5..9",
        "_format_range_context": "int:0..5; int:5..9",
    },
    "tokenize": {"_get_normal_name": "word"},
    "ast": {"_pad_whitespace": "str", "_splitlines_no_ff": "str"},
    "inspect": {"indentsize": "str", "cleandoc": "str"},
    "shlex": {"quote": "str", "join": "ls"},
    "locale": {"_group": "digits", "_append_modifier": "word; word"},
    "base64": {"_bytes_from_decode_data": "word"},
    "mimetypes": {"_default": "word"},
    "email.quoprimime": {"quote": "char"},
    "email.utils": {"quote": "str", "unquote": "str"},
    "http.cookies": {"_quote": "str"},
    "urllib.parse": {
        "_splittype": "url",
        "_splithost": "url",
        "_splitport": "url",
        "_splitquery": "url",
        "_splitvalue": "pairs",
        "_splitattr": "csv",
        "_splittag": "url",
        "_splituser": "url",
    },
}
"""Functions of the standard library without doctests, with what to call them with (see :mod:`.values`)."""

_CALLS_EACH = 10
_LARGEST_FILE = 300_000
_DOCTEST = re.compile(rb">>> [a-z_]\w*\(")


class Tracer(Protocol):
    """Something that runs a call in isolation, as :class:`cwm_lsp.learn.sandbox.Sandbox`."""

    def trace(self, source: str, call: str) -> Trace:
        """The recorded run. Raises ``RunError``."""
        ...


def is_useful(trace: Trace) -> bool:
    """Whether a trace is whole, short enough and shows something."""
    if trace.cut is not None or not 3 <= len(trace.events) <= MAX_EVENTS:
        return False
    for event in trace.events:
        if event.value is not None and (event.value.opaque or len(event.value.text) > MAX_VALUE):
            return event.kind is EventKind.EXCEPTION
        if any(len(value.text) > MAX_VALUE for value in event.locals.values()):
            return False
    return True


def running(programs: Iterable[Program], tracer: Tracer) -> Iterator[Program]:
    """Those of ``programs`` that run to a useful trace."""
    for program in programs:
        with suppress(RunError):
            if is_useful(tracer.trace(program.source, program.call)):
                yield program


def library_calls(seed: int) -> Iterator[Program]:
    """Calls of the standard library's own pure-Python functions with drawn arguments."""
    rng = Random(seed)
    root = Path(sysconfig.get_paths()["stdlib"])
    for module, functions in LIBRARY.items():
        path = root.joinpath(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        tree = _parsed(path)
        for name, specs in functions.items():
            source = None if tree is None else _cut(tree, name)
            if source is None:  # not every version has every function
                continue
            for _ in range(_CALLS_EACH):
                drawn = arguments(rng, [spec.strip() for spec in specs.split(";")])
                yield Program(source, f"{name}({', '.join(map(repr, drawn))})", f"real:{module}")


def doctests(roots: Sequence[Path]) -> Iterator[Program]:
    """Calls that doctests under ``roots`` make of module-level functions, with literal arguments."""
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            tree = _with_doctests(path)
            if tree is None:
                continue
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and ">>> " in (ast.get_docstring(node) or ""):
                    yield from _documented_calls(path, tree, node)


def installed_roots() -> list[Path]:
    """The folders of the standard library and of installed packages."""
    paths = sysconfig.get_paths()
    return [Path(paths["stdlib"]), Path(paths["purelib"])]


def _documented_calls(path: Path, tree: ast.Module, node: ast.FunctionDef) -> Iterator[Program]:
    try:
        examples = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
    except ValueError:
        return
    calls = dict.fromkeys(call for example in examples for call in _literal_calls(example.source, node.name))
    source = _cut(tree, node.name) if calls else None
    if source is not None:
        for call in calls:
            yield Program(source, call, f"real:doctest/{path.stem}")


def _literal_calls(text: str, name: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            with suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                    ast.literal_eval(argument)
                yield ast.unparse(node)


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _with_doctests(path: Path) -> ast.Module | None:
    """The tree of a file that has doctests and is no monster; one look at its bytes decides about most."""
    try:
        data = path.read_bytes()
        if len(data) > _LARGEST_FILE or not _DOCTEST.search(data):
            return None
        return ast.parse(data)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _cut(tree: ast.Module, name: str) -> str | None:
    try:
        return self_contained(tree, name)
    except (NotSelfContained, SyntaxError, ValueError, RecursionError):
        return None
