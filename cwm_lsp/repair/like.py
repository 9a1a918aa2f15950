"""Two functions that should agree: inputs for both, made from known calls or from the parameters' types."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from cwm_lsp.errors import ArgumentsError, RunError, TargetError
from cwm_lsp.repair.heldout import held_out
from cwm_lsp.repair.job import Job
from cwm_lsp.repair.model import Check, CheckKind
from cwm_lsp.repair.workers import Worker

INPUTS = 24
"""Calls on which the two are compared."""

_TRIED = 160
_NOT = ("raised ", "did not end", "ran out")
_OTHER = re.compile(r"(?:(?P<module>[A-Za-z_][\w.]*):)?(?P<name>[A-Za-z_]\w*)")


def agreeing(job: Job, source: str, function: str, other: str, calls: Sequence[str]) -> list[Check]:
    """Checks that ``function`` gives what ``other`` gives, a function of the file or ``module:function``.

    ``calls`` are known inputs; without any they are made up. Inputs that ``other`` refuses are left out.
    Raises ``UserError``, and ``RunError`` where ``other`` takes none of the inputs.
    """
    reference = _reference(source, other)
    texts = list(calls) or made_up(_definition(source, function))
    texts = list(dict.fromkeys([*texts, *held_out(texts, INPUTS)]))[:_TRIED]
    pairs = [(text, _renamed(text, function, reference)) for text in texts]
    with Worker(job) as worker:
        said = worker.results(None, [wanted for _, wanted in pairs], 0.3)
    if said is None:
        raise RunError(f"{other} ends the process that it runs in.")
    good = [pair for pair, one in zip(pairs, said, strict=True) if not one.said.startswith(_NOT)]
    if not good:
        raise RunError(
            f"{other} raises on every input that was made for it: {said[0].said}.", "Give some with --call."
        )
    checks = [Check(CheckKind.CALL, text, wanted) for text, wanted in good[:INPUTS]]
    return [replace(check, loose=False) for check in checks]


def _reference(source: str, other: str) -> str:
    """The expression that names the other function."""
    match = _OTHER.fullmatch(other)
    if match is None:
        raise ArgumentsError(f"{other!r} names no function.", "Write NAME or module:NAME.")
    if match["module"]:
        return f"__import__({match['module']!r}, fromlist=['*']).{match['name']}"
    _definition(source, other)
    return other


def _definition(source: str, name: str) -> ast.FunctionDef:
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise TargetError(f"The file has no function {name}.")


def _renamed(text: str, function: str, reference: str) -> str:
    return re.sub(rf"(?<![\w.]){re.escape(function)}(?=\()", lambda _: reference, text)


# --- made-up inputs ----------------------------------------------------------------------------

Make = Callable[[Random], Any]


def _number(rng: Random) -> int:
    return rng.choice((0, 1, 2, 3, rng.randint(-5, 20)))


def _word(rng: Random) -> str:
    return "".join(rng.choice("ab c1") for _ in range(rng.randrange(6)))


def _numbers(rng: Random) -> list[int]:
    return [_number(rng) for _ in range(rng.randrange(6))]


_MADE: dict[str, Make] = {
    "int": _number,
    "float": lambda rng: _number(rng) / 2,
    "bool": lambda rng: rng.random() < 0.5,
    "str": _word,
    "list": _numbers,
    "list[str]": lambda rng: [_word(rng) for _ in range(rng.randrange(5))],
    "list[list[int]]": lambda rng: [[_number(rng) for _ in range(3)] for _ in range(3)],
    "tuple": lambda rng: tuple(_numbers(rng)),
    "set": lambda rng: set(_numbers(rng)),
    "dict": lambda rng: {_word(rng): _number(rng) for _ in range(rng.randrange(4))},
}
_ALIASES = {
    "Sequence": "list",
    "Iterable": "list",
    "List": "list",
    "Dict": "dict",
    "Mapping": "dict",
    "Set": "set",
}


def made_up(function: ast.FunctionDef, count: int = _TRIED // 2, seed: int = 0) -> list[str]:
    """Calls of a function with values of its parameters' types; of each usual type where none is said."""
    rng = Random(seed)
    annotations = [one.annotation for one in (*function.args.posonlyargs, *function.args.args)]
    found: dict[str, None] = {}
    for _ in range(count):
        words = [repr(_maker(rng, one)(rng)) for one in annotations]
        found[f"{function.name}({', '.join(words)})"] = None
    return list(found)


def _maker(rng: Random, annotation: ast.expr | None) -> Make:
    if annotation is None:
        return rng.choice([_MADE["int"], _MADE["list"], _MADE["str"]])
    names = [name for name in _names(annotation) if name in _MADE]
    return _MADE[names[0]] if names else rng.choice(list(_MADE.values()))


def _names(annotation: ast.expr) -> Iterator[str]:
    text = ast.unparse(annotation).strip("'\"")
    for long, short in _ALIASES.items():
        text = re.sub(rf"\b{long}\b", short, text)
    yield text
    yield text.partition("[")[0].partition(" |")[0]
