"""Whether a predicted text says the same value as an observed one.

Texts are compared as Python expressions where they are such: sets in any order, strings in any quotes,
floats by what they are and not by how they were written. Everything else, the order of a dict among it,
counts. What is no expression (``<Foo object>``, ``defaultdict(<class 'int'>, {})``) is compared as text,
without memory addresses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable
from functools import lru_cache

from cwm_lsp.codec.displays import ELLIPSIS, shown
from cwm_lsp.trace.model import Value

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_BARE = re.compile(r"<(?:[\w.]+\.)?(\w+) object>")
_FIELDS = re.compile(r"<(\w+) \w+=")
_LONGEST = 20_000
"""Characters up to which a text is parsed; a longer one is compared as it stands."""


def same_value(observed: Value, text: str) -> bool | None:
    """Whether ``text`` says what was observed; ``None`` where that is cut or opaque.

    It is ``None`` too for a ``text`` that names the class of an object and nothing of what it holds. Whoever
    says the beginning of a long value, as far as a model is shown those, says that value.
    """
    bare = _BARE.fullmatch(_ADDRESS.sub("", text))
    if observed.opaque or observed.cut or (bare and observed.text.startswith(f"<{bare[1]} ")):
        return None
    return same_text(observed.text, text) or (ELLIPSIS in text and shown(observed.text) == text)


def writes_itself(value: Value) -> bool:
    """Whether an object tells what its class makes of it, ``<Thread(T-1, started)>``, and not its fields."""
    return value.text.startswith("<") and _FIELDS.match(value.text) is None


def in_other_words(observed: Value, text: str) -> bool:
    """Whether an object is told by its fields on the one side and as its class writes it on the other.

    A ``__repr__`` of the program fails on an object that is half made, which is told by its fields then.
    """
    one, other = _FIELDS.match(observed.text), _FIELDS.match(text)
    if (one is None) == (other is None):
        return False
    fields, own = (one, text) if one is not None else (other, observed.text)
    assert fields is not None
    return own.startswith(("<", f"{fields[1]}("))


def same_text(left: str, right: str) -> bool:
    """Whether two ``repr`` texts say the same value."""
    return left == right or _canonical(left) == _canonical(right)


@lru_cache(maxsize=8192)
def _canonical(text: str) -> Hashable:
    """A form of ``text`` that is equal for equal values; the text itself where it is no expression."""
    stripped = _ADDRESS.sub("", text.strip())
    if len(stripped) > _LONGEST:
        return stripped
    try:
        return _form(ast.parse(stripped, mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return stripped


def _form(node: ast.AST) -> Hashable:
    if isinstance(node, ast.Constant):
        return (type(node.value).__name__, repr(node.value))
    if isinstance(node, ast.Set):
        return ("Set", tuple(sorted({repr(_form(item)) for item in node.elts})))
    return (type(node).__name__, *(_field(value) for _, value in ast.iter_fields(node)))


def _field(value: object) -> Hashable:
    if isinstance(value, list):
        return tuple(_field(item) for item in value)
    if isinstance(value, ast.AST):
        return _form(value)
    return repr(value)
