"""Regular expressions as people get them wrong: repeats, greed, anchors, classes, flags."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

MATCHING = ("match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split", "compile")
"""Functions of :mod:`re` whose first argument is a pattern."""

_ONE_FOR_ANOTHER = ("match", "search", "fullmatch")
_FLAGS = ("IGNORECASE", "MULTILINE", "DOTALL", "VERBOSE")
_SHORT = {"I": "IGNORECASE", "M": "MULTILINE", "S": "DOTALL", "X": "VERBOSE"}
_LONGEST = 120  # characters of a pattern that is varied

_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[:=!]|\(\?P<\w+>|\(|\)|[^\\\[()]", re.DOTALL)
_REPEATS = ("+", "*", "?")
_CLASSES = {"d": "w", "w": "S", "s": "S", "S": "w", "D": "W", "W": "s"}


def called(node: ast.AST) -> str:
    """The function of :mod:`re` that a call is of, "" for any other node."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name("re"), attr=name), args=[_, *_]) if name in MATCHING:
            return name
    return ""


def patterns(node: ast.AST, text: Text) -> Iterator[Variant]:
    """Other texts for a call of :mod:`re`."""
    name = called(node)
    if not name or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    source, base = text.of(node), text.span(node)[0]
    dot = text.span(node.func)[1] - base
    for other in _ONE_FOR_ANOTHER if name in _ONE_FOR_ANOTHER else ():
        if other != name:
            yield f"{source[: dot - len(name)]}{other}{source[dot:]}", "pattern", 0.3
    yield from _flagged(node, source, base, text)
    first = node.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and len(first.value) <= _LONGEST:
        start, end = (place - base for place in text.span(first))
        literal = re.fullmatch(r"(?s)([rR]?)(\"\"\"|'''|\"|')(.*)\2", source[start:end])
        if literal is not None and (literal[1] or "\\" not in literal[3]):
            for pattern, prior in varied(literal[3]):
                raw = literal[1] or ("r" if "\\" in pattern else "")
                new = f"{raw}{literal[2]}{pattern}{literal[2]}"
                yield f"{source[:start]}{new}{source[end:]}", "pattern", prior


def _flagged(node: ast.Call, source: str, base: int, text: Text) -> Iterator[Variant]:
    """One flag more, one less."""
    inside = (n for one in (*node.args[1:], *node.keywords) for n in ast.walk(one))
    named = {_SHORT.get(n.attr, n.attr) for n in inside if isinstance(n, ast.Attribute)}
    given = [one.value for one in node.keywords if one.arg == "flags"]
    given += [one for one in node.args[1:] if any(_is_flag(n) for n in ast.walk(one))]
    for flag in _FLAGS:
        if flag in named:
            continue
        if given:
            end = text.span(given[0])[1] - base
            yield f"{source[:end]} | re.{flag}{source[end:]}", "pattern", 0.2
        else:
            yield f"{source[:-1].rstrip().rstrip(',')}, flags=re.{flag})", "pattern", 0.12
    for one in given:
        if isinstance(one, ast.BinOp):
            start, end = (place - base for place in text.span(one))
            for side in (one.left, one.right):
                yield f"{source[:start]}{text.of(side)}{source[end:]}", "pattern", 0.15


def _is_flag(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and (node.attr in _FLAGS or node.attr in _SHORT)


def varied(pattern: str) -> Iterator[tuple[str, float]]:
    """Patterns one step away, those that compile: repeats, greed, anchors, classes, dots, groups, cases."""
    made: dict[str, float] = {}
    for new, prior in _steps(pattern):
        if new != pattern and made.get(new, 0.0) < prior and _compiles(new):
            made[new] = prior
    yield from made.items()


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _steps(pattern: str) -> Iterator[tuple[str, float]]:
    parts = _PART.findall(pattern)
    if "".join(parts) != pattern:
        return
    yield from _anchored(pattern)
    for at, part in enumerate(parts):
        before, after = "".join(parts[:at]), "".join(parts[at + 1 :])
        if part in _REPEATS:
            for other in ("+", "*", "?", ""):
                yield f"{before}{other}{after}", 0.3
            yield f"{before}{part}?{after}", 0.25  # as few as can be
        elif part == ".":
            yield f"{before}\\.{after}", 0.3
        elif part.startswith("["):
            yield f"{before}{'[' + part[2:] if part[1] == '^' else '[^' + part[1:]}{after}", 0.15
            for more in ("_", "-", "A-Z", "a-z", "0-9", ".", r"\s"):
                if more not in part:
                    yield f"{before}{part[:-1]}{more}]{after}", 0.12
        elif part[0] == "\\" and part[1] in _CLASSES:
            yield f"{before}\\{_CLASSES[part[1]]}{after}", 0.15
        repeated = after[:1] in ("+", "*", "?", "{")
        if not repeated and (part == ")" or part[0] in "[\\." or part.isalnum() or part == " "):
            for more in _REPEATS:
                likely = 0.3 if part[0] in "[\\." else 0.12
                yield f"{before}{part}{more}{after}", likely if more != "?" else likely * 0.6


def _anchored(pattern: str) -> Iterator[tuple[str, float]]:
    """With and without the anchors at its ends, and as whole words."""
    yield (pattern[1:] if pattern.startswith("^") else f"^{pattern}"), 0.25
    yield (pattern[:-1] if pattern.endswith("$") else f"{pattern}$"), 0.25
    yield (rf"\b{pattern}\b" if not pattern.startswith(r"\b") else pattern), 0.2
    yield rf"\b{pattern}", 0.12
