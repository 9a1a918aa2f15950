"""What a program has loaded: which files of the user's, and whether they still say on disk what runs."""

from __future__ import annotations

import json
import sys
import warnings
from builtins import (  # noqa: UP029 - the user's program may rebind them
    OSError,
    SyntaxError,
    ValueError,
    any,
    compile,
    id,
    isinstance,
    list,
    open,
    repr,
    set,
    sorted,
    str,
    tuple,
    type,
)
from collections.abc import Iterator
from dis import findlinestarts
from types import CodeType

from .debugger import is_of_debugger
from .scope import is_library

_dumps = json.dumps
_PRIVATE = __name__.partition(".")[0] + "."
_WHOLE = sys.version_info >= (3, 11)
"""Whether a debugger leaves the code alone that it traces; before, it may put calls of its own into it."""


def files() -> str:
    """The paths of the modules that are loaded and no library's, as JSON."""
    found: set[str] = set()
    for name, module in list(sys.modules.items()):
        path = module.__dict__.get("__file__") if type(module) is type(sys) else None
        if type(path) is str and path.endswith(".py") and not _is_ours(name, path):
            found.add(path)
    return _dumps(sorted(found))


def _is_ours(name: str, path: str) -> bool:
    return name.startswith(_PRIVATE) or is_of_debugger(path) or is_library(path)


_texts: dict[str, list[CodeType]] = {}
_judged: dict[int, tuple[CodeType, bool]] = {}


def is_another(code: CodeType) -> bool:
    """Whether what runs is not what stood in its file when the first code of that file was asked about.

    Code that pytest has rewritten for its asserts counts as the file's. So does that of a file that cannot be
    read, of which nothing is known.
    """
    judged = _judged.get(id(code))
    if judged is None:
        written = any(["@" in name for name in (*code.co_names, *code.co_varnames)])
        judged = _judged[id(code)] = code, not written and not _stands_in_file(code)
    return judged[1]


def _stands_in_file(code: CodeType) -> bool:
    path = code.co_filename
    if path not in _texts:
        try:
            with open(path, "rb") as file, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _texts[path] = list(_codes(compile(file.read(), path, "exec", dont_inherit=True)))
        except OSError:
            return True
        except (SyntaxError, ValueError):
            _texts[path] = []
    mine = _print(code)
    return any([_print(one) == mine for one in _texts[path] if one.co_firstlineno == code.co_firstlineno])


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _print(code: CodeType) -> tuple[object, ...]:
    """What tells code apart, as far as a debugger leaves it alone."""
    lines = sorted({line or 0 for _, line in findlinestarts(code)})
    shape = code.co_name, code.co_varnames, lines
    if not _WHOLE:
        return shape
    values = [repr(one) for one in code.co_consts if type(one) not in (CodeType, frozenset)]
    return (*shape, code.co_names, values, code.co_code)
