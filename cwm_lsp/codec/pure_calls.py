"""The builtins and methods that :mod:`cwm_lsp.codec.pure` may call, with what bounds their results.

All of them give a value made of their arguments alone and change none of them. The order in which a set is
gone through is not written in its text, so what would show it is undecided.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cwm_lsp.codec import standard
from cwm_lsp.codec.records import Iterating, Passing, Record, Undecided, is_tangled

MAX_BITS = 4_096
MAX_ITEMS = 10_000

_SIZED = (range, str, bytes, list, tuple, dict, set, frozenset, deque)
_LONG_NUMBER = re.compile(r"\d{4}")


def items_of(value: Any, ordered: bool = True) -> list[Any]:
    """The items of a value.

    Raises :class:`Undecided` for too many, and for a set where they are to be ``ordered``.
    """
    if (
        isinstance(value, range | str | bytes | list | tuple | dict | set | frozenset)
        and len(value) > MAX_ITEMS
    ):
        raise Undecided("It has too many items.")
    if ordered and isinstance(value, set | frozenset) and len(value) > 1:
        raise Undecided("The order of a set is not known.")
    if ordered and isinstance(value, Counter) and is_tangled(value):
        raise Undecided("The order of a counter that was read is not known.")
    if isinstance(value, Callable):  # type: ignore[arg-type]
        raise Undecided("A function has no items.")
    return list(value)


def narrow(spec: str) -> None:
    """Raises :class:`Undecided` where a format may ask for a large width."""
    if _LONG_NUMBER.search(spec):
        raise Undecided("The width is too large.")


def formatted(value: Any, spec: str = "") -> str:
    """``format(value, spec)`` within bounds."""
    narrow(spec)
    if not spec:
        return written(value)
    return format(value, spec)


def written(value: Any, write: Callable[[Any], str] = str) -> str:
    """``str`` or ``repr`` of a value whose text does not depend on the order of a set."""
    if write is str and isinstance(value, Record) and type(value).__str__ is not Record.__str__:
        return str(value)
    if isinstance(value, Passing | Record | type) or callable(value) or _shows_order(value):
        raise Undecided("Its text is not known.")
    return write(value)


def _shows_order(value: Any) -> bool:
    if isinstance(value, set | frozenset):
        return len(value) > 1
    if isinstance(value, dict):
        return any(map(_shows_order, value.values()))
    return isinstance(value, list | tuple) and any(map(_shows_order, value))


def _listed(act: Callable[..., Any]) -> Callable[..., Any]:
    """An iterator's items at once."""
    return lambda *given: Passing(
        act(*(one if one is None or callable(one) else items_of(one) for one in given))
    )


def _enumerated(value: Any, start: int = 0) -> Passing:
    return Passing(enumerate(items_of(value), start))


_ITERATORS: Mapping[str, str] = {
    "list": "list_iterator",
    "tuple": "tuple_iterator",
    "dict": "dict_keyiterator",
    "dict_items": "dict_itemiterator",
    "dict_keys": "dict_keyiterator",
    "dict_values": "dict_valueiterator",
    "set": "set_iterator",
    "range": "range_iterator",
}


def _iterating(value: Any) -> Passing:
    kind = _ITERATORS.get(type(value).__name__)
    items = items_of(value)
    return Passing(items) if kind is None else Iterating(items, f"<{kind} object>")


def _next(value: Any, *default: Any) -> Any:
    if not isinstance(value, Passing):
        raise Undecided("An iterator that is kept is not computed.")
    if not value and not default:
        raise StopIteration
    return value[0] if value else default[0]


def _length(value: Any) -> int:
    if isinstance(value, Passing):
        raise Undecided("An iterator has no length.")
    return len(value)


def _extreme(act: Callable[..., Any]) -> Callable[..., Any]:
    def found(*given: Any, **options: Any) -> Any:
        ordered = options.get("key") is not None
        return act(*(items_of(one, ordered) for one in given) if len(given) == 1 else given, **options)

    return found


