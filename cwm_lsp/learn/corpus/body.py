"""Writes the body of a function statement by statement, running it as it goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from cwm_lsp.learn.corpus.expressions import Writer
from cwm_lsp.learn.corpus.loops import write_for, write_while
from cwm_lsp.learn.corpus.scope import Ended, Rejected, is_small
from cwm_lsp.learn.corpus.statements import BLOCKS, GUARDS, LAMBDA, RAISES, SIMPLE_TABLES, SIMPLE_WEIGHTS
from cwm_lsp.learn.corpus.template import Template, parse

CRASH_SHARE = 0.3
"""How many of the statements that fail are kept, ending the function with their exception."""

CONSTANT_REJECTED = 0.8
"""How many of the statements that read no variable are dropped."""

_CRASHES = (ValueError, KeyError, IndexError, ZeroDivisionError, TypeError, AttributeError)

_SELF = re.compile(r"\b(\w+) (?:==|!=|<|>|<=|>=|=|-|//|%) \1(?![\w\[.(])")

_ASSIGNED = tuple(
    kind
    for kinds, count in (
        ("int str", 10),
        ("li", 7),
        ("ls", 6),
        ("di bool", 3),
        ("lp ll ti ds dl float si tp dn lf", 1),
    )
    for kind in kinds.split() * count
)
_RETURNED = (
    ("int",) * 5
    + ("str",) * 7
    + ("li",) * 5
    + ("ls",) * 4
    + ("di",) * 2
    + ("bool",) * 3
    + ("lp", "ti", "float")
)


def is_dull(value: object) -> bool:
    """Whether a value is empty, zero, false or none."""
    return not value


class Body:
    """The lines of one function. ``budget`` is how many statements it may still have."""

    def __init__(self, rng: Random, writer: Writer, budget: int) -> None:
        self.rng = rng
        self.writer = writer
        self.scope = writer.scope
        self.scope.env["__Ended"] = Ended
        self.budget = budget
        self.lines: list[str] = []
        self.loops = 0
        self.can_continue = True
        self.touched: list[str] = []

    def emit(self, indent: int, text: str) -> None:
        """Appends lines."""
        pad = "    " * indent
        self.lines.extend(pad + line for line in text.split("\n"))

    # simple statements

    def simple(self, indent: int, template: Template) -> None:
        """Writes and runs one statement. Raises :class:`Rejected`, changing nothing, when it fails."""
        writer, scope = self.writer, self.scope
        writer.bound = []
        text = writer.fill(template, mutable=True)
        targets = writer.bound
        before = [(name, scope.env.get(name, _MISSING)) for name, _ in targets]
        if any(name in scope.readonly for name, _ in targets) or _SELF.search(text):
            raise Rejected(text)
        if not writer.mentions(text.partition(" = ")[2] or text) and self.rng.random() < CONSTANT_REJECTED:
            raise Rejected(text)
        try:
            scope.run(text)
            for name, _ in targets:
                if not is_small(scope.env[name]):
                    raise Rejected(text)
                if is_dull(scope.env[name]) and self.rng.random() < 0.5:
                    raise Rejected(text)
        except Exception as error:
            self._restore(before)
            if isinstance(error, _CRASHES) and indent == 1 and self.rng.random() < CRASH_SHARE:
                self.emit(indent, text)
                self.budget = 0
                return
            raise Rejected(text) from error
        for name, kind in targets:
            scope.bind(name, kind, scope.env[name])
            self.touched.append(name)
        self.emit(indent, text)

    def _restore(self, before: list[tuple[str, Any]]) -> None:
        for name, value in before:
            if value is _MISSING:
                self.scope.env.pop(name, None)
            else:
                self.scope.env[name] = value

    def assign(self, indent: int) -> None:
        """``name = expression``."""
        kind = self.rng.choice(_ASSIGNED)
        self.simple(indent, _ASSIGNMENTS[kind])

    def change(self, indent: int) -> None:
        """A mutation, an item assignment, an augmented assignment or an unpacking."""
        options = self.rng.choices(SIMPLE_TABLES, SIMPLE_WEIGHTS)[0]
        self.simple(indent, options.pick(self.rng))

    def block_template(self, indent: int) -> None:
        """A statement of several lines, as a whole ``try``."""
        self.simple(indent, self.rng.choice(BLOCKS))

    def lambda_(self, indent: int) -> None:
        """A one-line function kept in a variable."""
        writer = self.writer
        writer.bound = []
        text = writer.fill(LAMBDA.pick(self.rng))
        name, kind = writer.bound[0]
        self.scope.run(text)
        self.scope.bind(name, kind, self.scope.env[name])
        self.emit(indent, text)

    # compound statements

    def condition(self) -> tuple[str, bool]:
        """A condition and whether it holds now. Raises :class:`Rejected`."""
        text = self.writer.expression("bool")
        if not self.writer.mentions(text) or _SELF.search(text):
            raise Rejected(text)
        try:
            return text, bool(self.scope.value(text))
        except Exception as error:
            raise Rejected(text) from error

    def branch(self, indent: int, taken: bool, size: int) -> None:
        """The suite under a header."""
        with self.scope.aside(keep=taken):
            self.suite(indent, size)

    def suite(self, indent: int, size: int) -> None:
        """``size`` statements, or at least one."""
        start = len(self.lines)
        for _ in range(size):
            self.statement(indent)
        for _ in range(6):
            if len(self.lines) > start:
                return
            self.try_one(self.change if self.rng.random() < 0.6 else self.assign, indent)
        if len(self.lines) == start:
            raise Rejected("empty suite")

    def if_(self, indent: int) -> None:
        """``if`` with optional ``elif`` and ``else``, and early exits."""
        rng = self.rng
        text, holds = self.condition()
        self.emit(indent, f"if {text}:")
        r = rng.random()
        if self.loops and r < 0.16 and (not holds or rng.random() < 0.3):
            self.emit(indent + 1, "break" if rng.random() < 0.5 or not self.can_continue else "continue")
            return
        if r > 0.93 and not holds:
            self.emit(indent + 1, f"return {self.writer.expression(rng.choice(_RETURNED), 1)}")
            return
        if r > 0.90 and not holds:
            self.emit(indent + 1, self.writer.fill(RAISES.pick(rng)))
            return
        self.branch(indent + 1, holds, rng.choice((1, 1, 2)))
        r = rng.random()
        if r < 0.22:
            other, holds_too = self.condition()
            self.emit(indent, f"elif {other}:")
            self.branch(indent + 1, holds_too and not holds, 1)
            holds = holds or holds_too
        if r < 0.5:
            self.emit(indent, "else:")
            self.branch(indent + 1, not holds, rng.choice((1, 1, 2)))

    def for_(self, indent: int) -> None:
        """A ``for`` loop."""
        write_for(self, indent)

    def while_(self, indent: int) -> None:
        """A ``while`` loop."""
        write_while(self, indent)

    # choosing

    def statement(self, indent: int) -> None:
        """One statement of any kind, if the budget and eight attempts allow."""
        if self.budget <= 0:
            return
        for _ in range(8):
            kind = self._kind(self.rng.random())
            if kind in (self.if_, self.for_, self.while_) and (indent >= 4 or self.budget < 2):
                continue
            if kind in (self.for_, self.while_) and self.loops >= 2:
                continue
            self.budget -= 1
            if self.try_one(kind, indent):
                return
            self.budget += 1

    def _kind(self, r: float) -> Callable[[int], None]:
        for below, kind in (
            (0.33, self.assign),
            (0.62, self.change),
            (0.77, self.if_),
            (0.90, self.for_),
            (0.935, self.while_),
            (0.985, self.block_template),
        ):
            if r < below:
                return kind
        return self.lambda_

    def try_one(self, write: Callable[[int], None], indent: int) -> bool:
        """Writes one statement; takes back everything and returns false when it is rejected."""
        scope = self.scope
        start, budget, readonly = len(self.lines), self.budget, scope.readonly
        kinds = dict(scope.kinds)
        light = write in (self.assign,)
        saved = {} if light else scope.snapshot()
        try:
            write(indent)
            if light or scope.fits():
                return True
        except Exception:  # random code may fail in any way; whatever it was, it is taken back
            pass
        except Ended:
            return True
        del self.lines[start:]
        scope.kinds, scope.readonly, self.budget = kinds, readonly, budget
        scope.env.update(saved)
        return False

    def guard(self) -> None:
        """An early exit that is not taken now."""
        text = self.writer.fill(GUARDS.pick(self.rng)).replace("¶", "\n    ")
        test = text.partition("\n")[0][3:-1]
        if not self.scope.value(test):
            self.emit(1, text)

    def result(self) -> str:
        """The expression to return: mostly a variable that was worked on."""
        rng, scope = self.rng, self.scope
        r = rng.random()
        changed = [n for n in self.touched if n in scope.kinds]
        for _ in range(6):
            if r < 0.55 and changed:
                text = rng.choice(changed[-3:])
            elif r < 0.65 and changed:
                text = f"{changed[-1]}, {rng.choice(list(scope.kinds))}"
            elif r < 0.70 and changed:
                text = f"[{changed[-1]}, {rng.choice(list(scope.kinds))}]"
            else:
                text = self.writer.expression(rng.choice(_RETURNED))
            try:
                value = scope.value(text)
            except Exception:
                value = None
            if not self.writer.mentions(text) and rng.random() < CONSTANT_REJECTED:
                continue
            if is_small(value) and not callable(value) and (not is_dull(value) or rng.random() < 0.3):
                return text
            r = rng.random()
        return rng.choice(list(scope.kinds)) if scope.kinds else "None"


_MISSING = object()


_ASSIGNMENTS = {kind: parse(f"$+{kind} = ${kind}") for kind in dict.fromkeys(_ASSIGNED)}
