"""What is a copy of what: exact and near duplicates, whatever the names.

Two programs are *the same* when they agree after docstrings and hints are dropped and the names that a
program gives (arguments, variables, functions, classes) are replaced by their order of appearance. They
are *near* when the sets of their token 5-grams, after the same, overlap by :data:`NEAR` (Jaccard).
"""

from __future__ import annotations

import ast
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cwm_lsp.learn.corpus.program import Program

NEAR = 0.6
"""From this overlap on, two programs are near duplicates."""

SHINGLE = 5
"""Tokens per shingle."""

_TOKEN = re.compile(r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\w+|[^\s\w]""")


class _Anonymous(ast.NodeTransformer):
    """Replaces the names that a program gives by their order of appearance, and drops docstrings."""

    def __init__(self, given: frozenset[str]) -> None:
        self.given = given
        self.order: dict[str, str] = {}

    def name(self, name: str) -> str:
        """The neutral name of ``name``."""
        return self.order.setdefault(name, f"v{len(self.order)}") if name in self.given else name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A variable."""
        return ast.Name(self.name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """A parameter, without its hint."""
        return ast.arg(self.name(node.arg))

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        """A keyword argument: renamed where it names a parameter of the program."""
        name = None if node.arg is None else self.name(node.arg)
        return ast.keyword(name, self.visit(node.value))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function."""
        node.name, node.returns = self.name(node.name), None
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """A class."""
        node.name = self.name(node.name)
        return self._without_docstring(node)

    def _without_docstring(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def _given(tree: ast.AST) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return frozenset(names)


@lru_cache(maxsize=16)
def normal_form(source: str) -> str:
    """A source with neutral names, without hints and docstrings, laid out anew. Raises ``SyntaxError``."""
    tree = ast.parse(source)
    return ast.unparse(_Anonymous(_given(tree)).visit(tree))


def source_key(source: str) -> str:
    """Equal for sources that differ in names, hints, docstrings and layout only. Raises ``SyntaxError``."""
    return _digest(normal_form(source))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def program_key(program: Program) -> str:
    """Like :func:`source_key`, with the arguments of the call as part of it."""
    arguments = program.call.partition("(")[2]
    return _digest(f"{source_key(program.source)}({arguments}")


def tokens(source: str) -> list[str]:
    """The tokens of the normal form of a source; of the source itself where that does not parse."""
    with suppress(SyntaxError):
        source = normal_form(source)
    return _TOKEN.findall(source)


def shingles(source: str) -> frozenset[int]:
    """The hashes of all token 5-grams of a source (of the whole, where it is shorter)."""
    found = tokens(source)
    return frozenset(
        zlib.crc32(" ".join(found[i : i + SHINGLE]).encode("utf-8", "surrogatepass"))
        for i in range(max(1, len(found) - SHINGLE + 1))
    )


class Exclusions:
    """Sources that must not enter a corpus, with an index to find copies of them quickly."""

    def __init__(self, sources: Iterable[str] = ()) -> None:
        self._keys: set[str] = set()
        self._sizes: list[int] = []
        self._index: dict[int, list[int]] = {}
        for source in sources:
            self._add(source)

    @classmethod
    def from_paths(cls, paths: Sequence[Path]) -> Exclusions:
        """The functions of evaluation files. Raises ``SourceError`` for a file that cannot be read."""
        from cwm_lsp.learn.corpus.jsonl import load_sources

        return cls(source for path in paths for source in load_sources(path))

    def __len__(self) -> int:
        return len(self._sizes)

    def _add(self, source: str) -> None:
        with suppress(SyntaxError):
            self._keys.add(source_key(source))
        number, grams = len(self._sizes), shingles(source)
        self._sizes.append(len(grams))
        for gram in grams:
            self._index.setdefault(gram, []).append(number)

    def overlap(self, source: str) -> float:
        """The largest Jaccard overlap of ``source`` with an excluded one, 0 to 1."""
        grams = shingles(source)
        shared = Counter(number for gram in grams for number in self._index.get(gram, ()))
        return max((n / (len(grams) + self._sizes[number] - n) for number, n in shared.items()), default=0.0)

    def holds(self, source: str) -> bool:
        """Whether ``source`` is the same as or near to an excluded one."""
        if not self._sizes:
            return False
        if self.overlap(source) >= NEAR:
            return True
        try:
            return source_key(source) in self._keys
        except SyntaxError:
            return False
