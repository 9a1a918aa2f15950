"""The file under repair: its text with edits applied, compiled, and loaded as a fresh module."""

from __future__ import annotations

import ast
import re
import sys
from types import CodeType, ModuleType
from typing import Any

from .ticks import between, insertions

Edits = list[tuple[int, int, str]]
"""``(start, end, text)`` in characters of the original text, disjoint."""

_RAISING = re.compile(r"(?:^|[:;])\s*(?:raise|assert)\b")


class Program:
    """A file, its dotted name and its text as it stands on the disk."""

    def __init__(self, path: str, name: str, text: str) -> None:
        self.path = path
        self.name = name
        self.text = text
        self._whole = text
        self._asserts = "assert" in text
        self._counting = insertions(text)

    def counting(self, edits: Edits) -> CodeType:
        """The compiled candidate, its loops counted. Raises ``SyntaxError`` or ``ValueError``."""
        own = [(start, end, text) for start, end, text in edits]  # JSON made lists of them
        return self.code([*own, *between(own, self._counting)])

    def code(self, edits: Edits) -> CodeType:
        """The compiled candidate. Raises ``SyntaxError`` or ``ValueError``.

        Assertions of the module itself are left out: they belong to its run as a program.
        """
        self._whole = self.edited(edits)
        if not self._asserts:
            return compile(self._whole, self.path, "exec", dont_inherit=True)
        tree = ast.parse(self._whole, self.path)
        tree.body = [one for one in tree.body if not isinstance(one, ast.Assert)]
        return compile(tree, self.path, "exec", dont_inherit=True)

    def edited(self, edits: Edits) -> str:
        """The text with ``edits`` applied, later ones first so that offsets hold."""
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def raises(self, line: int) -> bool:
        """Whether at a line of the candidate that was compiled last a statement begins that is to raise."""
        lines = self._whole.split("\n")
        return 0 < line <= len(lines) and _RAISING.search(lines[line - 1]) is not None

    def line(self, number: int) -> str:
        """The text of a line of the candidate that was compiled last, "" where there is none."""
        lines = self._whole.split("\n")
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""

    def run(self) -> None:
        """The candidate that was compiled last run as a program. Raises whatever it raises."""
        code = compile(self._whole, self.path, "exec", dont_inherit=True)
        module = ModuleType("__main__")
        module.__file__ = self.path
        kept = sys.modules["__main__"]
        sys.modules["__main__"] = module
        try:
            exec(code, module.__dict__)
        finally:
            sys.modules["__main__"] = kept

    def fresh(self, code: CodeType) -> ModuleType:
        """The candidate run as a new module, known to the import system. Raises whatever it raises."""
        module = ModuleType(self.name)
        module.__file__ = self.path
        module.__package__ = self.name.rpartition(".")[0]
        sys.modules[self.name] = module
        namespace: dict[str, Any] = module.__dict__
        exec(code, namespace)
        return module
