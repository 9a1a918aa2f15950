"""What is said of what fails: on one line, as a person would put it."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from cwm_lsp.cli.repair import _questions
from cwm_lsp.errors import RunError
from cwm_lsp.features.repairs import reasons
from cwm_lsp.repair.agent.checks import evaluate
from cwm_lsp.repair.agent.guard import Refused
from cwm_lsp.repair.agent.program import Program
from cwm_lsp.repair.agent.pytests import _brief
from cwm_lsp.repair.baseline import job_for
from cwm_lsp.repair.deadline import Deadline
from cwm_lsp.repair.job import Job
from cwm_lsp.repair.model import Distinction, Evidence
from cwm_lsp.repair.scratch import place
from cwm_lsp.repair.specification import Specification, answer
from cwm_lsp.repair.workers import Worker

SOURCE = "def f(n):\n    return n + 1\n"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "assert 175 == 360\n +  where 175 = total()\n +    where total = <Cart object at 0x7f>.total",
            "assert 175 == 360; where 175 = total()",
        ),
        (
            "AssertionError: assert 'Tale' == 'A Tale'\n  \n  - A Tale\n  ? --\n  + Tale",
            "AssertionError: assert 'Tale' == 'A Tale'",
        ),
        (
            "AssertionError: assert {'b': 4} == {'a': 3, 'b': 4}\n  \n  Omitting 1 identical items\n"
            "  Right contains 1 more item:\n  {'a': 3}\n  Use -v to get more diff",
            "AssertionError: assert {'b': 4} == {'a': 3, 'b': 4}; Right contains 1 more item:; {'a': 3}",
        ),
        (
            "001 roman\n002 \n003 >>> from roman import roman\n004 >>> roman(7)\nExpected:\n    'VII'\nGot:\n"
            "    'VI'\n\nREADME.rst:4: DocTestFailure",
            "roman(7) gave 'VI', not 'VII'",
        ),
        ("KeyError: 'ann'", "KeyError: 'ann'"),
        (f"{Refused.__module__}.Refused: not allowed", "Refused: not allowed"),
        ("ValueError: first\n- one\n- two", "ValueError: first; - one; - two"),
    ],
)
def test_a_failing_test(message: str, said: str) -> None:
    assert _brief(message) == said


def test_the_example_of_a_doctest_that_fails() -> None:
    program = Program("f.py", "f", SOURCE)
    text = ">>> f(1)\n2\n>>> for n in (1, 2):\n...     f(n)\n3\n4\n"
    check = {"kind": "doctest", "call": "f", "text": text}
    said = evaluate(program, program.code([]), check, 5.0).said
    assert said == "for n in (1, 2):; f(n) gave 2; 3, not 3; 4"


def test_what_an_async_function_gives_is_awaited() -> None:
    program = Program("f.py", "f", "async def f(n):\n    return n + 1\n")
    check = {"kind": "call", "call": "f(1)", "expect": "2"}
    assert evaluate(program, program.code([]), check, 5.0) == (True, "2", False)


def test_the_files_that_a_test_uses_are_named(tmp_path: Path) -> None:
    texts = {"pyproject.toml": "", "src/shop/__init__.py": "from .cart import Cart\nfrom shop import money\n"}
    texts |= {"src/shop/cart.py": "", "src/shop/money.py": "", "tests/helper.py": "", "tests/test_it.py": ""}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    at = place(tmp_path / "src/shop/money.py", tmp_path / "tests/test_it.py")
    found = at.used_by(at.root / "tests/test_it.py", "from shop import Cart\nimport helper\nimport os\n")
    assert [one.name for one in found] == ["cart.py", "helper.py"]


def job(folder: Path, tests: str, start: float = math.inf) -> Job:
    """What a child is given for a file and its tests."""
    file, test = folder / "f.py", folder / "test_f.py"
    file.write_text(SOURCE)
    test.write_text(tests)
    found = job_for(file, SOURCE, Specification((), (), str(test)), sys.executable)
    return Job(found.place, SOURCE, (), found.nodes, sys.executable, deadline=Deadline(start))


@pytest.mark.parametrize(
    ("tests", "settings", "said"),
    [
        ("", "[pytest]\nrequired_plugins = pytest-none\n", "Missing required plugins: pytest-none"),
        ("import sys\nsys.exit(3)\n", "", "what they import calls sys.exit()"),
        ("import os\nos._exit(3)\n", "", "What the tests import ended the process (exit status 3)."),
        ("while True:\n    pass\n", "", "What the tests import took more than 5 s to start."),
    ],
)
def test_why_pytest_does_not_begin(tmp_path: Path, tests: str, settings: str, said: str) -> None:
    if settings:
        (tmp_path / "pytest.ini").write_text(settings)
    start = 2.0 if "while" in tests else math.inf
    with Worker(job(tmp_path, tests, start)) as worker, pytest.raises(RunError) as error:
        worker.collected()
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["README.md", "f.py"])
def test_doctests_that_are_named_are_collected(tmp_path: Path, name: str) -> None:
    example = ">>> from f import f\n>>> f(1)\n2\n"
    source = f'"""\n{example}"""\n\n\n{SOURCE}'
    (tmp_path / "f.py").write_text(source)
    (tmp_path / "README.md").write_text(example)
    specification = Specification((), (), str(tmp_path / name))
    with Worker(job_for(tmp_path / "f.py", source, specification, sys.executable)) as worker:
        assert [one.partition("::")[2] for one in worker.collected()] == [name.replace(".py", "")]


def test_an_answer_may_be_that_a_call_raises() -> None:
    found = answer("f(2, 'it raises') raises ValueError")
    assert (found.call, found.expect, found.raises) == ("f(2, 'it raises')", None, "ValueError")
    apart = Distinction("f(0)", "raised ValueError: none", "0")
    evidence = Evidence((), 1, 8, 1, 1, "guarded", (apart,), ())
    assert reasons(evidence)[-1].startswith(
        "f(0) raised ValueError: none with this fix, gives 0 with another"
    )
    assert _questions(evidence) == ["Say so with --answer 'f(0) == VALUE' or 'f(0) raises ValueError'."]
