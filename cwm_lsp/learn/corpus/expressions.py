"""Fills templates with variables, literals and sub-expressions that fit the types and the present values."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from cwm_lsp.learn.corpus import values
from cwm_lsp.learn.corpus.grammar import EXPRESSIONS, OVER
from cwm_lsp.learn.corpus.scope import Scope
from cwm_lsp.learn.corpus.template import Choice, Hole, Table, Template, parse
from cwm_lsp.learn.corpus.words import NAMES, ROLES, WORDS

FRESH = {
    "x": "elem",
    "y": "elem",
    "p": "elem",
    "c": "chr",
    "d": "chr",
    "w": "word",
    "k": "key",
    "v": "val",
    "i": "index",
    "j": "index",
    "r": "row",
    "row": "row",
}
"""The role of the name that stands for ``$x``, ``$c``, ... in a comprehension or lambda."""

_SEPARATORS = ("''", "''", "' '", "' '", "','", "', '", "'-'", "'_'", "'|'", "'\\n'", "'.'", "':'")
_REPLACEMENTS = ("''", "''", "'-'", "'_'", "'*'", "'x'", "' '", "'oo'", "'#'", "'a'", "'XY'")
_FILLS = ("'*'", "'-'", "'0'", "' '", "'.'", "'#'", "'='")


_WORD = re.compile(r"[A-Za-z_]\w*")


class NoFit(Exception):
    """The template needs a variable that the scope does not have."""


class Writer:
    """Writes expressions over a scope.

    With ``grows`` set, a variable that is missing becomes a parameter instead of a :class:`NoFit`.
    ``extra`` holds templates that this program adds to the grammar, as calls of its helpers.
    """

    def __init__(self, rng: Random, scope: Scope, *, grows: bool = False) -> None:
        self.rng = rng
        self.scope = scope
        self.grows = grows
        self.parameters: list[tuple[str, str]] = []
        self.extra: dict[str, list[Template]] = {}
        self.bound: list[tuple[str, str]] = []

    def expression(self, kind: str, depth: int = 0) -> str:
        """An expression of type ``kind``."""
        return self._expression(kind, depth)[0]

    def _expression(self, kind: str, depth: int) -> tuple[str, bool]:
        rng = self.rng
        if depth >= 2 or (depth and rng.random() < 0.3 + 0.25 * depth) or kind not in EXPRESSIONS:
            return self.atom(kind), False
        for _ in range(5):
            own = self.extra.get(kind)
            template = rng.choice(own) if own and rng.random() < 0.25 else EXPRESSIONS[kind].pick(rng)
            try:
                return self.fill(template, depth + 1), template.loose
            except NoFit:
                continue
        return self.atom(kind), False

    def atom(self, kind: str) -> str:
        """A variable or a literal."""
        known = self.scope.of(kind)
        if known and self.rng.random() < 0.85:
            return self.rng.choice(known[-5:])
        if kind == "bool" and self.scope.of("int") and self.rng.random() < 0.95:
            return f"({self.atom('int')} {self.rng.choice(('>', '<', '==', '!='))} {self.literal('int')})"
        return self.literal(kind)

    def mentions(self, text: str) -> bool:
        """Whether an expression reads any variable."""
        return any(word in self.scope.kinds for word in _WORD.findall(text))

    def literal(self, kind: str) -> str:
        """A literal of a type."""
        rng = self.rng
        if kind == "int" and rng.random() < 0.6:
            return rng.choice(("0", "1", "1", "2", "2", "3", "4", "5", "10"))
        if kind == "str" and rng.random() < 0.75:
            return repr(rng.choice(WORDS) if rng.random() < 0.6 else rng.choice("abcxyz-_., !"))
        return repr(values.draw(rng, kind))

    def parameter(self, kind: str, spec: str | None = None) -> str:
        """Adds a parameter with a value of its own."""
        name = self.fresh_name(NAMES[kind])
        value = values.draw(self.rng, spec or kind)
        self.parameters.append((name, repr(value)))
        self.scope.bind(name, kind, value)
        return name

    def fresh_name(self, pool: tuple[str, ...]) -> str:
        """A name of ``pool`` that is not taken."""
        for _ in range(4):
            name = self.rng.choice(pool)
            if name not in self.scope.env:
                return name
        return next((n for n in pool if n not in self.scope.env), f"{pool[0]}{len(self.scope.env)}")

    def variable(self, kind: str, taken: tuple[str, ...] = (), mutable: bool = False) -> str:
        """A variable of a type. Raises :class:`NoFit` when there is none."""
        known = [n for n in self.scope.of(kind) if n not in taken]
        if mutable:
            known = [n for n in known if n not in self.scope.readonly]
        if not known or (self.grows and self.rng.random() < 0.15 and len(self.parameters) < 4):
            if self.grows and len(self.parameters) < 5 and kind in values.TYPES:
                return self.parameter(kind, f"{kind}+" if kind not in ("int", "bool", "float") else None)
            if not known:
                raise NoFit(kind)
        return self.rng.choice(known[-4:])

    def target(self, kind: str) -> tuple[str, str]:
        """A variable to assign to, and its type: a known one or a fresh one, of a type or a role."""
        kind, pool = ROLES.get(kind) or (kind, NAMES[kind])
        known = [n for n in self.scope.of(kind) if n not in self.scope.readonly]
        if known and self.rng.random() < 0.35:
            return self.rng.choice(known), kind
        return self.fresh_name(pool), kind

    def fill_text(self, text: str, captures: dict[str, str]) -> str:
        """The text of a template given as text. Raises :class:`NoFit`."""
        return self.fill(parse(text), captures=captures)

    def fill(
        self,
        template: Template,
        depth: int = 1,
        mutable: bool = False,
        captures: dict[str, str] | None = None,
    ) -> str:
        """The text of a template, ``captures`` being remembered already. Raises :class:`NoFit`.

        Targets are collected in :attr:`bound` as (name, type), in order.
        """
        captures = {} if captures is None else captures
        self._capture(template, captures, mutable)
        return "".join(
            [
                part if isinstance(part, str) else self._part(part, captures, depth, mutable)
                for part in template.parts
            ]
        )

    def standalone(self, part: Hole | Choice) -> str:
        """The text of a part outside any template; the name of a hole stands for itself."""
        for _ in range(8):
            try:
                return self._part(part, {part.name: part.name} if isinstance(part, Hole) else {}, 2, False)
            except NoFit:
                continue
        raise NoFit(part)

    def _capture(self, template: Template, captures: dict[str, str], mutable: bool = False) -> None:
        for kind, name in template.captures:
            if name not in captures:
                captures[name] = self.variable(kind, tuple(captures.values()), mutable and name == "a")

    def _part(self, part: Hole | Choice, captures: dict[str, str], depth: int, mutable: bool) -> str:
        if isinstance(part, Choice):
            return self.rng.choice(part.options)
        kind, name = part.kind, part.name
        if kind in captures:
            return captures[kind]
        if part.fresh:
            target, of = self.target(kind)
            self.bound.append((target, of))
            if name:
                captures[name] = target
            return target
        if kind in OVER:
            return self._over(OVER[kind], captures, name, part.bare)
        if kind in FRESH:
            captures[kind] = self._comprehension_name(kind, captures)
            return captures[kind]
        special: Callable[[Writer, str], str] | None = _TERMINALS.get(kind)
        if special is not None:
            return special(self, captures.get(name, ""))
        if name in captures:
            return captures[name]
        text, loose = self._expression(kind, depth)
        return f"({text})" if loose and not part.bare else text

    def _over(self, over: Table, captures: dict[str, str], name: str, bare: bool) -> str:
        template = over.pick(self.rng)
        if name in FRESH and name not in captures:
            captures[name] = self._comprehension_name(name, captures)
        inner = dict(captures)
        self._capture(template, inner)
        text = "".join(
            [part if isinstance(part, str) else self._part(part, inner, 2, False) for part in template.parts]
        ).replace("@", captures.get(name, name))
        return text

    def _comprehension_name(self, letter: str, captures: dict[str, str]) -> str:
        taken = captures.values()
        pool = ROLES[FRESH[letter]][1]
        for _ in range(3):
            name = self.rng.choice(pool)
            if name not in taken and name not in self.scope.env:
                return name
        return (
            letter if letter not in taken and letter not in self.scope.kinds else f"{letter}{len(captures)}"
        )

    def now(self, name: str) -> Any:
        """The present value of a variable, ``None`` when it has none."""
        return self.scope.env.get(name)


def _substring(writer: Writer, name: str) -> str:
    rng, value = writer.rng, writer.now(name)
    r = rng.random()
    if r < 0.12:
        others = [n for n in writer.scope.of("str") if n != name]
        if others:
            return rng.choice(others)
    if isinstance(value, str) and value and r < 0.85:
        start = rng.randrange(len(value))
        return repr(value[start : start + rng.choice((1, 1, 1, 2, 2, 3))])
    return repr(rng.choice("aeioustrlnxz ,.-"))


def _delimiter(writer: Writer, name: str) -> str:
    value, rng = writer.now(name), writer.rng
    if isinstance(value, str):
        marks = [c for c in value if not c.isalnum()]
        if marks and rng.random() < 0.85:
            return repr(rng.choice(marks))
        if value and rng.random() < 0.5:
            return repr(rng.choice(value))
    return rng.choice(("','", "' '", "'-'", "':'", "'a'"))


def _index(writer: Writer, name: str) -> str:
    rng, value = writer.rng, writer.now(name)
    size = len(value) if hasattr(value, "__len__") else 2
    r = rng.random()
    if r < 0.25:
        return "0"
    if r < 0.45:
        return "-1"
    if r < 0.6:
        fitting = [n for n in writer.scope.of("int") if -size <= writer.scope.env.get(n, 99) < size]
        if fitting:
            return rng.choice(fitting)
    if r < 0.67:
        return f"len({name}) // 2" if r < 0.64 else f"len({name}) - 1"
    return str(rng.randint(-size, size - 1)) if size else "0"


def _slice(writer: Writer, name: str) -> str:
    rng, value = writer.rng, writer.now(name)
    size = len(value) if hasattr(value, "__len__") else 3
    ints = writer.scope.of("int")

    def bound() -> str:
        if ints and rng.random() < 0.3:
            return rng.choice(ints)
        return str(rng.randint(-size, size) if rng.random() < 0.5 else rng.choice((1, 1, 2, 3, -1, -1, -2)))

    r = rng.random()
    if r < 0.22:
        return f"[{bound()}:]"
    if r < 0.44:
        return f"[:{bound()}]"
    if r < 0.64:
        return f"[{bound()}:{bound()}]"
    if r < 0.74:
        return "[::-1]"
    if r < 0.84:
        return rng.choice(("[::2]", "[1::2]", "[::3]", "[::-2]"))
    if r < 0.92:
        return rng.choice(("[1:-1]", "[1:]", "[:-1]"))
    return rng.choice(
        (
            f"[{bound()}:{bound()}:{rng.choice((2, -1, 3, -2))}]",
            f"[{bound()}::-1]",
            "[:]",
            f"[:len({name}) // 2]",
            f"[len({name}) // 2:]",
        )
    )


def _key(writer: Writer, name: str) -> str:
    rng, value = writer.rng, writer.now(name)
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        holders = [n for n in writer.scope.of("str") if writer.scope.env.get(n) == key]
        return rng.choice(holders) if holders and rng.random() < 0.7 else repr(key)
    strings = writer.scope.of("str")
    return rng.choice(strings) if strings and rng.random() < 0.5 else repr(values.key(rng))


def _item(writer: Writer, name: str) -> str:
    rng, value = writer.rng, writer.now(name)
    if isinstance(value, list | tuple | set) and value and rng.random() < 0.75:
        item = rng.choice(list(value))
        kind = "int" if isinstance(item, int) else "str"
        holders = [n for n in writer.scope.of(kind) if writer.scope.env.get(n) == item]
        return rng.choice(holders) if holders and rng.random() < 0.7 else repr(item)
    return writer.atom("str" if value and isinstance(next(iter(value)), str) else "int")


def _characters(writer: Writer, name: str) -> str:
    rng, value = writer.rng, writer.now(name)
    if isinstance(value, str) and value and rng.random() < 0.8:
        ends = value[0] + value[-1] if rng.random() < 0.6 else rng.choice(value)
        return repr(ends)
    return rng.choice(("' '", "'.,!?'", "'aeiou'", "'-'", "'xyz'", "'0'"))


def _smallint(writer: Writer, name: str) -> str:
    small = [n for n in writer.scope.of("int") if 0 < writer.scope.env.get(n, 0) < 9]
    if small and writer.rng.random() < 0.6:
        return writer.rng.choice(small)
    return str(writer.rng.randint(1, 6))


def _digits(writer: Writer, name: str) -> str:
    known = [n for n in writer.scope.of("str") if str(writer.scope.env.get(n, "")).isdigit()]
    if known:
        return writer.rng.choice(known)
    numbers = writer.scope.of("int")
    if numbers and writer.rng.random() < 0.5:
        return f"str(abs({writer.rng.choice(numbers)}))"
    return repr("".join(writer.rng.choices("01234567", k=writer.rng.randint(1, 4))))


def _one_of(options: tuple[str, ...]) -> Callable[[Writer, str], str]:
    return lambda writer, name: writer.rng.choice(options)


_TERMINALS: dict[str, Callable[[Writer, str], str]] = {
    "sub": _substring,
    "delim": _delimiter,
    "idx": _index,
    "slice": _slice,
    "key": _key,
    "item": _item,
    "chars": _characters,
    "smallint": _smallint,
    "digits": _digits,
    "sep": _one_of(_SEPARATORS),
    "repl": _one_of(_REPLACEMENTS),
    "fill": _one_of(_FILLS),
    "last": _one_of(("0", "-1", "-1")),
    "chrlit": lambda writer, name: repr(writer.rng.choice("aeioustrlnbcd -.1")),
    "strlit": lambda writer, name: writer.literal("str"),
}
