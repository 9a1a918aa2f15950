"""What a failure tells of the texts of a function: which of them should read otherwise, and how.

Where a call gave ``'4None'`` and should have given ``'4th'``, the text that stands for nothing is ``'th'``;
where ``'a,b'`` should have been ``'a, b'``, the text ``','`` should be ``', '``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.text import Text

LONGEST = 200
"""Characters of a text that is compared."""

PARTS = 6
"""Differences in one text beyond which nothing is concluded."""

LIKELY = 0.5
"""What came out and what should have leave little else that it could be."""


def pairs(failures: Iterable[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """Texts that failing checks gave, with those that they should have given.

    ``failures``: what each said, and the expression that it should equal, ``None`` for a test, whose
    assertion is read instead.
    """
    found: list[tuple[str, str]] = []
    for said, expect in failures:
        values = _values(said, expect) if expect is not None else _asserted(said)
        if values is not None:
            found += _texts(*values)
        if expect is None:
            found += _differing(said)
    short = (pair for pair in found if max(map(len, pair)) <= LONGEST)
    return list(dict.fromkeys(short))


def _values(said: str, expect: str) -> tuple[object, object] | None:
    try:
        return ast.literal_eval(said), ast.literal_eval(expect)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _asserted(said: str) -> tuple[object, object] | None:
    """Both sides of ``assert 'a' == 'b'`` in what pytest says."""
    rest = said.partition("assert ")[2]
    at = len(rest)
    while at > 0:
        try:
            test = ast.parse(rest[:at].strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            at = rest.rfind("; ", 0, at)
            continue
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq) and len(test.ops) == 1:
            return _values(ast.unparse(test.left), ast.unparse(test.comparators[0]))
        return None
    return None


_TEXT = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_DIFFER = re.compile(f"{_TEXT} != {_TEXT}")
"""How pytest says in which part two objects differ."""


def _differing(said: str) -> Iterator[tuple[str, str]]:
    """The texts of parts that differ, in what pytest says."""
    for match in _DIFFER.finditer(said):
        values = _values(*match.groups())
        if values is not None:
            yield from _texts(*values)


def _texts(got: object, wanted: object) -> Iterator[tuple[str, str]]:
    """Texts at the same place of two values, where they differ."""
    if isinstance(got, str) and isinstance(wanted, str):
        if got != wanted:
            yield got, wanted
    elif isinstance(got, list | tuple) and isinstance(wanted, list | tuple) and len(got) == len(wanted):
        for one, other in zip(got, wanted, strict=True):
            yield from _texts(one, other)
    elif isinstance(got, dict) and isinstance(wanted, dict):
        for key in got.keys() & wanted.keys():
            yield from _texts(got[key], wanted[key])


def corrected(function: ast.AST, text: Text, found: Iterable[tuple[str, str]]) -> Iterator[Candidate]:
    """Texts of the function, as they should read by what failing checks gave and should have given."""
    known = list(found)
    yield from _normal(function, text, known)
    for node in ast.walk(function) if known else ():
        match node:
            case ast.JoinedStr():
                yield from _formatted(node, text, known)
            case ast.Constant(str(value)) if value and text.of(node)[:1] in "'\"":
                for new in _readings(value, known):
                    edit = Edit(*text.span(node), quoted(new, text.of(node)[0]))
                    yield Candidate((edit,), "constant", node.lineno, _likely(value, new))
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.expr()]):
                for new in _readings("None", known):
                    place = text.span(node)[1] - 1
                    edit = Edit(place, place, f", {quoted(new, _quote(text))}")
                    yield Candidate((edit,), "default", node.lineno, LIKELY)


_METHODS = ("strip", "lower", "upper", "casefold", "title", "capitalize", "rstrip", "lstrip")


def _normal(function: ast.AST, text: Text, known: list[tuple[str, str]]) -> Iterator[Candidate]:
    """A method of texts that turns what came out into what should have, called on each value."""
    methods = [
        name for name in _METHODS if any(getattr(got, name)() == wanted != got for got, wanted in known)
    ]
    nodes = list(ast.walk(function)) if methods else []
    callees = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        loaded = isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and id(node) not in callees
        if loaded and isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            for name in methods:
                end = text.span(node)[1]
                yield Candidate((Edit(end, end, f".{name}()"),), "missing call", node.lineno, LIKELY)


def _likely(old: str, new: str) -> float:
    """Letters that only join those that there are may belong to what the text is put beside."""
    more = new.replace(old, "", 1) if old in new else ""
    return LIKELY / 5 if any(letter.isalnum() for letter in more) else LIKELY


def quoted(value: str, quote: str) -> str:
    """A text as the file writes its own."""
    return f'"{repr(value)[1:-1]}"' if quote == '"' and '"' not in value and "'" not in value else repr(value)


def _quote(text: Text) -> str:
    return '"' if text.source.count('"') > text.source.count("'") else "'"


def _formatted(node: ast.JoinedStr, text: Text, known: list[tuple[str, str]]) -> Iterator[Candidate]:
    """The texts between the braces of an f-string."""
    source = text.of(node)
    for part in node.values:
        value = part.value if isinstance(part, ast.Constant) else ""
        if (
            isinstance(value, str)
            and value.strip("{}\\'\"\n") == value
            and source.count(value) == 1
            and value
        ):
            start = text.span(node)[0] + source.index(value)
            for new in _readings(value, known):
                if not set(new) & set("{}\\'\"\n"):
                    edit = Edit(start, start + len(value), new)
                    yield Candidate((edit,), "constant", node.lineno, _likely(value, new))


def _readings(value: str, known: list[tuple[str, str]]) -> list[str]:
    """What stands in the wanted texts where ``value`` stands in those that came out."""
    found: dict[str, None] = {}
    for got, wanted in known:
        parts = SequenceMatcher(None, got, wanted, autojunk=False).get_opcodes()
        if sum(part[0] != "equal" for part in parts) > PARTS:
            continue
        start = got.find(value)
        while start >= 0:
            for reading in _read(parts, start, start + len(value), wanted):
                found[reading] = None
            start = got.find(value, start + 1)
    return [one for one in found if one != value]


def _read(
    parts: Sequence[tuple[str, int, int, int, int]], start: int, end: int, wanted: str
) -> Iterator[str]:
    """The part of ``wanted`` in the place of ``start`` to ``end``, with and without what is new beside it."""
    lows = [place for at, place in _places(parts) if at == start]
    highs = [place for at, place in _places(parts) if at == end]
    for low in lows:
        for high in highs:
            if low <= high:
                yield wanted[low:high]


def _places(parts: Sequence[tuple[str, int, int, int, int]]) -> Iterator[tuple[int, int]]:
    """Places of one text and those of the other that they answer to."""
    for kind, one, two, three, four in parts:
        yield one, three
        yield two, four
        if kind == "equal":
            yield from ((one + n, three + n) for n in range(1, two - one))
