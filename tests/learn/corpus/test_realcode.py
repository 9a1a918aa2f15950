"""Real functions are cut out with what they need, and only what runs is kept."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from cwm_lsp.learn.corpus.extract import NotSelfContained, self_contained
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.realcode import doctests, library_calls, running
from cwm_lsp.learn.sandbox import Sandbox
from cwm_lsp.record.agent.limits import Limits

MODULE = '''\
"""A module."""
import os
import re
from math import gcd

FACTOR = 3
UNUSED = 4


def _helper(x):
    """Triple."""
    return x * FACTOR


def scale(xs, by=1):
    """Scale.

    >>> scale([1, 2])
    [3, 6]
    >>> scale([4], by=2)
    [24]
    >>> scale(sorted([1]))
    [3]
    >>> xs = scale([0])
    """
    return [_helper(x) * by for x in xs]


def reduced(a, b):
    """
    >>> reduced(4, 6)
    2
    """
    return gcd(a, b)


def here():
    """
    >>> here()
    """
    return os.getcwd()


def slow():
    """
    >>> slow()
    """
    while True:
        pass
'''


def test_a_function_comes_with_what_it_needs() -> None:
    source = self_contained(ast.parse(MODULE), "scale")
    assert source == (
        "FACTOR = 3\n\ndef _helper(x):\n    return x * FACTOR\n\n"
        "def scale(xs, by=1):\n    return [_helper(x) * by for x in xs]\n"
    )


def test_safe_imports_come_along_and_others_do_not() -> None:
    assert self_contained(ast.parse(MODULE), "reduced").startswith("from math import gcd\n")
    with pytest.raises(NotSelfContained, match="os"):
        self_contained(ast.parse(MODULE), "here")
    with pytest.raises(NotSelfContained, match="open"):
        self_contained(ast.parse("def f(p):\n    return open(p).read()\n"), "f")


def test_doctests_become_calls_and_only_those_that_end_are_kept(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken.py").write_text(">>> f(\n", encoding="utf-8")
    found = list(doctests([tmp_path]))
    assert [p.call for p in found] == [
        "scale([1, 2])",
        "scale([4], by=2)",
        "scale([0])",
        "reduced(4, 6)",
        "slow()",
    ]
    with Sandbox(Limits(events=100, seconds=2.0)) as sandbox:
        kept = list(running([*found, Program("def f():\n    return 1\n", "g()", "")], sandbox))
    assert kept == [p for p in found if p.call.startswith(("scale", "reduced"))][: len(kept)]
    assert {p.call for p in kept} >= {"scale([1, 2])", "scale([4], by=2)"}


def test_the_standard_library_is_called() -> None:
    found = list(library_calls(0))
    assert found == list(library_calls(0))
    assert len({p.source for p in found}) > 20
    assert {"real:bisect", "real:posixpath"} & {p.origin for p in found}
