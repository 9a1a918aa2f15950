"""Values of the standard library whose texts say all that they are: dates, exact numbers, patterns, paths.

Nothing in them changes, and what is asked of them depends on nothing else, so they are made again from their
texts and asked. A match of a pattern says where it is and, where that is short, what; its groups are found by
matching again.
"""

from __future__ import annotations

import ast
import math
import os
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PosixPath, PurePosixPath
from typing import Any

from cwm_lsp.codec.records import Opaque, Undecided

_LONGEST_PATTERN = 200
_LONGEST_TEXT = 1_000
_MOST_STEPS = 1e7
_CLASSES = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.S)
_GROUP = re.compile(r"\(\?(?:P<\w+>|[:=!]|<[=!])?")
_LAZY = re.compile(r"(?<=[*+?}])[?+]")
_NESTED = re.compile(r"\)[*+{]")

_FINDING = frozenset({"finditer", "fullmatch", "match", "search"})

FOUND = "?"
"""Ends the name under which the calls are known that a name's matches come from."""

_FLAGS: Mapping[str, re.RegexFlag] = {f"re.{name}": flag for name, flag in re.RegexFlag.__members__.items()}


def takes_long(pattern: str, *given: Any) -> bool:
    """Whether matching ``pattern`` against the strings among what is ``given`` may take more than a moment.

    Counted are the ways in which a search that backtracks can part a text among what repeats: those of texts
    of n characters among r repeats from any place on, n ** (r + 1) / (r + 1)!, twice as many for each choice.
    """
    length = sum(len(one) for one in given if isinstance(one, str))
    if len(pattern) > _LONGEST_PATTERN or length > _LONGEST_TEXT or re.search(r"\\[1-9]", pattern):
        return True
    plain = _LAZY.sub("", _GROUP.sub("(", _CLASSES.sub("a", pattern)))
    if _NESTED.search(plain):
        return True
    return sum(_ways(one, length) for one in _alternatives(plain)) > _MOST_STEPS


def _ways(pattern: str, length: int) -> float:
    repeats = sum(pattern.count(one) for one in "*+{")
    choices = sum(pattern.count(one) for one in "?|")
    return float((length + 1) ** (repeats + 1) / math.factorial(repeats + 1) * 2**choices)


def _alternatives(pattern: str) -> list[str]:
    """The parts of a pattern that stand apart by ``|`` outside any group."""
    parts, depth = [""], 0
    for one in pattern:
        depth += (one == "(") - (one == ")")
        if one == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += one
    return parts


def compiled(pattern: Any, flags: int = 0) -> re.Pattern[str]:
    """``re.compile`` for patterns that are not long. Raises :class:`Undecided`."""
    if not isinstance(pattern, str) or len(pattern) > _LONGEST_PATTERN:
        raise Undecided("The pattern is long.")
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise Undecided(str(error)) from None


MATCHED = "<re.Match object; span="
"""How the text of a match begins."""


class Matched(Opaque):
    """A match, from its text alone: ``span`` and, where it is not cut, ``whole``."""

    _TEXT = re.compile(r"<re\.Match object; span=\((\d+), (\d+)\), match=(.*)>", re.S)

    def __init__(self, text: str) -> None:
        """Raises ``ValueError`` where ``text`` is that of something else."""
        super().__init__(text)
        found = self._TEXT.fullmatch(text)
        if found is None:
            raise ValueError(text)
        self.span = int(found[1]), int(found[2])
        try:
            self.whole: str | None = ast.literal_eval(found[3])
        except (ValueError, SyntaxError):
            self.whole = None  # Python cuts it after 50 characters
        if self.whole is not None and len(self.whole) != self.span[1] - self.span[0]:
            self.whole = None

    def __bool__(self) -> bool:
        return True

    def asked(self, method: str, *given: Any) -> Any:
        """What ``method`` gives without looking for the groups. Raises :class:`Undecided`."""
        if given in ((), (0,)):
            if method in ("group", "__getitem__") and self.whole is not None:
                return self.whole
            if method in ("start", "end", "span"):
                return {"start": self.span[0], "end": self.span[1], "span": self.span}[method]
        raise Undecided("Its groups are not in its text.")

    def again(self, how: str, pattern: Any, text: Any) -> re.Match[str] | None:
        """The match itself, if it is what ``pattern`` finds in ``text`` there, ``how`` saying by what."""
        if isinstance(pattern, str):
            pattern = compiled(pattern)
        if not isinstance(pattern, re.Pattern) or not isinstance(text, str):
            return None
        if takes_long(pattern.pattern, text):
            return None
        found = pattern.fullmatch(text) if how == "fullmatch" else pattern.match(text, self.span[0])
        return found if found is not None and repr(found) == self.text else None


