"""What the statements of a line do when they are carried out: names bound, containers and objects changed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cwm_lsp.codec.actor import Actor
from cwm_lsp.codec.expressions import ERRORS
from cwm_lsp.codec.flow import is_inline
from cwm_lsp.codec.hidden import Moved
from cwm_lsp.codec.once import once
from cwm_lsp.codec.pure_modules import CHANGING_NAMES
from cwm_lsp.codec.records import Undecided
from cwm_lsp.codec.sharing import Place, may_change
from cwm_lsp.codec.working import Told, names_read, state_of, text_of
from cwm_lsp.trace.render import render


@dataclass(frozen=True, slots=True)
class Effect:
    """What a line does: the names that it changes with their values after it, and what it comes to.

    ``lost`` are names that it gives values without a text; ``known`` false says that nothing is known of it.
    ``moved`` are the objects in which it stores what their texts hide, ``named`` those whose texts are not
    known, by the names that it gives them.
    """

    changed: Mapping[str, str] = field(default_factory=dict)
    result: Told | None = None
    lost: frozenset[str] = frozenset()
    known: bool = False
    moved: tuple[Moved, ...] = ()
    named: Mapping[str, Moved] = field(default_factory=dict)


def deeds(statements: Sequence[ast.stmt]) -> tuple[ast.stmt, ...]:
    """``statements`` that can be carried out, if that says more than the value of one expression."""
    telling = len(statements) > 1 or any(map(_is_telling, statements))
    return tuple(statements) if telling else ()


def carried(nodes: Sequence[ast.AST]) -> tuple[ast.stmt, ...]:
    """The statements of one line, if they are of kinds that can be carried out.

    What stands within another of ``nodes`` is not among them.
    """
    found: list[ast.stmt] = []
    for node in nodes:
        if not isinstance(node, _CARRIED):
            return ()
        suspending = ast.Yield | ast.YieldFrom
        if any(isinstance(part, suspending) for part in ast.walk(run_of(node))):
            return ()
        found.append(node)
    return tuple(found)


_CARRIED = (
    ast.Expr,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Delete,
    ast.Return,
    ast.If,
    ast.While,
    ast.Assert,
    ast.Import,
    ast.Pass,
    ast.Break,
    ast.Continue,
)


def _is_telling(node: ast.stmt) -> bool:
    match node:
        case ast.Import():
            return True
        case ast.Assign(targets=[_, _, *_]) | ast.Assign(targets=[ast.Tuple() | ast.List()]):
            return True
        case ast.If() if is_inline(node):
            return True
    return any(map(_is_change, ast.walk(run_of(node))))


def run_of(node: ast.AST) -> ast.AST:
    """What of a statement runs on its own line."""
    match node:
        case ast.If(test=test) | ast.While(test=test) if not is_inline(node):
            return test
        case ast.For(iter=through):
            return through
        case ast.With(items=items):
            return ast.Tuple([one.context_expr for one in items], ast.Load())
    return node


def changes_objects(statements: Sequence[ast.stmt], texts: Mapping[str, str]) -> bool:
    """Whether ``statements`` may change objects in themselves, besides what functions of the user's do."""
    changed, grown = _changing(tuple(statements))
    return changed or any(may_change(texts.get(name, "[")) for name in grown)


@lru_cache(maxsize=4096)
def _changing(statements: tuple[ast.stmt, ...]) -> tuple[bool, tuple[str, ...]]:
    """Whether ``statements`` change what objects hold, and the names that they add to, perhaps in place."""
    parts = [part for one in statements for part in ast.walk(run_of(one))]
    added = [part.target for part in parts if isinstance(part, ast.AugAssign)]
    return any(map(_is_change, parts)), tuple(one.id for one in added if isinstance(one, ast.Name))


def _is_change(part: ast.AST) -> bool:
    match part:
        case ast.AugAssign(target=ast.Attribute() | ast.Subscript()):
            return True
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store()):
            return True
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in CHANGING_NAMES or name == "__init__"
    return False


@once
def effect(
    statements: tuple[ast.stmt, ...],
    texts: Mapping[str, str],
    given: Sequence[str] = (),
    shares: Mapping[str, Place] | None = None,
) -> Effect:
    """What ``statements`` do, one after the other; nothing where that is not known.

    ``shares`` says which names are parts of the values of others.
    """
    names, kept = shared_by(names_of(statements), shares or {})
    return _effect(statements, state_of(sorted(names), texts, given), tuple(given), kept)


def names_of(parts: Sequence[ast.AST]) -> set[str]:
    """The names that stand in what of ``parts``, statements or expressions, runs on its own line."""
    return {name for one in parts for name in names_read(run_of(one))}


def shared_by(names: set[str], shares: Mapping[str, Place]) -> tuple[set[str], tuple[tuple[str, Place], ...]]:
    """Those of ``shares`` that have to do with ``names``, and ``names`` with those that they speak of."""
    roots = {shares[name].root if name in shares else name for name in names}
    kept = tuple((name, place) for name, place in shares.items() if place.root in roots)
    return names | {name for name, _ in kept} | {place.root for _, place in kept}, kept


@lru_cache(maxsize=4096)
def _effect(
    statements: tuple[ast.stmt, ...],
    state: tuple[tuple[str, str], ...],
    given: tuple[str, ...],
    shares: tuple[tuple[str, Place], ...],
) -> Effect:
    texts = dict(state)
    actor = Actor(texts, given, dict(shares))
    try:
        for statement in statements:
            if not actor.run(statement):
                break
    except ERRORS as error:
        if actor.met:
            return Effect()
        return Effect(result=Told(render(error)[0], raises=True))
    except (Undecided, RecursionError, MemoryError):
        return Effect()
    if actor.taken != len(given):
        return Effect()
    after = {name: text_of(value) for name, value in actor.touched.items()}
    changed = {name: text for name, text in after.items() if text is not None and text != texts.get(name)}
    results = [text for value in actor.results if (text := text_of(value)) is not None]
    lost = frozenset(name for name, text in after.items() if text is None)
    return Effect(
        changed,
        Told(results[0]) if results else None,
        lost,
        known=True,
        moved=tuple(actor.moved()),
        named={name: one for name in lost if (one := actor.movement(actor.touched[name])) is not None},
    )
