"""Mutants: compile, differ, and are reproducible."""

from __future__ import annotations

import ast
from random import Random

import pytest

from cwm_lsp.learn.corpus import mutate
from cwm_lsp.learn.corpus.mutate import mutated
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.programs import generate

SOURCE = """\
def f(nums, k):
    total = 0
    for i in range(len(nums)):
        if nums[i] > k and i not in (1, 2):
            total += nums[i] * 2
            continue
        total = max(total, nums[i:][0])
    return total
"""


def test_every_mutant_compiles_and_differs() -> None:
    rng = Random(0)
    for _ in range(300):
        program = generate(rng)
        mutant = mutated(rng, program)
        if mutant is None:
            continue
        compile(mutant.source, "mutant", "exec")
        assert ast.dump(ast.parse(mutant.source)) != ast.dump(ast.parse(program.source))
        assert mutant.call == program.call
        assert mutant.origin == f"mutant:{program.origin}"


def test_a_seed_says_everything() -> None:
    program = Program(SOURCE, "f([1, 5], 2)", "test")
    assert mutated(Random(3), program) == mutated(Random(3), program)
    assert len({mutated(Random(seed), program) for seed in range(30)}) > 15


def test_what_does_not_parse_has_no_mutant() -> None:
    assert mutated(Random(0), Program("def f(:\n", "f()", "test")) is None


@pytest.mark.parametrize(
    ("mutation", "before", "after"),
    [
        (mutate.swap_comparison, "a in b", "a not in b"),
        (mutate.swap_comparison, "a is None", "a is not None"),
        (mutate.swap_boolean, "a and b", "a or b"),
        (mutate.negate_condition, "a if b else c", "a if not b else c"),
        (mutate.negate_condition, "a if not b else c", "a if b else c"),
        (mutate.swap_call, "min(a)", "max(a)"),
        (mutate.swap_call, "a.upper()", "a.lower()"),
        (mutate.swap_arguments, "f(a, b)", "f(b, a)"),
        (mutate.swap_arguments, "a - b", "b - a"),
        (mutate.shift_constant, "True", "False"),
        (mutate.remove_statement, "def f():\n    return 1", "def f():\n    pass"),
        (
            mutate.move_exit,
            "for a in b:\n    if a:\n        break",
            "for a in b:\n    if a:\n        continue",
        ),
        (
            mutate.move_exit,
            "def f():\n    for a in b:\n        c\n    return a",
            "def f():\n    for a in b:\n        c\n        return a",
        ),
    ],
)
def test_single_mutations(mutation: mutate.Mutation, before: str, after: str) -> None:
    tree = ast.parse(before)
    assert mutation(Random(0), tree)
    assert ast.unparse(tree) == after


@pytest.mark.parametrize("mutation", [mutate.shift_index, mutate.swap_operator, mutate.swap_name])
def test_mutations_say_when_there_is_nothing_to_change(mutation: mutate.Mutation) -> None:
    assert not mutation(Random(0), ast.parse("pass"))


def test_indices_move_by_one() -> None:
    found = set()
    for seed in range(30):
        tree = ast.parse("a[2]")
        mutate.shift_index(Random(seed), tree)
        found.add(ast.unparse(tree))
    assert found == {"a[1]", "a[3]"}
