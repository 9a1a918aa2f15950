"""Scripts that nobody wrote down: those taken from tests, with other values, other orders and other endings.

As in :mod:`cwm_lsp.repair.heldout`, values keep what all known calls of the same function have in common.
"""

from __future__ import annotations

import ast
import copy
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from cwm_lsp.repair.meant import Predicate, fitting, holds
from cwm_lsp.repair.scripts import written
from cwm_lsp.repair.values import Pool, mutated

_ATTEMPTS = 60  # mutants drawn for one that is kept
_LONGEST = 1500  # characters of a script

Use = tuple[str, ...]
"""What plain values are for: a function's name and the places of its arguments, or ``=`` and a variable."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A script, and its plain values by what they are for: in each use, the holders that bear them."""

    tree: ast.Module
    uses: tuple[tuple[Use, tuple[ast.Constant, ...]], ...]


def mutants(texts: Sequence[str], count: int, seed: int = 0, until: float = math.inf) -> list[str]:
    """Up to ``count`` scripts like ``texts``, none of them among these, as many as are made until a time of
    ``time.monotonic``. The same for the same input where there is time."""
    known = [one for one in map(_read, dict.fromkeys(texts)) if one is not None]
    examples: dict[Use, list[tuple[Any, ...]]] = {}
    for one in known:
        for use, holders in one.uses:
            examples.setdefault(use, []).append(tuple(holder.value for holder in holders))
    if not known:
        return []
    meant = {use: fitting(rows) for use, rows in examples.items()}
    pool = Pool([row for rows in examples.values() for row in rows])
    rng, found = Random(seed), dict[str, None]()
    for _ in range(count * _ATTEMPTS):
        if time.monotonic() > until:
            break
        text = _mutant(rng, rng.choice(known), known, examples, meant, pool)
        if text and text not in texts and len(text) <= _LONGEST:
            found[text] = None
        if len(found) == count:
            break
    return list(found)


def _read(text: str) -> _Known | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    holder = _Holder()
    tree = holder.visit(tree)
    return _Known(tree, tuple(holder.uses))


class _Holder(ast.NodeTransformer):
    """Puts each plain value that is passed or assigned, however it is built, into one node."""

    def __init__(self) -> None:
        self.uses: list[tuple[Use, tuple[ast.Constant, ...]]] = []

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """The arguments that are plain values."""
        self.generic_visit(node)
        node.args = [_held(one) for one in node.args]
        for word in node.keywords:
            word.value = _held(word.value)
        named = [(str(at), one) for at, one in enumerate(node.args)]
        named += [(word.arg or "**", word.value) for word in node.keywords]
        plain = [(name, one) for name, one in named if isinstance(one, ast.Constant)]
        if plain:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            self.uses.append(((called, *(name for name, _ in plain)), tuple(one for _, one in plain)))
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        """A plain value that is assigned."""
        self.generic_visit(node)
        node.value = _held(node.value)
        if isinstance(node.value, ast.Constant):
            self.uses.append((("=", ast.unparse(node.targets[0])), (node.value,)))
        return node


def _held(node: ast.expr) -> ast.expr:
    """A plain value as one node, which is written as the value is; anything else as it is."""
    try:
        return ast.Constant(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError):
        return node


def _mutant(
    rng: Random,
    one: _Known,
    known: Sequence[_Known],
    examples: dict[Use, list[tuple[Any, ...]]],
    meant: dict[Use, list[Predicate]],
    pool: Pool,
) -> str:
    """A script changed at a few places; "" where a change breaks what is meant."""
    # Most changes break something: only what does not is worth a copy of the tree.
    uses = [(use, [ast.Constant(holder.value) for holder in holders]) for use, holders in one.uses]
    for _ in range(rng.choice((1, 1, 2, 3)) if uses else 0):
        use, holders = rng.choice(uses)
        at = rng.randrange(len(holders))
        old = holders[at].value
        donor = rng.choice(examples[use])[at]
        new = donor if rng.random() < 0.25 else mutated(rng, old, pool)
        alike = [held for _, row in uses for held in row if type(held.value) is str and held.value == old]
        for held in alike if alike and rng.random() < 0.7 else [holders[at]]:
            held.value = new
    if not all(holds(test, tuple(h.value for h in row)) for use, row in uses for test in meant[use]):
        return ""
    memo: dict[int, Any] = {}
    tree: ast.Module = copy.deepcopy(one.tree, memo)
    for (_, row), (_, kept) in zip(uses, one.uses, strict=True):
        for new, holder in zip(row, kept, strict=True):
            memo[id(holder)].value = new.value
    *body, last = tree.body
    assert isinstance(last, ast.Expr)
    if rng.random() < 0.35:
        body = _rearranged(rng, body)
    ending = _ending(rng, body, known, last.value) if rng.random() < 0.3 else last.value
    return written(body, ending)


def _rearranged(rng: Random, body: list[ast.stmt]) -> list[ast.stmt]:
    """One of the calls that stand for themselves left out, done twice, or done earlier."""
    places = [at for at, one in enumerate(body) if isinstance(one, ast.Expr)]
    if not places:
        return body
    at = rng.choice(places)
    kind = rng.randrange(3)
    if kind == 0:
        return [*body[:at], *body[at + 1 :]]
    if kind == 1:
        return [*body[: at + 1], copy.deepcopy(body[at]), *body[at + 1 :]]
    to = rng.choice(places)
    moved = [*body[:at], *body[at + 1 :]]
    return [*moved[:to], body[at], *moved[to:]]


def _ending(rng: Random, body: Sequence[ast.stmt], known: Sequence[_Known], own: ast.expr) -> ast.expr:
    """What another script looks at, of those whose names this one has too.

    Its ``own`` where none is: a call that was left out may have bound names.
    """
    bound = set(_names(body, ast.Store))
    endings = [
        last.value
        for one in known
        if isinstance(last := one.tree.body[-1], ast.Expr)
        and set(_names([last], ast.Load)) & set(_names(one.tree.body, ast.Store)) <= bound
    ]
    return rng.choice(endings or [own])


def _names(nodes: Sequence[ast.AST], context: type[ast.expr_context]) -> Iterator[str]:
    for node in nodes:
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and isinstance(name.ctx, context):
                yield name.id