def _sorted(value: Any, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> list[Any]:
    return sorted(items_of(value, key is not None), key=key, reverse=reverse)


def _container(kind: Callable[..., Any], ordered: bool) -> Callable[..., Any]:
    return lambda *given, **named: kind(*(items_of(one, ordered) for one in given), **named)


def dict_of(*given: Any, **named: Any) -> dict[Any, Any]:
    """``dict(...)`` within bounds."""
    return dict(*(one if isinstance(one, dict) else items_of(one) for one in given), **named)


def _power(base: Any, exponent: Any, modulus: int | None = None) -> Any:
    if modulus is not None:
        return pow(base, exponent, modulus)
    if (
        isinstance(base, int)
        and isinstance(exponent, int)
        and base.bit_length() * max(exponent, 1) > MAX_BITS
    ):
        raise Undecided("The result is too large.")
    return base**exponent


BUILTINS: Mapping[str, Callable[..., Any]] = {
    **{one.__name__: one for one in (abs, bin, bool, chr, divmod, float, hex, int, oct, ord, range, round)},
    "all": lambda value: all(items_of(value, False)),
    "any": lambda value: any(items_of(value, False)),
    "dict": dict_of,
    "enumerate": _enumerated,
    "filter": _listed(filter),
    "format": formatted,
    "frozenset": _container(frozenset, False),
    "iter": _iterating,
    "len": _length,
    "list": _container(list, True),
    "map": _listed(map),
    "max": _extreme(max),
    "min": _extreme(min),
    "next": _next,
    "pow": _power,
    "repr": lambda value: written(value, repr),
    "reversed": lambda value: Passing(reversed(items_of(value))),
    "set": _container(set, False),
    "sorted": _sorted,
    "str": lambda value="": written(value),
    "sum": lambda value, start=0: sum(items_of(value, False), start),
    "tuple": _container(tuple, True),
    "zip": _listed(zip),
}
"""Builtin functions, by name. Those that make an iterator give a :class:`Passing`."""

ORDER_FREE = frozenset({"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"})
"""Functions that give the same for every order of what they go through."""

TYPES: Mapping[str, type] = {
    one.__name__: one for one in (bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)
}
"""The types that ``isinstance`` and ``type(x) is`` may ask for."""

_TEXT = frozenset(
    (
        "capitalize casefold center count encode endswith expandtabs find format index isalnum isalpha "
        "isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join "
        "ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit "
        "rstrip split splitlines startswith strip swapcase title upper zfill"
    ).split()
)
_WIDENING = frozenset({"center", "expandtabs", "ljust", "rjust", "zfill"})
_SETS = frozenset(
    "copy difference intersection isdisjoint issubset issuperset symmetric_difference union".split()
)

METHODS: Mapping[type, frozenset[str]] = {
    str: _TEXT,
    bytes: _TEXT - {"format", "encode", "casefold", "isdecimal", "isidentifier", "isnumeric", "isprintable"}
    | {"decode", "hex"},
    list: frozenset({"copy", "count", "index"}),
    tuple: frozenset({"count", "index"}),
    dict: frozenset({"copy", "get", "items", "keys", "values"}),
    set: _SETS,
    frozenset: _SETS,
    Counter: frozenset({"copy", "elements", "get", "items", "keys", "most_common", "total", "values"}),
    defaultdict: frozenset({"copy", "get", "items", "keys", "values"}),
    OrderedDict: frozenset({"copy", "get", "items", "keys", "values"}),
    deque: frozenset({"copy", "count", "index"}),
    int: frozenset({"bit_count", "bit_length"}),
    float: frozenset({"is_integer"}),
    **standard.METHODS,
}
"""Methods that change nothing, by type."""

CHANGING: Mapping[type, frozenset[str]] = {
    list: frozenset({"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"}),
    dict: frozenset({"clear", "pop", "popitem", "setdefault", "update"}),
    Counter: frozenset({"clear", "pop", "popitem", "setdefault", "subtract", "update"}),
    defaultdict: frozenset({"clear", "pop", "popitem", "setdefault", "update"}),
    OrderedDict: frozenset({"clear", "move_to_end", "pop", "popitem", "setdefault", "update"}),
    deque: frozenset(
        "append appendleft clear extend extendleft insert pop popleft remove reverse rotate".split()
    ),
    set: frozenset(
        (
            "add clear difference_update discard intersection_update pop remove symmetric_difference_update "
            "update"
        ).split()
    ),
}
"""Methods that change the value they are called on, by type."""


def call_method(value: Any, name: str, given: list[Any], named: dict[str, Any]) -> Any:
    """``value.name(*given, **named)`` within bounds; the caller knows that ``name`` is one of the tables'."""
    if name == "format":
        narrow(value)
        if re.search(r"\{[^}]*[.\[{]", value):
            raise Undecided("This format is not computed.")
        given = [written(one) if "{" in repr(one) and _shows_order(one) else one for one in given]
    sizes = [len(one) for one in (value, *given) if isinstance(one, _SIZED)]
    widths = [one for one in given if isinstance(one, int)] if name in _WIDENING else []
    if sum(sizes) > MAX_ITEMS or any(width > MAX_ITEMS for width in widths):
        raise Undecided("The result is too large.")
    if name == "replace" and len(given) >= 2 and len(value) * max(1, *map(len, given[:2])) > 10 * MAX_ITEMS:
        raise Undecided("The result is too large.")
    if name == "expandtabs" and len(value) * max(1, *widths, 8) > 10 * MAX_ITEMS:
        raise Undecided("The result is too large.")
    if name == "pop" and isinstance(value, set) and len(value) > 1:
        raise Undecided("The order of a set is not known.")
    if isinstance(value, re.Pattern):
        return found_by(value, name, *given, **named)
    ordered = not isinstance(value, set | frozenset)
    if name == "join":
        given = [_joinable(items_of(one), len(value)) for one in given]
    elif name == "elements":
        return Passing(items_of([key for key, count in value.items() for _ in range(min(count, MAX_ITEMS))]))
    elif name in (
        "extend",
        "extendleft",
        "subtract",
        "update",
        "union",
        "difference",
        "intersection",
        "symmetric_difference",
    ):
        given = [one if isinstance(one, dict) else items_of(one, ordered) for one in given]
    return getattr(value, name)(*given, **named)


def found_by(pattern: re.Pattern[str], name: str, *given: Any, **named: Any) -> Any:
    """``pattern.name(*given, **named)`` for patterns and texts that cannot take long."""
    if standard.takes_long(pattern.pattern, *given, *named.values()):
        raise Undecided("The pattern or the text is long.")
    found = getattr(pattern, name)(*given, **named)
    return Passing(found) if name == "finditer" else found


def _joinable(parts: Iterable[Any], joint: int) -> list[Any]:
    kept = list(parts)
    if sum(len(part) for part in kept if isinstance(part, str | bytes)) + joint * len(kept) > 10 * MAX_ITEMS:
        raise Undecided("The result is too large.")
    return kept
