"""The child that runs what nobody has read: whatever a program does to it, the next one runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cwm_lsp.errors import RunError
from cwm_lsp.learn.sandbox import ROW_LIMITS, Sandbox

GOOD = "def f(n):\n    return n + 1\n"
STUBBORN = """\
def f(n):
    while True:
        try:
            while True: pass
        except BaseException: pass
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(ROW_LIMITS._replace(seconds=1.0), grace=2.0) as made:
        yield made


def returned(sandbox: Sandbox, source: str, call: str = "f(1)") -> str:
    value = sandbox.trace(source, call).events[-1].value
    assert value is not None
    return value.text


def test_it_records_a_call(sandbox: Sandbox) -> None:
    assert returned(sandbox, GOOD) == "2"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import os\ndef f(n):\n    os._exit(0)\n", "ended the process"),
        (STUBBORN, "did not end"),
        ("while True: pass\n", "did not end"),
        ("raise SystemExit(2)\n", "could not be run"),
        ("def f(:\n", "does not parse"),
        ("def g(n): pass\n", "no function f"),
    ],
)
def test_what_ends_badly_is_an_error_and_the_next_run_works(sandbox: Sandbox, source: str, says: str) -> None:
    with pytest.raises(RunError, match=says):
        sandbox.trace(source, "f(1)")
    assert returned(sandbox, GOOD) == "2"


def test_a_program_reaches_neither_our_streams_nor_our_folder(sandbox: Sandbox) -> None:
    assert (
        returned(sandbox, "import sys\ndef f(n):\n    print('x' * 9999)\n    return sys.stdin.read()\n")
        == "''"
    )
    assert returned(sandbox, "import os\ndef f(n):\n    os.close(1)\n    return os.listdir()\n") == "[]"
    assert returned(sandbox, GOOD) == "2"


def test_sets_of_texts_have_one_order() -> None:
    source = "def f(n):\n    return list({'a', 'bb', 'ccc', 'dddd', str(n)})\n"
    with Sandbox() as first, Sandbox() as second:
        assert returned(first, source) == returned(second, source)


def test_closing_twice_is_allowed_and_ends_the_child() -> None:
    sandbox = Sandbox()
    assert returned(sandbox, GOOD) == "2"
    sandbox.close()
    sandbox.close()
