"""The texts of values that are literals, and the collections that are written much like them, as values."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cwm_lsp.codec import pure_calls
from cwm_lsp.codec.pure_calls import Record, Undecided

_COLLECTION = re.compile(
    r"(?P<kind>Counter|defaultdict|deque)\("
    r"(?:<class '(?P<default>int|list|set|dict|str|float)'>, )?(?P<items>[\[{].*)?\)",
    re.S,
)
_COLLECTIONS: Mapping[str, Callable[[str | None, Any], Any]] = {
    "Counter": lambda _, items: Counter(dict(items)),
    "defaultdict": lambda default, items: defaultdict(pure_calls.TYPES.get(default or ""), items),
    "deque": lambda _, items: deque(items),
}


def literal(text: str) -> Any:
    """The value that a ``repr`` writes out, also of a ``Counter``, ``defaultdict`` or ``deque``, or of an
    object that names its fields (:class:`Record`).

    Raises :class:`Undecided` for any other text.
    """
    try:
        made = _COLLECTION.fullmatch(text)
        if made is None and text.endswith(")") and text[:1].isidentifier():
            return _record(ast.parse(text, mode="eval").body)
        if made is None:
            return ast.literal_eval(text)
        return _COLLECTIONS[made["kind"]](made["default"], ast.literal_eval(made["items"] or "()"))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise Undecided(f"{text[:80]} is not a literal.") from None


def _record(node: ast.expr) -> Any:
    """The object that a text like ``Point(x=1, y=[2])`` describes, other literals as they are."""
    match node:
        case ast.Call(func=ast.Name() | ast.Attribute(), args=[], keywords=[_, *_] as fields):
            known = {str(one.arg): _record(one.value) for one in fields if one.arg is not None}
            if len(known) == len(fields):
                return Record(ast.unparse(node.func), known)
    return ast.literal_eval(node)


@lru_cache(maxsize=8192)
def kept_literal(text: str) -> Any:
    """Like :func:`literal`, for values that nobody changes."""
    return literal(text)