def finders(tree: ast.AST) -> dict[str, list[ast.Call]]:
    """The calls that look for a match and give it a name, by that name."""
    found: dict[str, list[ast.Call]] = {}
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call)
                | ast.NamedExpr(target=ast.Name(id=name), value=ast.Call() as call)
                | ast.For(target=ast.Name(id=name), iter=ast.Call() as call)
            ) if getattr(call.func, "attr", "") in _FINDING and call.args:
                found.setdefault(name, []).append(call)
    return found


def _flags(node: ast.expr) -> int:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _flags(node.left) | _flags(node.right)
    return _FLAGS[ast.unparse(node)]


def _pattern(pattern: ast.expr, *flags: ast.expr) -> re.Pattern[str]:
    return compiled(ast.literal_eval(pattern), *map(_flags, flags))


def _plainly(kind: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: kind(*map(ast.literal_eval, given))


_WRITTEN: Mapping[str, Callable[..., Any]] = {
    "datetime.date": _plainly(date),
    "datetime.datetime": _plainly(datetime),
    "datetime.time": _plainly(time),
    "datetime.timedelta": _plainly(timedelta),
    "Decimal": _plainly(Decimal),
    "Fraction": _plainly(Fraction),
    "PosixPath": _plainly(PosixPath),
    "PurePosixPath": _plainly(PurePosixPath),
    "re.compile": _pattern,
}


def written(node: ast.Call) -> Any:
    """The value that a call in a text stands for; ``None`` where it is none of these.

    Raises ``ValueError`` or ``TypeError`` where it cannot be made.
    """
    make = _WRITTEN.get(ast.unparse(node.func))
    if make is None:
        return None
    if node.keywords:
        if make is not _WRITTEN["datetime.timedelta"]:
            return None
        return timedelta(**{str(one.arg): ast.literal_eval(one.value) for one in node.keywords})
    try:
        return make(*node.args)
    except (ArithmeticError, KeyError, NotImplementedError, Undecided) as error:
        raise ValueError(str(error)) from None


KINDS = frozenset(name.rpartition(".")[2] for name in _WRITTEN if "." not in name)
"""Names that begin the texts of such values, and that a file may give to classes of its own."""

METHODS: Mapping[type, frozenset[str]] = {
    date: frozenset("isoformat isoweekday replace strftime toordinal weekday".split()),
    datetime: frozenset("date isoformat isoweekday replace strftime time toordinal weekday".split()),
    time: frozenset({"isoformat", "replace", "strftime"}),
    timedelta: frozenset({"total_seconds"}),
    Decimal: frozenset("as_integer_ratio copy_abs is_signed is_zero quantize to_integral_value".split()),
    Fraction: frozenset({"as_integer_ratio", "limit_denominator"}),
    **dict.fromkeys(
        (PosixPath, PurePosixPath),
        frozenset(
            "as_posix is_absolute is_relative_to joinpath relative_to with_name with_stem with_suffix".split()
        ),
    ),
    re.Pattern: frozenset("findall finditer fullmatch match search split sub".split()),
    re.Match: frozenset("end group groupdict groups span start".split()),
}
"""Methods that depend on nothing but their arguments, by type."""

FIELDS: Mapping[type, frozenset[str]] = {
    date: frozenset({"day", "month", "year"}),
    datetime: frozenset("day hour microsecond minute month second year".split()),
    time: frozenset({"hour", "microsecond", "minute", "second"}),
    timedelta: frozenset({"days", "microseconds", "seconds"}),
    Fraction: frozenset({"denominator", "numerator"}),
    int: frozenset({"denominator", "imag", "numerator", "real"}),
    complex: frozenset({"imag", "real"}),
    **dict.fromkeys(
        (PosixPath, PurePosixPath), frozenset({"name", "parent", "parts", "stem", "suffix", "suffixes"})
    ),
    re.Pattern: frozenset({"pattern"}),
    re.Match: frozenset({"lastgroup", "lastindex", "string"}),
}
"""Attributes that are values, by type."""

MODULES: Mapping[str, Mapping[str, Any]] = {
    "datetime": {
        "date": date,
        "datetime": datetime,
        "time": time,
        "timedelta": timedelta,
        "fromisoformat": datetime.fromisoformat,
        "strptime": datetime.strptime,
    },
    "date": {"fromisoformat": date.fromisoformat, "fromordinal": date.fromordinal},
    "decimal": {"Decimal": Decimal},
    "fractions": {"Fraction": Fraction},
    "pathlib": {"Path": PosixPath, "PurePosixPath": PurePosixPath} if os.name == "posix" else {},
}
"""What may be taken from modules, and of classes by their own names."""

IMPORTABLE: Mapping[str, str] = {
    "datetime": "date datetime time timedelta",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "pathlib": " ".join(MODULES["pathlib"]),
}
"""What is imported by its own name as a rule."""
