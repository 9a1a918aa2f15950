"""Which exceptions are of which classes, and so which handlers take them."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Mapping

from cwm_lsp.codec.kinds import BASES, MARK
from cwm_lsp.codec.literals import kept_literal

_CLASSES = re.compile(r"\(?(?:<class '(?:\w+)'>(?:, |,?(?=\))|$))+\)?")
_CLASS = re.compile(r"<class '(\w+)'>")
"""A class or a tuple of them, as values."""


def catches(handler: ast.ExceptHandler, raised: str | None, texts: Mapping[str, str]) -> bool | None:
    """Whether a handler takes the exception that ``raised`` is the text of; ``None`` if not known.

    ``texts`` are the values of names there, with what is known of classes.
    """
    if raised is None or raised.startswith(("ExceptionGroup(", "BaseExceptionGroup(")):
        return None  # ``except*`` takes parts of it
    if handler.type is None:
        return True
    kinds = _ancestry(raised.partition("(")[0], texts)
    asked = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = [name for one in asked for name in _asked(one, texts)]
    if kinds is None or not all(names):
        return None
    if kinds.intersection(names):
        return True
    known = all(builtin_failure(name) or f"{name}{MARK}" in texts for name in names)
    return False if known else None


def _asked(node: ast.expr, texts: Mapping[str, str]) -> Iterable[str]:
    """The names of the classes that ``node`` stands for, "" where that is not known."""
    if not isinstance(node, ast.Name):
        return [""]
    text = texts.get(node.id, "")
    if _CLASSES.fullmatch(text):
        return _CLASS.findall(text)
    return [""] if text.startswith(("(", "[")) else [node.id]


def _ancestry(kind: str, constants: Mapping[str, str]) -> frozenset[str] | None:
    """The names of the classes that one descends from, and its own; ``None`` where they are not all known."""
    builtin = builtin_failure(kind)
    if builtin is not None:
        return frozenset(one.__name__ for one in builtin.__mro__)
    facts = constants.get(f"{kind}{MARK}")
    if facts is None:
        return None
    found = {kind}
    for base in kept_literal(facts).get(BASES, ()):
        above = _ancestry(base, constants) if base != kind else frozenset()
        if above is None:
            return None
        found |= above
    return frozenset(found)


def builtin_failure(name: str) -> type[BaseException] | None:
    """The exception class that Python itself has under a name."""
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def is_failure(kind: str, constants: Mapping[str, str]) -> bool:
    """Whether a class of the file is one of exceptions."""
    facts = constants.get(f"{kind}{MARK}")
    return facts is not None and is_failing(kept_literal(facts).get(BASES, ()))


def is_failing(bases: Iterable[str]) -> bool:
    """Whether one of ``bases`` is an exception class of Python's."""
    return any(builtin_failure(base) for base in bases)
