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
from cwm_lsp.codec.deeds import names_of, shared_by
from cwm_lsp.codec.expressions import ERRORS
from cwm_lsp.codec.given import UNKNOWN, Awaiting
from cwm_lsp.codec.hidden import Moved
from cwm_lsp.codec.records import Undecided
from cwm_lsp.codec.sharing import Place
from cwm_lsp.codec.sites import Site, Target
from cwm_lsp.codec.source import LogicalLine
from cwm_lsp.codec.working import state_of, text_of


@dataclass(frozen=True, slots=True)
class Next:
    """The call that ``node`` makes, ``None`` for none any more, and what it is ``given`` or by name.

    ``whole`` says that this is all. ``kind``, ``method`` and ``path`` say what is called, as in
    :class:`cwm_lsp.codec.evaluator.Callee`. It is called on an object if ``bound``, ``owner`` is its text
    if that is known. ``resumes`` says that it goes on with a generator, ``kept`` is the text of the one
    that was made before. ``made`` are those that are made to be handed over.
    """

    node: ast.expr | None = None
    given: Sequence[str | None] = ()
    named: Mapping[str, str | None] = field(default_factory=dict)
    whole: bool = True
    kind: str = ""
    method: str = ""
    owner: str | None = None
    resumes: bool = False
    kept: str = ""
    bound: bool = False
    made: tuple[Moved, ...] = ()
    path: str = ""


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
        target, handed = self.targets[0], self.handed
        nodes = dict(self.site.values(target))
        known: dict[str, str] = {}
        if handed is not None:
            if handed.whole:
                nodes = dict(target.defaults) | nodes
            bound = bool(target.owner) and not self._through_class(target, handed)
            known = dict(target.bind(handed.given, handed.named, bound=bound, whole=handed.whole))
        for name in (*target.parameters, target.rest, target.named):
            if name in nodes or name in known:
                yield name, nodes.get(name), known.get(name)

    @property
    def fits(self) -> bool:
        """Whether the call enters its one function: it has all that it asks for, as far as names can say."""
        handed = self.handed
        if handed is None or not handed.whole or len(self.targets) != 1:
            return False
        if handed.resumes:
            return True
        target = self.targets[0]
        bound = target.makes or (bool(target.owner) and not self._through_class(target, handed))
        given = len(handed.given) + bound
        optional = {name for name, _ in target.defaults}
        missing = set(target.parameters[given:]) - optional - set(handed.named)
        many = given > target.placed and not target.rest
        strange = not target.named and not set(handed.named) <= set(target.parameters)
        unknown = (node for _, node, text in self.values if text is None)
        return not (missing or many or strange) and all(one is None or _is_found(one) for one in unknown)

    def _through_class(self, target: Target, handed: Next) -> bool:
        """Whether a method is called as what it is in its class, so that its first argument is written."""
        if target.makes or handed.bound or not handed.kind:
            return False
        return target.parameters[:1] != ("cls",)


def next_call(
    logical: LogicalLine, texts: Mapping[str, str], given: Sequence[str], shares: Mapping[str, Place]
) -> Next | None:
    """The next call of a line, of which those before gave back ``given``; ``None`` where it is not known."""
    parts: tuple[ast.AST, ...] = logical.carried
    if not parts and isinstance(logical.head, ast.For | ast.With | ast.Raise):
        parts = (logical.head,)
    if not parts:
        return None
    names, kept = shared_by(names_of(parts), shares)
    return _next_call(parts, state_of(sorted(names), texts, given), tuple(given), kept)


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
            match part:
                case ast.For(iter=through):
                    actor.go_through(through)
                case ast.With(items=items):
                    for one in items:
                        actor.enter(one.context_expr)
                case ast.Raise(exc=ast.expr() as raised):
                    actor.value(raised)
                case ast.stmt() if not actor.run(part):
                    break
    except Awaiting as found:
        return Next(
            found.node,
            tuple(map(_text, found.given)),
            {name: _text(value) for name, value in found.named.items()},
            found.whole,
            found.callee.kind,
            found.callee.method,
            None if found.callee.owner is None else _text(found.callee.owner),
            found.resumes,
            found.kept,
            found.callee.owner is not None,
            tuple(actor.made_generators([*found.given, *found.named.values()])),
            found.callee.path,
        )
    except ERRORS:
        return None if actor.met else Next()
    except (Undecided, RecursionError, MemoryError):
        return None
    return Next() if actor.taken == len(given) and not actor.leaves_open else None


def _is_found(node: ast.expr) -> bool:
    """Whether an expression only looks up: names, attributes, what calls gave back."""
    return all(
        isinstance(part, ast.Name | ast.Attribute | ast.Constant | ast.Call | ast.expr_context)
        for part in ast.walk(node)
    )


def _text(value: object) -> str | None:
    """The text of what a call is handed."""
    if value is UNKNOWN:
        return None
    try:
        return text_of(value)
    except Undecided:
        return None
