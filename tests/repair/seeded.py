"""Single-edit bugs seeded into :mod:`tests.repair.functions`, half of the cases as the specification."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from cwm_lsp.learn.corpus import mutate
from cwm_lsp.repair import scratch
from cwm_lsp.repair.agent.alarm import Overtime, limited
from cwm_lsp.repair.heldout import held_out
from cwm_lsp.repair.job import Job
from cwm_lsp.repair.model import Check, CheckKind
from cwm_lsp.repair.specification import Specification
from cwm_lsp.repair.workers import Worker
from tests.repair.functions import FUNCTIONS

MUTATIONS = (
    mutate.swap_operator,
    mutate.swap_comparison,
    mutate.shift_constant,
    mutate.shift_index,
    mutate.remove_statement,
    mutate.swap_arguments,
    mutate.negate_condition,
    mutate.swap_boolean,
    mutate.swap_name,
    mutate.swap_call,
    mutate.move_exit,
)


@dataclass(frozen=True, slots=True)
class Bug:
    """A mutant, the first line that differs, the checks given to the search and those kept from it."""

    name: str
    source: str
    line: int
    given: tuple[Check, ...]
    kept: tuple[Check, ...]

    def written(self, place: Path) -> Path:
        """The file with the bug."""
        file = place / f"{self.name}.py"
        file.write_text(self.source, encoding="utf-8")
        return file

    def asked(self, place: Path) -> Specification:
        """What the search is told."""
        return Specification(self.given)

    def mended(self, place: Path, text: str) -> bool:
        """Whether a text does what all cases say."""
        return holds(place / f"{self.name}.py", text, (*self.given, *self.kept))


def bugs(count: int, seed: int) -> Iterator[Bug]:
    """``count`` mutants, function after function; whether the given half notices, the search will say."""
    rng = Random(seed)
    names = sorted(FUNCTIONS)
    for number in range(count):
        name = names[number % len(names)]
        source, arguments = FUNCTIONS[name]
        plain = ast.unparse(ast.parse(source))
        changed = _mutant(rng, plain)
        shuffled = rng.sample(arguments, len(arguments))
        half = (len(shuffled) + 1) // 2
        calls = [_call(name, one) for one in shuffled]
        kept = [*calls[half:], *held_out(calls, 40, seed=1000 + number)]
        yield Bug(
            name,
            changed,
            first_difference(plain, changed),
            tuple(valued(plain, calls[:half])),
            tuple(valued(plain, kept)),
        )


def _mutant(rng: Random, plain: str) -> str:
    while True:
        tree = ast.parse(plain)
        rng.choice(MUTATIONS)(rng, tree)
        changed = ast.unparse(ast.fix_missing_locations(tree))
        if changed != plain:
            return changed + "\n"


def _call(name: str, arguments: Sequence[Any]) -> str:
    return f"{name}({', '.join(map(repr, arguments))})"


def valued(source: str, calls: Sequence[str]) -> Iterator[Check]:
    """What each expression gives in the right program, where it gives one soon."""
    code = compile(source, "right.py", "exec")
    for text in calls:
        module = ModuleType("right")
        sys.modules["right"] = module  # dataclasses look for the module that they are in
        namespace: dict[str, Any] = module.__dict__
        exec(code, namespace)
        try:
            with limited(0.5):
                value = eval(text, namespace)
        except (Overtime, Exception):  # whatever the right program refuses
            continue
        yield Check(CheckKind.CALL, text, repr(value))


def first_difference(one: str, other: str) -> int:
    """The first line, from 1, on which two texts differ."""
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((n for n, (a, b) in enumerate(pairs, 1) if a != b), len(other.splitlines()))


def holds(file: Path, text: str, checks: Sequence[Check]) -> bool:
    """Whether all ``checks`` hold for ``text``, run in a child."""
    job = Job(scratch.place(file), text, tuple(checks), (), sys.executable)
    with Worker(job) as worker:
        return all(one["ok"] for one in worker.trace(1.0, range(len(job.checks)), 6.0, 60.0))
