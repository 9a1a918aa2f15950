"""How each builtin type is written: one writer for each ``__repr__`` of theirs.

A subclass that keeps its base's ``__repr__`` is written like its base. Part of the renderer
(:mod:`cwm_lsp.trace.render`), so it also runs inside the user's program.
"""

from __future__ import annotations

from builtins import (  # noqa: UP029 - the user's program may rebind them
    BaseException,
    TypeError,
    bool,
    bytearray,
    bytes,
    complex,
    dict,
    float,
    frozenset,
    getattr,
    int,
    isinstance,
    len,
    list,
    map,
    object,
    range,
    repr,
    set,
    sorted,
    str,
    tuple,
    type,
)
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from .bounds import SCALARS

if TYPE_CHECKING:
    from .walk import Walk

_INT_BITS = 2048
_SORTED_SETS = 1000
_int_repr = int.__repr__
raw_type_name: Callable[[type], str] = type.__dict__["__name__"].__get__


def _plain(walk: Walk, value: Any, depth: int) -> str:
    return repr(value)


def _write_int(walk: Walk, value: int, depth: int) -> str:
    bits = int.bit_length(value)
    if bits <= _INT_BITS:
        return _int_repr(value)
    walk.cut = walk.opaque = True
    return f"<int of {bits:,} bits>"


def _write_str(walk: Walk, value: str, depth: int) -> str:
    return walk.string(value, str)


def _write_bytes(walk: Walk, value: bytes, depth: int) -> str:
    return walk.string(value, bytes)


def _write_bytearray(walk: Walk, value: bytearray, depth: int) -> str:
    size = bytearray.__len__(value)
    if size <= walk.limits.string:
        return repr(bytearray(value))
    return walk.string(value, bytearray)


def _write_list(walk: Walk, value: list[Any], depth: int) -> str:
    return walk.inside(
        value, "[...]", depth, lambda: f"[{walk.items(list.__iter__(value), list.__len__(value), depth)}]"
    )


def _write_tuple(walk: Walk, value: tuple[Any, ...], depth: int) -> str:
    def write() -> str:
        size = tuple.__len__(value)
        return f"({walk.items(tuple.__iter__(value), size, depth)}{',' if size == 1 else ''})"

    return walk.inside(value, "(...)", depth, write)


def _write_dict(walk: Walk, value: dict[Any, Any], depth: int) -> str:
    return walk.inside(value, "{...}", depth, lambda: walk.pairs(value, depth))


def _set_items(walk: Walk, value: Any, base: Any, depth: int) -> str:
    """The items of a set in sorted order, or by their texts where they have no order."""
    size = base.__len__(value)
    members = list(base.__iter__(value)) if size <= _SORTED_SETS else base.__iter__(value)
    if size > _SORTED_SETS:
        return walk.items(members, size, depth)
    kinds = set(map(type, members))
    if kinds <= SCALARS:
        try:
            return walk.items(sorted(members), size, depth)
        except TypeError:
            pass  # of several kinds: by text
    texts = sorted(walk.text(member, depth + 1) for member in islice(members, walk.limits.items))
    return walk.listed(texts, size, lambda text: text)


def _write_set(walk: Walk, value: set[Any], depth: int) -> str:
    name = "" if type(value) is set else raw_type_name(type(value))
    if not set.__len__(value):
        return f"{name or 'set'}()"

    def write() -> str:
        inner = "{" + _set_items(walk, value, set, depth) + "}"
        return f"{name}({inner})" if name else inner

    return walk.inside(value, "set(...)", depth, write)


def _write_frozenset(walk: Walk, value: frozenset[Any], depth: int) -> str:
    name = raw_type_name(type(value))
    if not frozenset.__len__(value):
        return f"{name}()"
    return walk.inside(
        value, f"{name}(...)", depth, lambda: f"{name}({{{_set_items(walk, value, frozenset, depth)}}})"
    )


def _write_deque(walk: Walk, value: deque[Any], depth: int) -> str:
    def write() -> str:
        end = "" if value.maxlen is None else f", maxlen={value.maxlen}"
        first = list(islice(deque.__iter__(value), walk.limits.items))
        items = walk.items(first, deque.__len__(value), depth)
        return f"{raw_type_name(type(value))}([{items}]{end})"

    return walk.inside(value, "[...]", depth, write)


