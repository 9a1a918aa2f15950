"""Patterns of ``match`` on values that are known: whether a case takes its subject, and what it binds."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from cwm_lsp.codec.evaluator import Evaluator
from cwm_lsp.codec.expressions import ERRORS
from cwm_lsp.codec.kinds import BY_FIELDS
from cwm_lsp.codec.pure_calls import TYPES
from cwm_lsp.codec.records import Opaque, Passing, Record, Undecided
from cwm_lsp.codec.working import names_read, state_of, text_of

_BARE = frozenset({"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"})
"""Classes that take one pattern by position, which is for the subject itself."""


def taken_case(
    subject: ast.expr, case: ast.match_case, texts: Mapping[str, str]
) -> tuple[bool, Mapping[str, str]] | None:
    """Whether ``case`` takes what ``subject`` comes to, and what it binds; ``None`` where not known."""
    names = {*names_read(subject), *names_read(case.pattern)}
    names |= set(names_read(case.guard)) if case.guard is not None else set()
    return _taken(subject, case, state_of(sorted(names), texts))


@lru_cache(maxsize=2048)
def _taken(
    subject: ast.expr, case: ast.match_case, state: tuple[tuple[str, str], ...]
) -> tuple[bool, Mapping[str, str]] | None:
    matcher = _Matcher(dict(state))
    try:
        fits = matcher.fits(case.pattern, matcher.value(subject))
        holds = fits and (case.guard is None or matcher.guarded(case.guard))
    except (Undecided, *ERRORS, RecursionError, MemoryError):
        return None
    bound = {name: text_of(value) for name, value in matcher.bound.items()} if fits else {}
    return holds, {name: text for name, text in bound.items() if text is not None}


class _Matcher(Evaluator):
    """Walks a pattern; ``bound`` are the names that it gives values."""

    def __init__(self, state: Mapping[str, str]) -> None:
        super().__init__(state)
        self.bound: dict[str, Any] = {}

    def guarded(self, guard: ast.expr) -> bool:
        """Whether the guard of a case holds, its names being bound."""
        return bool(self._within(self.bound, guard))

    def fits(self, pattern: ast.pattern, value: Any) -> bool:
        """Whether ``pattern`` takes ``value``. Raises :class:`Undecided`."""
        match pattern:
            case ast.MatchValue(value=node):
                return bool(self._compared(value, ast.Eq(), self.value(node), ast.Compare(node, [], [])))
            case ast.MatchSingleton(value=single):
                return value is single
            case ast.MatchSequence(patterns=parts):
                is_sequence = isinstance(value, list | tuple) and not isinstance(value, Passing)
                return is_sequence and self._sequence_fits(parts, value)
            case ast.MatchMapping(keys=keys, patterns=parts, rest=rest):
                return isinstance(value, dict) and self._mapping_fits(keys, parts, rest, value)
            case ast.MatchOr(patterns=parts):
                return any(self.fits(one, value) for one in parts)
            case ast.MatchAs(pattern=inner, name=name):
                if inner is not None and not self.fits(inner, value):
                    return False
                if name is not None:
                    self.bound[name] = value
                return True
            case ast.MatchClass():
                return self._class_fits(pattern, value)
        raise Undecided("This pattern is not computed.")

    def _sequence_fits(self, parts: Sequence[ast.pattern], value: Sequence[Any]) -> bool:
        star = next((at for at, one in enumerate(parts) if isinstance(one, ast.MatchStar)), None)
        if star is None:
            return len(parts) == len(value) and all(map(self.fits, parts, value))
        after = len(parts) - star - 1
        if len(value) < star + after:
            return False
        end = len(value) - after
        name = getattr(parts[star], "name", None)
        if name is not None:
            self.bound[name] = list(value[star:end])
        return all(map(self.fits, parts[:star], value)) and all(
            map(self.fits, parts[star + 1 :], value[end:])
        )

    def _mapping_fits(
        self, keys: Sequence[ast.expr], parts: Sequence[ast.pattern], rest: str | None, value: dict[Any, Any]
    ) -> bool:
        wanted = [self.value(key) for key in keys]
        if not all(key in value for key in wanted):
            return False
        if rest is not None:
            self.bound[rest] = {key: one for key, one in value.items() if key not in wanted}
        return all(self.fits(part, value[key]) for key, part in zip(wanted, parts, strict=True))

    def _class_fits(self, pattern: ast.MatchClass, value: Any) -> bool:
        if not self._is_a(value, pattern.cls):
            return False
        if not isinstance(value, Record):
            bare = isinstance(pattern.cls, ast.Name) and pattern.cls.id in _BARE and pattern.cls.id in TYPES
            if not bare or len(pattern.patterns) > 1 or pattern.kwd_patterns:
                raise Undecided("Its attributes are not known.")
            return all(self.fits(one, value) for one in pattern.patterns)
        names = list(value.fields)
        if isinstance(value, Opaque) or (
            pattern.patterns and BY_FIELDS not in (self._facts(value.kind) or {})
        ):
            raise Undecided("Its fields have no order that is known.")
        asked = [*names[: len(pattern.patterns)], *pattern.kwd_attrs]
        parts = [*pattern.patterns, *pattern.kwd_patterns]
        return all(
            name in value.fields and self.fits(part, value.fields[name])
            for name, part in zip(asked, parts, strict=True)
        )
