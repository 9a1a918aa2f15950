"""Which statements can follow which: the control flow of a source text at the grain of statements.

The trace format has no line numbers and a program may hold the same line many times, so a line is
found among the successors of the one before, never by its text alone. Sets are supersets of what
any supported interpreter does: a line that can follow is always in them.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from cwm_lsp.trace.statements import first_line, parse

EXIT = 0
"""Stands among successors for leaving the frame."""

_Loop = ast.While | ast.For | ast.AsyncFor
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class _Exits:
    """Where control goes when it leaves a block other than by falling off its end."""

    returns: frozenset[int] = frozenset({EXIT})
    breaks: frozenset[int] = frozenset()
    continues: frozenset[int] = frozenset()
    raises: frozenset[int] = frozenset({EXIT})

    def used_by(self, node: ast.stmt) -> frozenset[int]:
        """The ways out that something inside ``node`` takes; an exception can always be one."""
        kinds = {type(inner) for inner in ast.walk(node)}
        ways = self.raises
        for kind, targets in (
            (ast.Return, self.returns),
            (ast.Break, self.breaks),
            (ast.Continue, self.continues),
        ):
            ways |= targets if kind in kinds else frozenset()
        return ways


@dataclass(slots=True)
class Flow:
    """The control flow of one source text. Build with :func:`flow_of`."""

    _next: dict[int, set[int]] = field(default_factory=dict)
    _handlers: dict[int, set[int]] = field(default_factory=dict)
    _entries: dict[int, frozenset[int]] = field(default_factory=dict)
    _bodies: dict[int, frozenset[int]] = field(default_factory=dict)
    _inline: dict[int, tuple[frozenset[int], frozenset[int]]] = field(default_factory=dict)
    _caught: list[tuple[str, range]] = field(default_factory=list)

    def successors(self, line: int) -> frozenset[int]:
        """First lines of the statements that can run next, ``EXIT`` among them if the frame can end."""
        return frozenset(self._next.get(line, ()))

    def inlined(self, line: int, holds: bool | None) -> frozenset[int]:
        """What follows an ``if`` with its body on its ``line`` that ``holds`` or not; empty for others."""
        body, missed = self._inline.get(line, (frozenset[int](), frozenset[int]()))
        return frozenset() if holds is None else body if holds else missed

    def body(self, line: int) -> frozenset[int]:
        """What follows the head of the class at ``line`` in the frame that its body is run in."""
        return self._bodies.get(line, frozenset())

    def handlers(self, line: int) -> frozenset[int]:
        """Where control can go once ``line`` raised: a handler, ``finally``, ``with``, or ``EXIT``."""
        return frozenset(self._handlers.get(line, {EXIT}))

    def entry(self, line: int) -> frozenset[int]:
        """First lines that can run in the scope defined at ``line``; of the module for ``EXIT``."""
        return self._entries.get(line, frozenset())

    def unbound(self, line: int, to: int) -> frozenset[str]:
        """The names that Python takes away between two lines: those of handlers that are left."""
        return frozenset(name for name, body in self._caught if line in body and to not in body)

    @property
    def scopes(self) -> frozenset[int]:
        """Lines at which functions and classes are defined."""
        return frozenset(self._entries) - {EXIT}


@lru_cache(maxsize=256)
def flow_of(source: str) -> Flow:
    """The control flow of ``source``; empty where it does not parse."""
    flow = Flow()
    tree = parse(source)
    if tree is not None:
        builder = _Builder(flow)
        flow._entries[EXIT] = builder.block(tree.body, frozenset({EXIT}), _Exits())
    return flow


class _Builder:
    """Walks blocks backwards, so that what follows a statement is known when it is reached."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def block(self, body: Sequence[ast.stmt], after: frozenset[int], exits: _Exits) -> frozenset[int]:
        """Add ``body``, followed by ``after``; the lines at which it begins."""
        for index in range(len(body) - 1, -1, -1):
            docstring = index == 0 and _is_constant(body[index])
            if index + 1 < len(body) and first_line(body[index + 1]) == first_line(body[index]):
                after = self.successors(after)  # it runs without a line of its own
            begin = self.statement(body[index], after, exits)
            if isinstance(body[index], ast.Global | ast.Nonlocal):
                continue  # nothing of it is run
            after = begin | after if docstring or may_be_silent(body[index]) else begin
        return after

    def successors(self, lines: frozenset[int]) -> frozenset[int]:
        """What has been found to follow one of ``lines``."""
        return frozenset[int]().union(*(self.flow.successors(line) for line in lines))

    def link(self, line: int, to: frozenset[int], exits: _Exits) -> frozenset[int]:
        """Let ``line`` be followed by ``to``."""
        self.flow._next.setdefault(line, set()).update(to)
        self.flow._handlers.setdefault(line, set()).update(exits.raises)
        return frozenset({line})

    def statement(self, node: ast.stmt, after: frozenset[int], exits: _Exits) -> frozenset[int]:
        """Add one statement; the lines at which it begins."""
        line = first_line(node)
        match node:
            case ast.Return():
                return self.link(line, exits.returns, exits)
            case ast.Raise():
                # Raising again what is being handled is reported as no exception of its own.
                return self.link(line, frozenset() if node.exc else exits.raises, exits)
            case ast.Break():
                return self.link(line, exits.breaks, exits)
            case ast.Continue():
                return self.link(line, exits.continues, exits)
            case ast.If():
                if is_inline(node):
                    return self.inline(node, line, after, exits)
                to = self.block(node.body, after, exits) | self.block(node.orelse, after, exits)
                return self.link(line, to, exits)
            case ast.While() | ast.For() | ast.AsyncFor():
                return self.loop(node, line, after, exits)
            case ast.With() | ast.AsyncWith():
                return self.with_block(node, line, after, exits)
            case ast.Try() | ast.TryStar():
                return self.try_block(node, line, after, exits)
            case ast.Match():
                return self.match_block(node, line, after, exits)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                after = after | self.definition(node, line)
        return self.link(line, after, exits)

    def definition(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, line: int
    ) -> frozenset[int]:
        """Add the body of a definition; what follows its line in the frame of that, if it begins there."""
        begin = self.block(node.body, frozenset({EXIT}), _Exits())
        if isinstance(node, ast.ClassDef):
            if len(node.body) == 1:
                begin -= {EXIT}  # of a docstring, too: a class stores it
            self.flow._entries[line] = frozenset({line})
            self.flow._bodies[line] = begin
            return begin
        beside = line < node.lineno == first_line(node.body[0])
        if beside:
            self.link(node.lineno, frozenset({line}), _Exits())  # between its decorators and their calls
        ends = EXIT in begin  # one of nothing but a docstring ends at its own line
        self.flow._entries[line] = begin | {line} if ends else begin
        return begin if ends or beside else frozenset()

    def inline(self, node: ast.If, line: int, after: frozenset[int], exits: _Exits) -> frozenset[int]:
        """An ``if`` with its body on its line, which runs without a line of its own."""
        before = self.flow._next.pop(line, set())
        self.block(node.body, after, exits)
        self.flow._inline[line] = frozenset(self.flow._next.get(line, ())), after
        return self.link(line, after | before, exits)

    def loop(self, node: _Loop, line: int, after: frozenset[int], exits: _Exits) -> frozenset[int]:
        """A loop: an endless ``while`` may go from the end of its body to its beginning without its head."""
        head = frozenset({line})
        begin = frozenset({first_line(node.body[0])})
        endless = isinstance(node, ast.While) and isinstance(node.test, ast.Constant)
        back = head | begin if endless else head
        inner = replace(exits, breaks=after, continues=back)
        begin = self.block(node.body, back, inner)
        otherwise = self.block(node.orelse, after, exits)
        if isinstance(node, ast.AsyncFor):  # its end is an exception that the frame sees
            self.flow._handlers.setdefault(line, set()).update(otherwise)
        return self.link(line, begin | otherwise, exits)

    def with_block(
        self, node: ast.With | ast.AsyncWith, line: int, after: frozenset[int], exits: _Exits
    ) -> frozenset[int]:
        """Every way out of a ``with`` goes by its head once more, which closes the context."""
        head = frozenset({line})
        inner = _Exits(head, head, head, head)
        begin = self.block(node.body, head, inner)
        return self.link(line, begin | after | exits.used_by(node), exits)

    def try_block(
        self, node: ast.Try | ast.TryStar, line: int, after: frozenset[int], exits: _Exits
    ) -> frozenset[int]:
        """``try`` with handlers, ``else`` and ``finally``; the latter is on every way out."""
        outer, end = exits, after
        if node.finalbody:
            end = self.block(node.finalbody, after | exits.used_by(node), exits)
            outer = _Exits(end, end, end, end)
        missed = outer.raises
        for handler in reversed(node.handlers):
            # Each ``except*`` takes its part of a group and hands the rest to the next one.
            body = self.block(handler.body, end | missed if isinstance(node, ast.TryStar) else end, outer)
            first, last = first_line(handler.body[0]), handler.end_lineno or handler.lineno
            if handler.name is not None and first > handler.lineno:
                self.flow._caught.append((handler.name, range(first, last + 1)))
            missed = self.link(handler.lineno, body | missed, outer)
        otherwise = self.block(node.orelse, end, outer)
        body = self.block(node.body, otherwise, replace(outer, raises=missed))
        return self.link(line, body, outer) | (body if isinstance(node, ast.TryStar) else frozenset())

    def match_block(self, node: ast.Match, line: int, after: frozenset[int], exits: _Exits) -> frozenset[int]:
        """``match``: cases are tried in order."""
        missed = after
        for case in reversed(node.cases):
            body = self.block(case.body, after, exits)
            missed = self.link(first_line(case), body | missed, exits)
        return self.link(line, missed, exits)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def may_be_silent(node: ast.stmt) -> bool:
    """Whether some interpreter runs the statement without reporting a line."""
    return (
        _is_constant(node)
        or isinstance(node, ast.Global | ast.Nonlocal)
        or (isinstance(node, ast.AnnAssign) and node.value is None)
        or (isinstance(node, ast.While | ast.If) and isinstance(node.test, ast.Constant))
    )


def is_inline(statement: ast.AST) -> bool:
    """Whether a branch has its body, and all of it, on its own line."""
    return (
        isinstance(statement, ast.If)
        and statement.body[0].lineno == statement.lineno
        and not statement.orelse
    )
