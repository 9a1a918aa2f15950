"""Expressions and statements computed on literals give what Python gives, within bounds."""

from __future__ import annotations

import ast
import contextlib
import copy
import math
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.codec.actor import Actor
from cwm_lsp.codec.evaluator import Evaluator
from cwm_lsp.codec.expressions import ERRORS
from cwm_lsp.codec.literals import literal
from cwm_lsp.codec.pure import Undecided, compute

VALUES: dict[str, Any] = {
    "n": 7,
    "z": 0,
    "x": -2.5,
    "s": "the Cat sat, on-it ",
    "t": ("b", 3, None),
    "xs": [5, 1, 4, 1],
    "words": ["kiwi", "Fig", "apple"],
    "grid": [[1, 2], [3, 4]],
    "d": {"a": 1, "b": [2, 3]},
    "u": {3, 9, 4},
    "c": Counter("abca"),
    "q": deque([1, 2, 3]),
    "dd": defaultdict(list, {"k": [1]}),
}
STATE = {name: repr(value) for name, value in VALUES.items()}
COMPUTED = Path(__file__).parent / "computed"
KNOWN = {"math": math, "Counter": Counter, "deque": deque, "defaultdict": defaultdict}


def outcome(act: Callable[[], Any]) -> tuple[type, Any]:
    try:
        value = act()
    except ERRORS as error:
        return type(error), str(error)
    return type(value), value


def lines(name: str) -> list[str]:
    return (COMPUTED / name).read_text().splitlines()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("n + 1", 4),
        ("xs[0] + xs[-1]", 5),
        ("xs[1:]", [4]),
        ("n in xs or not n", False),
        ("1 < n <= 3", True),
        ("'yes' if n > 2 else 'no'", "yes"),
        ("len(xs) * 'ab'", "abab"),
        ("{'a': n}['a'] ** 2", 9),
        ("sum(xs) / max(xs)", 1.25),
        ("type(n) is int", True),
        ("[x for x in xs]", [1, 4]),
        ("f'{n}'", "3"),
        ("(n, {n})", (3, {3})),
        ("-n % 2", 1),
        ("n is not None", True),
    ],
)
def test_pure_expressions_are_computed(expression: str, value: Any) -> None:
    assert compute(expression, {"n": "3", "xs": "[1, 4]"}) == value


@pytest.mark.parametrize(
    "expression",
    [
        "f(n)",
        "n.__class__",
        "(lambda: 1)()",
        "__import__('os')",
        "9 ** 9 ** 9",
        "1 << 10 ** 9",
        "'a' * 10 ** 9",
        "'%999999999d' % 1",
        "missing",
        "n / 0",
        "xs[9]",
        "thing",
        "n +",
        "f'{n:9999}'",
        "'{:99999}'.format(n)",
        "'a'.ljust(10 ** 9)",
        "'aaaa'.replace('a', 'b' * 9999).replace('b', 'c' * 9999)",
        "list(range(10 ** 9))",
        "[x for x in range(10 ** 9)]",
        "[1 for _ in range(9999) for _ in range(9999)]",
        "[[0] * 9999 for _ in range(9999)]",
        "sorted",
        "lambda: 1",
        "(x for x in xs)",
        "map(str, xs)",
        "list({1, 2, 3})",
        "str({1, 2})",
        "xs is xs",
        "defaultdict(list)[1]",
        "xs.append(1)",
        "xs.sort()",
        "''.join(xs).__class__",
        "'{0.__class__}'.format(n)",
        "len(xs, key=1)",
        "1" + "+1" * 3000,
        "(" * 500 + ")" * 500,
    ],
)
def test_everything_else_is_undecided(expression: str) -> None:
    with pytest.raises(Undecided):
        compute(expression, {"n": "3", "xs": "[1, 4]", "thing": "<Thing object>"})


def test_a_variable_hides_the_builtin_of_its_name() -> None:
    with pytest.raises(Undecided):
        compute("len(xs)", {"len": "3", "xs": "[1]"})


@pytest.mark.parametrize("expression", lines("expressions.txt"))
def test_what_is_computed_is_what_python_gives(expression: str) -> None:
    values = copy.deepcopy(VALUES)
    tree = ast.parse(expression, mode="eval").body
    assert outcome(lambda: Evaluator(STATE).value(tree)) == outcome(
        lambda: eval(expression, {**KNOWN, **values})
    )


@pytest.mark.parametrize("statement", lines("statements.txt"))
def test_a_statement_changes_what_python_changes(statement: str) -> None:
    values = copy.deepcopy(VALUES)
    exec(statement, {**KNOWN}, values)
    actor = Actor(STATE)
    actor.run(ast.parse(statement).body[0])
    assert actor.touched == {name: values[name] for name in actor.touched}
    changed = {name for name, value in values.items() if name not in VALUES or value != VALUES[name]}
    assert changed <= actor.touched.keys()


@pytest.mark.parametrize(
    "statement",
    ["a, b = [1]", "a, *b, c = [1]", "a, b = 1, 2, 3", "n += 's'", "n -= xs", "n **= xs", "xs += n"],
)
def test_a_statement_fails_as_python_does(statement: str) -> None:
    with pytest.raises((TypeError, ValueError)) as failed:
        exec(statement, {**KNOWN}, copy.deepcopy(VALUES))
    with pytest.raises(failed.type) as computed:
        Actor(STATE).run(ast.parse(statement).body[0])
    assert str(computed.value) == str(failed.value)


def test_what_was_computed_leaves_the_values_as_they_were() -> None:
    Actor(STATE).run(ast.parse("d['b'].append(4)").body[0])
    assert compute("d['b']", STATE) == [2, 3]


def test_calls_take_what_was_given_back_in_order() -> None:
    tree = ast.parse("f(n - 1) * 10 + f(g(n))", mode="eval").body
    evaluator = Evaluator({"n": "3"}, ("4", "8", "6"))
    assert (evaluator.value(tree), evaluator.taken) == (46, 3)
    with pytest.raises(Undecided):
        Evaluator({"n": "3"}, ("4",)).value(tree)


@given(st.text(max_size=40))
@settings(max_examples=300)
def test_any_text_is_a_literal_or_undecided(text: str) -> None:
    with contextlib.suppress(Undecided):
        literal(text)
