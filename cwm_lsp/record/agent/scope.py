"""Which code objects are recorded: those of one file, or of a project without its libraries."""

from __future__ import annotations

import os
from types import CodeType

FILE, PROJECT = "file", "project"
_LIBRARIES = ("site-packages", "dist-packages")
_STDLIB = os.path.dirname(os.path.realpath(os.__file__))


class Scope:
    """A predicate on code objects, by their file. Each file is judged once."""

    def __init__(self, kind: str, root: str) -> None:
        self._kind = kind
        self._root = _key(root)
        self._known: dict[str, bool] = {}
        self._entry = ""

    def enter(self, path: str) -> None:
        """Name the file of the entry, which is recorded in any case."""
        self._entry = _key(path)
        self._known.clear()

    def __call__(self, code: CodeType) -> bool:
        """Whether this code object is recorded."""
        known = self._known.get(code.co_filename)
        return self._judge(code.co_filename) if known is None else known

    def _judge(self, filename: str) -> bool:
        key = _key(filename)
        wanted = key == self._entry or (self._kind == PROJECT and os.path.isfile(key) and self._ours(key))
        self._known[filename] = wanted
        return wanted

    def _ours(self, key: str) -> bool:
        inside = key.startswith(self._root.rstrip(os.sep) + os.sep)
        parts = key[len(self._root) :].split(os.sep)
        hidden = any(part in _LIBRARIES or part.startswith(".") for part in parts)
        return inside and not hidden and not key.startswith(_NEVER)


def is_library(path: str) -> bool:
    """Whether a file is one of Python's own, of an installed package, or of ours."""
    key = _key(path)
    return key.startswith(_NEVER) or any(part in _LIBRARIES for part in key.split(os.sep))


def _key(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


_NEVER = (os.path.normcase(_STDLIB) + os.sep, _key(os.path.dirname(os.path.abspath(__file__))) + os.sep)
