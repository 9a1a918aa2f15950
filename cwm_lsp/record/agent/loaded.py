"""Which files of the user's a program has loaded."""

from __future__ import annotations

import json
import sys
from builtins import list, set, sorted, str, type  # noqa: UP029 - the user's program may rebind them

from .scope import is_library

_dumps = json.dumps


def files() -> str:
    """The paths of the modules that are loaded and no library's, as JSON."""
    found: set[str] = set()
    for name, module in list(sys.modules.items()):
        path = module.__dict__.get("__file__") if type(module) is type(sys) else None
        if type(path) is str and path.endswith(".py") and not _is_ours(name, path):
            found.add(path)
    return _dumps(sorted(found))


def _is_ours(name: str, path: str) -> bool:
    return name.startswith(_PRIVATE) or "pydevd" in path or "debugpy" in path or is_library(path)


_PRIVATE = __name__.partition(".")[0] + "."
