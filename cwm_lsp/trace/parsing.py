"""Parsing in several threads at a time.

CPython 3.11 counts the depth of the tree that it builds in one place for all threads. The garbage
collector may run code of Python's while a tree is built, and with it another thread; where that one builds
a tree as well, one of the two fails with ``SystemError: AST constructor recursion depth mismatch``.
"""

from __future__ import annotations

import ast
import functools
import sys
import threading

MIXES_UP_DEPTHS = (3, 11) <= sys.version_info < (3, 12)


def parse_one_at_a_time() -> None:
    """Have the threads of this process build one tree at a time where they must, ``ast.literal_eval`` too."""
    if MIXES_UP_DEPTHS and not hasattr(ast.parse, "__wrapped__"):
        parse, building = ast.parse, threading.RLock()

        @functools.wraps(parse)
        def guarded(*arguments: object, **options: object) -> object:
            with building:
                return parse(*arguments, **options)  # type: ignore[call-overload]

        ast.parse = guarded  # type: ignore[assignment]
