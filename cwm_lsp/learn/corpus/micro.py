"""Micro programs: one to four statements, each doing one operation."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from cwm_lsp.learn.corpus.body import Body
from cwm_lsp.learn.corpus.expressions import Writer
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.scope import Scope
from cwm_lsp.learn.corpus.statements import OPERATIONS
from cwm_lsp.learn.corpus.words import FUNCTIONS

KINDS: dict[str, int] = {
    "method": 20,
    "comprehension": 13,
    "slice": 12,
    "mutation": 14,
    "item": 9,
    "builtin": 10,
    "arithmetic": 7,
    "concat": 6,
    "augment": 6,
    "format": 5,
    "index": 6,
    "unpack": 5,
    "condition": 5,
    "display": 1,
    "for": 30,
    "if": 26,
}
"""How often each kind of operation is practised, relative to the others."""

_KINDS, _WEIGHTS = tuple(KINDS), tuple(KINDS.values())


def micro(rng: Random) -> Program:
    """A micro program."""
    while True:
        writer = Writer(rng, Scope(), grows=True)
        body = Body(rng, writer, 3)
        kinds = []
        for _ in range(rng.choice((1, 2, 2, 3, 3, 4))):
            kind = rng.choices(_KINDS, _WEIGHTS)[0]
            write = _compound(body).get(kind) or _one(body, kind)
            for _ in range(3):
                if body.try_one(write, 1):
                    kinds.append(kind)
                    break
            writer.grows = len(writer.parameters) < 4
        if kinds:
            break
    names = [name for name, _ in writer.parameters]
    touched = [n for n in body.touched if n in body.scope.kinds]
    changed = (
        touched[-1] if touched and rng.random() < 0.7 else rng.choice(list(body.scope.kinds) or ["None"])
    )
    if rng.random() < 0.2 and touched:
        changed = f"{changed}, {touched[0]}"
    name = rng.choice(FUNCTIONS)
    lines = [f"def {name}({', '.join(names)}):", *body.lines, f"    return {changed}"]
    call = f"{name}({', '.join(value for _, value in writer.parameters)})"
    return Program("\n".join(lines) + "\n", call, f"micro:{kinds[0]}")


def _compound(body: Body) -> dict[str, Callable[[int], None]]:
    return {"for": body.for_, "if": body.if_}


def _one(body: Body, kind: str) -> Callable[[int], None]:
    return lambda indent: body.simple(indent, body.rng.choice(OPERATIONS[kind]))
