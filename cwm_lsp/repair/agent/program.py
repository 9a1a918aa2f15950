"""The file under repair: its text with edits applied, compiled, and loaded as a fresh module."""

from __future__ import annotations

import sys
from types import CodeType, ModuleType
from typing import Any

Edits = list[tuple[int, int, str]]
"""``(start, end, text)`` in characters of the original text, disjoint."""


class Program:
    """A file, its dotted name and its text as it stands on the disk."""

    def __init__(self, path: str, name: str, text: str) -> None:
        self.path = path
        self.name = name
        self.text = text

    def code(self, edits: Edits) -> CodeType:
        """The compiled candidate. Raises ``SyntaxError`` or ``ValueError``."""
        return compile(self.edited(edits), self.path, "exec", dont_inherit=True)

    def edited(self, edits: Edits) -> str:
        """The text with ``edits`` applied, later ones first so that offsets hold."""
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def fresh(self, code: CodeType) -> ModuleType:
        """The candidate run as a new module, known to the import system. Raises whatever it raises."""
        module = ModuleType(self.name)
        module.__file__ = self.path
        module.__package__ = self.name.rpartition(".")[0]
        sys.modules[self.name] = module
        namespace: dict[str, Any] = module.__dict__
        exec(code, namespace)
        return module
