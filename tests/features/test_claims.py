"""What a text says must hold, and what runs say against it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from cwm_lsp.features.calls import canonical, definitions
from cwm_lsp.features.claims import claims, failures, given
from cwm_lsp.features.repairs import wish_of
from cwm_lsp.features.results import Call, Recorded
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.statements import parse
from tests.features.world import run


def source(text: str) -> SourceFile:
    return SourceFile("/w/shop.py", dedent(text).lstrip("\n"))


NODES = [("FCase::test_f", 2), ("More::test_g", 4), ("Case::test_h", 6)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('def f(n):\n    """\n    >>> f(3)\n    6\n    """\n', ["doctest f at 3 in 1-5: f(3) is 6"]),
        ('"""\n>>> f(3)\n6\n"""\ndef f(n): ...\n', ["doctest module at 2 in 2-4: f(3) is 6"]),
        ('def f(n):\n    """\n    >>> x = f(3)\n    >>> x\n    6\n    """\n', ["doctest f at 3 in 1-6:"]),
        ("def f(n): ...\ndef test_f():\n    assert f(2) == 4\n", ["test test_f at 2 in 2-3: f(2) is 4"]),
        ("def test_g():\n    assert g(2) == 4\n", ["test test_g at 1 in 1-2:"]),
        (
            "class TestF:\n    def test_f(self):\n        raise ValueError\n",
            ["test TestF::test_f at 2 in 2-3:"],
        ),
        (
            "class FCase(unittest.TestCase):\n    def test_f(self): ...\n"
            "class More(FCase):\n    def test_g(self): ...\n"
            "class Case(IsolatedAsyncioTestCase):\n    async def test_h(self): ...\n",
            [f"test {node} at {n} in {n}-{n}:" for node, n in NODES],
        ),
        ("class Shop:\n    def test_f(self): ...\n", []),
        ("class TestF:\n    def __init__(self): ...\n    def test_f(self): ...\n", []),
        ("def f(n): ...\n# cwm: f(3) == 7\n", ["call f(3) at 2 in 2-2: f(3) is 7"]),
        ("def f(n): ...\n# cwm: f(3)\n# cwm: f(3) != 7\n# cwm: g(3) == 7\n", []),
        (
            'class B:\n    def add(self, n):\n        """\n        >>> B(1).add(2)\n        3\n        """\n',
            ["doctest B.add at 4 in 2-6: B.add(B(1), 2) is 3"],
        ),
        ("def f(:\n", []),
    ],
)
def test_claims_are_found(text: str, expected: list[str]) -> None:
    found = []
    for claim in claims(source(text)):
        cases = ", ".join(f"{case.call} is {case.expect}" for case in claim.cases)
        found.append(
            f"{claim.kind} {claim.name} at {claim.line} in {claim.first}-{claim.last}: {cases}".rstrip()
        )
    assert found == expected


DOUBLE = '''
def double(n):
    """
    >>> double(3)
    6
    >>> double(n=4)
    9
    """
    return n * 2


def test_double():
    assert double(3) == 7


def crash(n):
    assert n > 5, "small"
    return n
'''


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("double", "3", ["12: double(3) gave 6; the test says 7 -> test /w/shop.py::test_double"]),
        ("double", "4", ["5: double(4) gave 8; the doctest says 9 -> doctest double"]),
        ("double", "5", []),
        ("crash", "3", ["16: crash(3) raised AssertionError('small') -> call crash(3)"]),
        ("crash", "7", []),
    ],
)
def test_runs_are_held_against_claims(function: str, arguments: str, expected: list[str]) -> None:
    text = source(DOUBLE)
    result = Recorded(Call(function, arguments), run(text.text, f"{function}({arguments})", text.path))
    found = []
    for one in failures(text, claims(text), [result]):
        wish = wish_of(one, text.path)
        found.append(f"{one.line}: {one.words} -> {wish.kind} {wish.name}")
    assert found == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("f(1, 2)", "f(b=2, a=1)", True),
        ("f(1,2)", "f( 1, b = 2 )", True),
        ("f(1, 2)", "f(2, 1)", False),
        ("Box.add(Box(1), 2)", "Box.add(Box(1), n=2)", True),
        ("Box.make(1)", "Box.make(n=1)", True),
        ("f(1, *x)", "f(1, b=2)", False),
        ("no call", "no call ", True),
    ],
)
def test_texts_of_one_call(one: str, other: str, same: bool) -> None:
    tree = parse(
        "def f(a, b): ...\nclass Box:\n def add(self, n): ...\n @classmethod\n def make(cls, n): ...\n"
    )
    assert tree is not None
    known = definitions(tree)
    assert (canonical(one, known) == canonical(other, known)) is same


def test_a_generator_gave_nothing_that_could_be_another_value() -> None:
    assert given(run("def f(n): return n\n", "f(2)")) is not None
    assert given(run("def f(n):\n    yield n\n", "f(2)")) is None
    raised = given(run("def f(n):\n    yield n\n    raise OSError(n)\n", "f(2)"))
    assert raised is not None
    assert raised.words == "raised OSError(2)"