def _write_defaultdict(walk: Walk, value: defaultdict[Any, Any], depth: int) -> str:
    def write() -> str:
        factory = walk.text(value.default_factory, depth + 1)
        return f"{raw_type_name(type(value))}({factory}, {walk.pairs(value, depth)})"

    return walk.inside(value, "defaultdict(...)", depth, write)


_PLAIN_KEYS = (str, int, float, bytes, bool, type(None))


def _write_ordered(walk: Walk, value: OrderedDict[Any, Any], depth: int) -> str:
    """As Python 3.12 and later write it, in every version, so that recordings compare."""
    name = raw_type_name(type(value))
    if not dict.__len__(value):
        return f"{name}()"
    return walk.inside(value, "...", depth, lambda: f"{name}({walk.pairs(value, depth, _in_order(value))})")


def _in_order(value: OrderedDict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """The pairs in their order, which ``move_to_end`` changes and ``dict.items`` does not see."""
    others: dict[int, Any] = {}
    for key in OrderedDict.__iter__(value):
        if type(key) in _PLAIN_KEYS:
            yield key, dict.__getitem__(value, key)
            continue
        if not others:  # to look a key up would ask its own code
            others = {id(one): item for one, item in dict.items(value)}
        yield key, others[id(key)]


def write_counter(walk: Walk, value: Counter[Any], depth: int) -> str:
    """A ``Counter``, whose ``__repr__`` is Python code that asks each key's own: most common first."""
    if not dict.__len__(value):
        return "Counter()"
    try:
        pairs = dict(sorted(dict.items(value), key=lambda item: item[1], reverse=True))
    except TypeError:
        pairs = dict(dict.items(value))
    return f"Counter({walk.pairs(pairs, depth)})"


def _write_exception(walk: Walk, value: BaseException, depth: int) -> str:
    def write() -> str:
        args = BaseException.args.__get__(value)  # type: ignore[attr-defined]
        return f"{raw_type_name(type(value))}({walk.items(args, len(args), depth)})"

    return walk.inside(value, "...", depth, write)


def _write_object(walk: Walk, value: object, depth: int) -> str:
    return walk.unfolded(value, type(value), depth)


def _write_function(walk: Walk, value: Any, depth: int) -> str:
    return walk.named(f"<function {value.__qualname__}>", depth)


def _write_method(walk: Walk, value: Any, depth: int) -> str:
    name = getattr(value.__func__, "__qualname__", "?")
    return walk.inside(
        value,
        "...",
        depth,
        lambda: walk.named(f"<bound method {name} of {walk.text(value.__self__, depth + 1)}>", depth),
    )


def _write_builtin(walk: Walk, value: Any, depth: int) -> str:
    owner = value.__self__
    if owner is None or isinstance(owner, ModuleType):
        return walk.named(f"<built-in function {value.__name__}>", depth)
    return walk.named(f"<built-in method {value.__name__} of {raw_type_name(type(owner))} object>", depth)


def _write_class(walk: Walk, value: Any, depth: int) -> str:
    return walk.named(f"<class '{type.__dict__['__qualname__'].__get__(value)}'>", depth)


def _write_module(walk: Walk, value: ModuleType, depth: int) -> str:
    return walk.named(
        f"<module {ModuleType.__getattribute__(value, '__dict__').get('__name__', '?')!r}>", depth
    )


WRITERS: dict[Any, Callable[[Walk, Any, int], str]] = {
    int.__repr__: _write_int,
    str.__repr__: _write_str,
    bytes.__repr__: _write_bytes,
    bytearray.__repr__: _write_bytearray,
    list.__repr__: _write_list,
    tuple.__repr__: _write_tuple,
    dict.__repr__: _write_dict,
    set.__repr__: _write_set,
    frozenset.__repr__: _write_frozenset,
    deque.__repr__: _write_deque,
    defaultdict.__repr__: _write_defaultdict,
    OrderedDict.__repr__: _write_ordered,
    BaseException.__repr__: _write_exception,
    object.__repr__: _write_object,
    FunctionType.__repr__: _write_function,
    MethodType.__repr__: _write_method,
    BuiltinFunctionType.__repr__: _write_builtin,
    type.__repr__: _write_class,
    ModuleType.__repr__: _write_module,
    **{kind.__repr__: _plain for kind in (float, complex, bool, type(None), type(...), range)},
}
"""Writers by the ``__repr__`` they stand for; each takes the walk, the value and its depth."""
