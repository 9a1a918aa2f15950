"""Random functions of the typed grammar, with an optional helper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random

from cwm_lsp.learn.corpus import values
from cwm_lsp.learn.corpus.body import Body
from cwm_lsp.learn.corpus.expressions import Writer
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.scope import Scope
from cwm_lsp.learn.corpus.statements import EMPTY
from cwm_lsp.learn.corpus.template import Template, parse
from cwm_lsp.learn.corpus.words import FUNCTIONS, HELPERS

_ARGUMENTS = (
    ("str",) * 11
    + ("li",) * 9
    + ("int",) * 6
    + ("ls",) * 5
    + ("di",) * 5
    + (
        "bool",
        "ds",
        "ds",
        "dl",
        "dn",
        "ti",
        "lp",
        "ll",
        "ll",
        "si",
        "float",
        "tp",
        "lf",
    )
)


def grammar(rng: Random) -> Program:
    """A program of the grammar: one function, three programs in ten with a helper."""
    parts: list[str] = []
    env: dict[str, object] = {}
    extra = _helper(rng, parts, env) if rng.random() < 0.2 else {}
    while True:
        writer = Writer(rng, Scope(env))
        writer.extra = extra
        for _ in range(rng.choice((1, 1, 1, 2, 2, 2, 2, 3, 3))):
            kind = rng.choice(_ARGUMENTS)
            writer.parameter(
                kind, f"{kind}+" if rng.random() < 0.6 and kind in values.MUTABLE | {"str"} else None
            )
        body = Body(rng, writer, rng.choice((2, 3, 3, 4, 4, 5, 5, 6, 7, 8)))
        _write(body, [parse(f"$+{kind} = {t.text}") for kind, own in extra.items() for t in own])
        if len(body.lines) >= 2:
            break
    result = body.result()
    name = next(n for n in iter(lambda: rng.choice(FUNCTIONS), None) if n not in env)
    names = ", ".join(n for n, _ in writer.parameters)
    parts.append("\n".join([f"def {name}({names}):", *body.lines, f"    return {result}"]))
    call = f"{name}({', '.join(v for _, v in writer.parameters)})"
    return Program("\n\n\n".join(parts) + "\n", call, "grammar:function")


def _write(body: Body, calls: Sequence[Template] = ()) -> None:
    rng = body.rng
    if rng.random() < 0.12:
        body.try_one(lambda indent: body.guard(), 1)
    if rng.random() < 0.55:
        body.try_one(lambda indent: _initial(body, indent), 1)
    for call in calls:
        if rng.random() < 0.7:
            body.try_one(partial(body.simple, template=call), 1)
    while body.budget > 0:
        before = body.budget
        body.statement(1)
        if body.budget == before:
            return


def _initial(body: Body, indent: int) -> None:
    writer, scope = body.writer, body.scope
    writer.bound = []
    text = writer.fill(EMPTY.pick(body.rng))
    scope.run(text)
    for name, kind in writer.bound:
        scope.bind(name, kind, scope.env[name])
        body.touched.append(name)
    body.emit(indent, text)


def _helper(rng: Random, parts: list[str], env: dict[str, object]) -> dict[str, list[Template]]:
    kinds = [rng.choice(("int", "str", "li", "int", "str")) for _ in range(rng.choice((1, 1, 2)))]
    writer = Writer(rng, Scope())
    for kind in kinds:
        writer.parameter(kind)
    returned = rng.choice(("int", "int", "str", "bool", "li"))
    body = Body(rng, writer, rng.choice((0, 1, 1, 2)))
    _write(body) if body.budget else None
    name = rng.choice(HELPERS)
    names = ", ".join(n for n, _ in writer.parameters)
    result = writer.expression(returned)
    if not writer.mentions(result):
        return {}
    source = "\n".join([f"def {name}({names}):", *body.lines, f"    return {result}"])
    try:
        exec(source, env)
    except Exception:
        return {}
    env.pop("__builtins__", None)
    parts.append(source)
    call = f"{name}({', '.join('$' + kind for kind in kinds)})"
    return {returned: [parse(call)]}
