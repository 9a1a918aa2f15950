"""What a function may return early is of the kind of its values, as far as that can be told."""

from __future__ import annotations

import ast

import pytest

from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.returned import USUAL, usual
from cwm_lsp.repair.templates.scope import within


@pytest.mark.parametrize(
    ("source", "some", "none"),
    [
        ("def f(a):\n    found = []\n    found.append(a)\n    return found\n", "[]", "0"),
        ("def f(a):\n    return len(a)\n", "0", "[]"),
        ("def f(a) -> list[int]:\n    return g(a)\n", "[]", "''"),
        ("def f(a):\n    return f'{a}'\n", "''", "True"),
        ("def f(a):\n    return a > 1\n", "False", "0"),
        ("def f(a):\n    if a:\n        return None\n    return {}\n", "{}", "-1"),
    ],
)
def test_a_kind_that_is_told_keeps_the_others_out(source: str, some: str, none: str) -> None:
    found = _usual(source)
    assert "None" in found
    assert some in found
    assert none not in found


@pytest.mark.parametrize(
    "source", ["def f(a):\n    return g(a)\n", "def f(a):\n    pass\n", "def f(a) -> 'X':\n    return 0\n"]
)
def test_a_kind_that_is_not_told_keeps_none_out(source: str) -> None:
    assert _usual(source) == list(USUAL)


def _usual(source: str) -> list[str]:
    function = ast.parse(source).body[0]
    assert isinstance(function, Function)
    return usual(function, list(within(function)))


def test_a_guard_asks_for_what_comes_next() -> None:
    source = "def f(a, b):\n    c = a + 1\n    d = b * 2\n    e = c + d\n    return [e]\n"
    inserted = [
        one.edits[0].text
        for one in candidates(source, {}, range(1, 6))
        if one.kind == "guard" and one.line == 4
    ]
    assert any("if c" in text or "if not c" in text for text in inserted)
    assert not any(text.strip().startswith(("if not a:", "if a == 0:")) for text in inserted)
