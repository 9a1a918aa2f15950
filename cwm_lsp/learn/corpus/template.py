"""The small template language in which the grammar and the idioms are written.

=================  ===========================================================================
``$int``           an expression of that type (any type of :mod:`.words`)
``$int:a``         a variable of that type, remembered as ``$a``
``$a``             what was remembered as ``a``
``$+int``          a variable of that type to assign to, fresh or known; ``$+elem`` by role
``$idx:a``         a terminal that looks at the value of ``a``: a valid index, slice, key, ...
``$elem_int:x``    an expression over the name ``$x`` (see :data:`.grammar.OVER`)
``$x``             a fresh name for a comprehension or lambda when nothing was remembered as ``x``
``${a|b|c}``       one of the alternatives
``${1..9}``        an integer of the range
=================  ===========================================================================
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random

from cwm_lsp.learn.corpus.words import NAMES

TOKEN = re.compile(r"\$(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\+?)([a-z_]+)(?::([a-z]+))?)")


@dataclass(frozen=True, slots=True)
class Hole:
    """A place to fill. ``bare`` holes stand alone between brackets or commas and need no parentheses."""

    kind: str
    name: str = ""
    fresh: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few texts."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template; ``loose`` says that it is an operator expression, to be parenthesised in others.

    ``captures`` are the variables it needs, as (type, remembered name).
    """

    text: str
    parts: tuple[str | Hole | Choice, ...]
    loose: bool
    captures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Templates with cumulative weights."""

    templates: tuple[Template, ...]
    cumulative: tuple[float, ...]

    def pick(self, rng: Random) -> Template:
        """One template, by weight."""
        return rng.choices(self.templates, cum_weights=self.cumulative)[0]


def _choice(body: str) -> Choice:
    span = re.fullmatch(r"(-?\d+)\.\.(-?\d+)", body)
    if span:
        return Choice(tuple(str(n) for n in range(int(span[1]), int(span[2]) + 1)))
    return Choice(tuple(body.split("|")))


def _is_bare(text: str, start: int, end: int) -> bool:
    before, after = text[:start].rstrip()[-1:], text[end:].lstrip()[:1]
    return before in "([,=:" and after in ")],:" if before else not after


def _is_loose(text: str) -> bool:
    sample = TOKEN.sub(lambda m: m[1].split("|")[0].split("..")[0] if m[1] is not None else "q", text)
    try:
        body = ast.parse(sample.strip(), mode="eval").body
    except SyntaxError:
        return False
    return isinstance(
        body, ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp | ast.Lambda | ast.NamedExpr
    )


@cache
def parse(text: str) -> Template:
    """The template that ``text`` spells."""
    parts: list[str | Hole | Choice] = []
    position = 0
    for match in TOKEN.finditer(text):
        if match.start() > position:
            parts.append(text[position : match.start()])
        if match[1] is not None:
            parts.append(_choice(match[1]))
        else:
            parts.append(Hole(match[3], match[4] or "", bool(match[2]), _is_bare(text, *match.span())))
        position = match.end()
    if position < len(text):
        parts.append(text[position:])
    captures = tuple(
        (p.kind, p.name) for p in parts if isinstance(p, Hole) and p.name and p.kind in NAMES and not p.fresh
    )
    return Template(text, tuple(parts), _is_loose(text), captures)


def table(text: str) -> Table:
    """A table from lines ``template`` or ``weight # template``."""
    templates, weights = [], []
    for line in text.strip("\n").splitlines():
        if not line.strip():
            continue
        weight, mark, body = line.partition(" # ")
        templates.append(parse(body if mark else line.strip()))
        weights.append(float(weight) if mark else 1.0)
    return Table(tuple(templates), tuple(accumulate(weights)))


def text_of(name: str) -> str:
    """The text of one of the files in ``tables``."""
    return files("cwm_lsp.learn.corpus").joinpath("tables", f"{name}.txt").read_text(encoding="utf-8")


def sections(name: str) -> dict[str, str]:
    """The parts of a file in ``tables``: ``[name]`` begins one, ``%`` a comment before the first."""
    parts = re.split(r"^\[([\w ]+)\]$\n", text_of(name), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
