"""Calls that can be run, found in text: source with the calls it gives."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from cwm_lsp.features.calls import halves
from cwm_lsp.features.runnables import CALLS_PER_FUNCTION, is_test_path, runnables
from cwm_lsp.features.workspace import test_files as read_tests
from cwm_lsp.trace.model import SourceFile
from tests.features.world import run


def check(source: str, *expected: str, test: str = "") -> None:
    """Each expected call is written ``line: call, origin at line``."""
    tests = [SourceFile("/w/test_shop.py", dedent(test))] if test else []
    found = runnables(SourceFile("/w/shop.py", dedent(source).lstrip("\n")), tests)
    assert [f"{one.line}: {one.call}, {one.origin} at {one.origin_line}" for one in found] == list(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('def f(n):\n    """\n    >>> f(3)\n    6\n    """\n', ["1: f(3), doctest at 3"]),
        ('"""\n>>> print(f(3))\n"""\ndef f(n): ...\n', ["4: f(3), doctest at 2"]),
        ("# cwm: f(3, key='a')\ndef f(n, key): ...\n", ["2: f(3, key='a'), comment at 1"]),
        ("def f(n):\n    # cwm: f(1)\n    return n\n", ["1: f(1), comment at 2"]),
        ("async def f(n): ...\n# cwm: f(1)\n", ["1: f(1), comment at 2"]),
        ("def f(n): ...\ndef test_f():\n    assert f(2) == 4\n", ["1: f(2), test at 3"]),
        (
            "def f(n): ...\ndef test_f():\n    assert f([i for i in range(3)])\n",
            ["1: f([i for i in range(3)]), test at 3"],
        ),
    ],
)
def test_inputs_are_found(source: str, expected: list[str]) -> None:
    check(source, *expected)


@pytest.mark.parametrize(
    "source",
    [
        "def f(n): ...\n",
        "def f(n: ...\n# cwm: f(1)\n",
        's = "# cwm: f(1)"\ndef f(n): ...\n',
        "def f(n): ...\n# cwm: g(1)\n# cwm: f(\n# cwm: f(1) + 2\n# cwm:\n",
        'def f(n):\n    """\n    >>> n = 3\n    >>> f(n)\n    """\n',
        "def f(n): ...\ndef test_f(n):\n    assert f(n)\n",
        "def f(n): ...\ndef helper():\n    f(1)\n",
        'def f(n):\n    """\n    >>>f(1)\n    """\n',
        "\0",
    ],
)
def test_nothing_is_made_up(source: str) -> None:
    check(source)


def test_parametrised_tests_give_one_call_a_row() -> None:
    check(
        """
        import pytest
        def twice(n, by=2): ...
        @pytest.mark.parametrize("n, want", [(3, 6), pytest.param(4, 8, id="x"), (5,)])
        def test_twice(n, want):
            assert twice(n, by=1 + 1) == want
        """,
        "2: twice(3, by=1 + 1), test at 5",
        "2: twice(4, by=1 + 1), test at 5",
    )


def test_other_files_count_when_they_import_the_function() -> None:
    check(
        "def f(n): ...\ndef g(n): ...\n",
        "1: f(1), test at 5",
        "2: g(2), test at 6",
        test="""
        from pkg.shop import f as ff
        import pkg.shop as m
        def test_f():
            ff(1)
            m.g(2)
            f(3)
        """,
    )


def test_calls_of_a_recorded_run_can_be_run_again() -> None:
    source = "class C: ...\ndef half(n): return n // 2\ndef f(n): return half(n) + half(C and 8)\n"
    trace = run(source, "f(6)")
    found = runnables(trace.source, recorded=[trace])
    assert [(one.call, str(one.origin)) for one in found] == [
        ("half(n=6)", "recorded"),
        ("half(n=8)", "recorded"),
        ("f(n=6)", "recorded"),
    ]


def test_a_generator_that_goes_on_is_no_further_call() -> None:
    source = "def some(n):\n    yield n\n    yield n + 1\ndef f(n): return sum(some(n))\n"
    trace = run(source, "f(6)")
    found = runnables(trace.source, recorded=[trace])
    assert [(one.call, one.origin_line) for one in found] == [("some(n=6)", 1), ("f(n=6)", 4)]


@pytest.mark.parametrize(
    ("parameters", "call"),
    [
        ("a, b=2", "f(a=1, b=2)"),
        ("a, /, b=2", "f(1, b=2)"),
        ("a, *rest", "f(a=1)"),
        ("a, *rest, b=0", "f(1, *(3, 4), b=2)"),
        ("*, a, b", "f(a=1, b=2)"),
        ("a, **rest", "f(a=1, **{'b': 2})"),
    ],
)
def test_a_recorded_call_is_written_as_it_can_be_made(parameters: str, call: str) -> None:
    source = f"def f({parameters}): return 7\n"
    trace = run(source, call)
    assert [one.call for one in runnables(trace.source, recorded=[trace])] == [call]


def test_a_recorded_call_and_its_doctest_are_one() -> None:
    source = 'def f(n, by=2):\n    """\n    >>> f(3)\n    6\n    """\n    return n * by\n'
    trace = run(source, "f(3)")
    found = runnables(trace.source, recorded=[run(source, "f(by=2, n=3)"), trace])
    assert [(one.call, str(one.origin)) for one in found] == [
        ("f(3)", "doctest"),
        ("f(n=3, by=2)", "recorded"),  # the doctest does not say what the default is
    ]
    assert (
        len(runnables(SourceFile("shop.py", "def f(a, b): ...\n# cwm: f(1, 2)\n# cwm: f(b=2, a=1)\n"))) == 1
    )


def test_methods_are_called_by_their_class() -> None:
    check(
        """
        class Box:
            def __init__(self, n): self.n = n
            def add(self, k):
                \"\"\"
                >>> Box(1).add(2)
                3
                \"\"\"
                return self.n + k
            @staticmethod
            def twice(n): return n * 2
        # cwm: Box.twice(4)
        """,
        "3: Box.add(Box(1), 2), doctest at 5",
        "10: Box.twice(4), comment at 11",
    )


def test_only_literals_can_be_predicted_without_a_run() -> None:
    text = "class Box:\n    def add(self, k): ...\ndef f(n, key=0): ...\n"
    text += "# cwm: f(3, key=-1)\n# cwm: f(range(3))\n# cwm: Box(1).add(2)\n"
    found = {one.call: one.literal for one in runnables(SourceFile("shop.py", text))}
    assert found == {"f(3, key=-1)": True, "f(range(3))": False, "Box.add(Box(1), 2)": False}


def test_a_call_is_offered_once_and_not_without_end() -> None:
    check("def f(n): ...\n# cwm: f(1)\n# cwm:  f( 1 )\n", "1: f(1), comment at 2")
    many = "def f(n): ...\n" + "".join(f"# cwm: f({n})\n" for n in range(99))
    assert len(runnables(SourceFile("shop.py", many))) == CALLS_PER_FUNCTION


@pytest.mark.parametrize(
    ("path", "is_test"),
    [("/a/test_b.py", True), (r"C:\a\b_test.py", True), ("/test_a/b.py", False), ("test_a.txt", False)],
)
def test_files_are_tests_by_their_names(path: str, is_test: bool) -> None:
    assert is_test_path(path) is is_test


def test_test_files_are_read_within_bounds(tmp_path: Path) -> None:
    for folder in ("tests", ".hidden", "node_modules", "tests/pkg"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "test_a.py").write_bytes(b"x = 1\r\n")
    (tmp_path / "test_latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    (tmp_path / "test_broken.py").write_bytes(b"x = '\xe9'\n")
    (tmp_path / "test_huge.py").write_bytes(b"#" * (1 << 20))
    found = {
        Path(source.path).relative_to(tmp_path).as_posix(): source.text for source in read_tests(tmp_path)
    }
    assert found == {
        "test_latin.py": "# coding: latin-1\nx = 'é'\n",
        "tests/test_a.py": "x = 1\n",
        "tests/pkg/test_a.py": "x = 1\n",
    }


BOXES = """\
class Box:
    def add(self, n, by=1):
        return n

    @staticmethod
    def of(n):
        return Box(n)


def f(n):
    return n
"""


@pytest.mark.parametrize(
    ("function", "arguments", "found"),
    [
        ("Box", "3).add(4", ("Box.add", "Box(3), 4")),
        ("Box", "3).add(4, by=2", ("Box.add", "Box(3), 4, by=2")),
        ("Box.of", "3).add(4", ("Box.of(3).add", "4")),
        ("Box.add", "Box(3), 4", ("Box.add", "Box(3), 4")),
        ("Box", "3", ("Box", "3")),
        ("f", "g(1).h(2)", ("f", "g(1).h(2)")),
        ("f", "(", ("f", "(")),
        ("f", "1) + f(2", ("f", "1) + f(2")),
    ],
)
def test_a_call_that_was_parted_at_its_first_parenthesis(
    function: str, arguments: str, found: tuple[str, str]
) -> None:
    assert halves(function, arguments, BOXES) == found
