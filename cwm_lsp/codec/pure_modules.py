"""What of the standard library's modules may be computed with, and what bounds it."""

from __future__ import annotations

import bisect
import copy
import heapq
import itertools
import json
import math
import operator
import re
import statistics
import string
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from itertools import islice
from typing import Any, Never

from cwm_lsp.codec import standard
from cwm_lsp.codec.pure_calls import (
    BUILTINS,
    CHANGING,
    MAX_BITS,
    MAX_ITEMS,
    TYPES,
    dict_of,
    found_by,
    items_of,
)
from cwm_lsp.codec.records import Passing, Undecided


def _small(*numbers: int) -> tuple[int, ...]:
    if any(number > MAX_BITS // 16 for number in numbers):
        raise Undecided("The result is too large.")
    return numbers


def _factorial(number: int) -> int:
    return math.factorial(*_small(number))


def _within_bounds(act: Callable[..., Iterable[Any]]) -> Callable[..., Passing]:
    """The items of an iterator that may be long, or give iterators."""

    def found(*given: Any, **named: Any) -> Passing:
        taken = [
            one if one is None or isinstance(one, int) or callable(one) else items_of(one) for one in given
        ]
        items = Passing(islice(act(*taken, **named), MAX_ITEMS + 1))
        if len(items) > MAX_ITEMS:
            raise Undecided("It has too many items.")
        return items

    return found


def _grouped(value: Any, key: Callable[[Any], Any] | None = None) -> Passing:
    return Passing((one, Passing(group)) for one, group in itertools.groupby(items_of(value), key))


def _reduced(act: Callable[[Any, Any], Any], value: Any, *start: Any) -> Any:
    return reduce(act, items_of(value), *start)


def _named(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


def _matching(name: str) -> Callable[..., Any]:
    """A function of ``re`` for patterns that cannot take long on a short text."""
    most = {"sub": 3, "split": 2}.get(name, 1)

    def found(pattern: str | re.Pattern[str], *given: Any, flags: int = 0, **named: Any) -> Any:
        if len(given) > most:  # the flags may stand last
            given, flags = given[:-1], given[-1]
        made = pattern if isinstance(pattern, re.Pattern) else standard.compiled(pattern, flags)
        return found_by(made, name, *given, **named)

    return found


def _dumped(value: Any, **named: Any) -> str:
    if not set(named) <= {"indent", "sort_keys", "separators", "ensure_ascii"}:
        raise Undecided("This way to write JSON is not computed.")
    return json.dumps(value, **named)


def _counter(*given: Any, **named: int) -> Counter[Any]:
    return Counter(*(one if isinstance(one, dict) else items_of(one) for one in given), **named)


def _defaultdict(kind: Any = None, *given: Any) -> defaultdict[Any, Any]:
    kinds = {BUILTINS[name]: TYPES[name] for name in ("int", "list", "set", "dict", "str", "float")}
    if kind not in kinds:
        raise Undecided("Its default is not known.")
    return defaultdict(kinds[kind], *given)


def _deque(given: Any = (), maxlen: int | None = None) -> deque[Any]:
    return deque(items_of(given), maxlen)


def _leave(code: Any = None) -> Never:
    """What ``sys.exit`` raises: a tuple gives several arguments."""
    raise SystemExit(*(code if isinstance(code, tuple) else () if code is None else (code,)))


def _quit(code: Any = None) -> Never:
    """What ``exit`` and ``quit`` raise."""
    raise SystemExit(code)


MODULES: Mapping[str, Mapping[str, Any]] = {
    **standard.MODULES,
    "re": {
        **{name: _matching(name) for name in "findall finditer fullmatch match search split sub".split()},
        **re.RegexFlag.__members__,
        "compile": standard.compiled,
        "escape": re.escape,
    },
    "math": {
        **_named(
            math,
            "acos asin atan atan2 ceil copysign cos degrees dist e exp fabs floor fmod gcd hypot inf isclose "
            "isfinite isinf isnan isqrt lcm log log10 log2 pi prod radians sin sqrt tan tau trunc",
        ),
        "comb": lambda n, k: math.comb(*_small(n, k)),
        "factorial": _factorial,
        "pow": lambda base, exponent: math.pow(base, exponent),
    },
    "collections": {
        "Counter": _counter,
        "OrderedDict": lambda *given: OrderedDict(dict_of(*given)),
        "defaultdict": _defaultdict,
        "deque": _deque,
    },
    "string": _named(
        string,
        "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits punctuation whitespace",
    ),
    "itertools": {
        **{
            name: _within_bounds(getattr(itertools, name))
            for name in (
                "accumulate chain combinations combinations_with_replacement dropwhile islice pairwise "
                "permutations product starmap takewhile zip_longest"
            ).split()
        },
        "groupby": _grouped,
    },
    "json": {"dumps": _dumped, "loads": lambda text: json.loads(text)},
    "sys": {"maxsize": sys.maxsize, "exit": _leave},
    "functools": {"reduce": _reduced},
    "heapq": {
        "nlargest": lambda count, value, key=None: heapq.nlargest(count, items_of(value), key),
        "nsmallest": lambda count, value, key=None: heapq.nsmallest(count, items_of(value), key),
    },
    "bisect": _named(bisect, "bisect bisect_left bisect_right"),
    "operator": _named(operator, "add itemgetter mul sub truediv"),
    "copy": _named(copy, "copy deepcopy"),
    "statistics": {
        "mean": lambda value: statistics.mean(items_of(value)),
        "median": lambda value: statistics.median(items_of(value)),
        "mode": lambda value: statistics.mode(items_of(value)),
    },
}
"""What may be taken from the standard library's modules."""

CHANGERS: Mapping[str, Callable[..., Any]] = {
    **_named(heapq, "heapify heappop heappush heappushpop heapreplace"),
    **_named(bisect, "insort insort_left insort_right"),
}
"""Functions of the standard library that change their first argument."""

_IMPORTABLE: Mapping[str, str] = {
    **standard.IMPORTABLE,
    "math": "ceil comb factorial floor gcd isqrt lcm log prod sqrt",
    "itertools": " ".join(MODULES["itertools"]),
    "functools": "reduce",
    "heapq": "nlargest nsmallest",
    "bisect": "bisect bisect_left bisect_right",
    "operator": "itemgetter",
    "copy": "copy deepcopy",
    "statistics": "mean median",
    "collections": " ".join(MODULES["collections"]),
}

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **BUILTINS,
    "exit": _quit,
    "quit": _quit,
    **{name: MODULES[module][name] for module, names in _IMPORTABLE.items() for name in names.split()},
}
"""What a bare name may call: builtins, and what is imported by its own name as a rule."""

IMPORTED: Mapping[str, tuple[str, ...]] = {
    **{name: (module,) for module, names in _IMPORTABLE.items() for name in names.split()},
    **{name: ("heapq" if name.startswith("heap") else "bisect",) for name in CHANGERS},
}
"""The modules that a bare name of :data:`FUNCTIONS` or :data:`CHANGERS` is imported from."""

CHANGING_NAMES = frozenset(CHANGERS).union(*CHANGING.values())
"""Names of what changes a value, as methods or functions."""
