"""Which call of the user's functions a line makes next, and what it is handed.

Short-circuits, conditional expressions and comprehensions decide which of the calls that are written are
made, and with what. Where the line is of what can be carried out, it is, up to that call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cwm_lsp.codec.actor import Actor
from cwm_lsp.codec.calls import Site, Target
from cwm_lsp.codec.deeds import names_of, shared_by
from cwm_lsp.codec.evaluator import UNKNOWN, Awaiting
from cwm_lsp.codec.expressions import ERRORS
from cwm_lsp.codec.pure_calls import Undecided
from cwm_lsp.codec.sharing import Place
from cwm_lsp.codec.source import LogicalLine
from cwm_lsp.codec.working import state_of, text_of


@dataclass(frozen=True, slots=True)
class Next:
    """The call that ``node`` makes, ``None`` for none any more, and what it is ``given`` or by name."""

    node: ast.expr | None = None
    given: Sequence[str | None] = ()
    named: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A call that comes next, the functions that it may enter, and what is known of what it is handed."""

    site: Site
    targets: tuple[Target, ...]
    handed: Next | None = None

    @property
    def values(self) -> Iterator[tuple[str, ast.expr | None, str | None]]:
        """The parameters of the one function it may enter, with the arguments, and their values if known."""
        if len(self.targets) != 1:
            return
        node, target = self.site.node, self.targets[0]
        if self.handed is not None and not isinstance(node, ast.Call | ast.Attribute):
            yield from (
                (name, None, text) for name, text in zip(target.parameters, self.handed.given, strict=False)
            )
            return
        known: dict[int, str | None] = {}
        if self.handed is not None and isinstance(node, ast.Call):
            known = {id(one): text for one, text in zip(node.args, self.handed.given, strict=False)}
            known |= {id(one.value): self.handed.named.get(one.arg or "") for one in node.keywords}
        yield from ((name, one, known.get(id(one))) for name, one in self.site.values(target))


def next_call(
    logical: LogicalLine, texts: Mapping[str, str], given: Sequence[str], shares: Mapping[str, Place]
) -> Next | None:
    """The next call of a line, of which those before gave back ``given``; ``None`` where it is not known."""
    if logical.carried:
        parts: tuple[ast.AST, ...] = logical.carried
    else:
        match logical.head:
            case ast.For(iter=through):
                parts = (through,)
            case ast.With(items=[ast.withitem(context_expr=context)]):
                parts = (context,)
            case _:
                return None
    names, kept = shared_by(names_of(parts), shares)
    return _next_call(parts, state_of(sorted(names), texts), tuple(given), kept)


@lru_cache(maxsize=4096)
def _next_call(
    parts: tuple[ast.AST, ...],
    state: tuple[tuple[str, str], ...],
    given: tuple[str, ...],
    shares: tuple[tuple[str, Place], ...],
) -> Next | None:
    actor = Actor(dict(state), given, dict(shares))
    try:
        for part in parts:
            if isinstance(part, ast.expr):
                actor.value(part)
            elif isinstance(part, ast.stmt) and not actor.run(part):
                break
    except Awaiting as found:
        named = {name: _text(value) for name, value in found.named.items()}
        return Next(found.node, tuple(map(_text, found.given)), named)
    except ERRORS:
        return None if actor.met else Next()
    except (Undecided, RecursionError, MemoryError):
        return None
    return Next() if actor.taken == len(given) else None


def _text(value: object) -> str | None:
    """The text of what a call is handed."""
    if value is UNKNOWN:
        return None
    try:
        return text_of(value)
    except Undecided:
        return None
