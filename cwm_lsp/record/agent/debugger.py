"""Which code is the debugger's own. A project may be called like it: names alone do not tell."""

from __future__ import annotations

import os
import sys
from builtins import getattr, str, tuple, type  # noqa: UP029 - the user's program may rebind them

_MODULES = ("debugpy", "pydevd")
_dirname, _isabs, _separator = os.path.dirname, os.path.isabs, os.sep

_folders: tuple[str, ...] = ()


def is_of_debugger(path: str) -> bool:
    """Whether a file is one of the debugger's. Its extension modules name theirs by relative paths."""
    global _folders
    if not _folders:
        _folders = _found()
    return path.startswith(_folders) or ("pydevd" in path and not _isabs(path))


def _found() -> tuple[str, ...]:
    files = [getattr(sys.modules.get(name), "__file__", None) for name in _MODULES]
    return tuple([_dirname(file) + _separator for file in files if type(file) is str])
