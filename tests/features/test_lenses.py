"""The lenses over the tests of a file."""

from __future__ import annotations

from textwrap import dedent

import pytest

from cwm_lsp.features.claims import claims, failures
from cwm_lsp.features.lenses import lenses
from cwm_lsp.features.results import Call, Recorded
from cwm_lsp.trace.model import SourceFile
from tests.features.world import run

TESTS = """
import unittest

import pytest


def f(n):
    return n


def test_f():
    assert f(2) == 3


@pytest.mark.parametrize("n", [1, 2])
def test_each(n, tmp_path):
    assert f(n) == n


class TestF:
    async def test_f(self):
        assert f(1) == 1


class FCase(unittest.TestCase):
    def test_f(self):
        self.assertEqual(f(1), 1)
"""
NODES = ["test_f", "test_each", "TestF::test_f", "FCase::test_f"]


def check(path: str, *expected: str, ran: str = "", trusted: bool = True) -> None:
    """Each expected lens that looks for a fix is written ``line: title -> what must hold``."""
    source = SourceFile(path, dedent(TESTS).lstrip("\n"))
    results = [Recorded(Call("f", ran), run(source.text, f"f({ran})", path))] if ran else []
    said = claims(source)
    broken = failures(source, said, results)
    found = lenses((), (), path, failures=broken, claims=said, trusted=trusted)
    wished = [f"{one.line}: {one.title} -> {one.wish.name}" for one in found if one.wish is not None]
    assert wished == list(expected)


def test_each_test_of_a_test_file_can_be_run_and_mended() -> None:
    lines = (10, 15, 20, 25)
    nodes = (f"/w/test_shop.py::{node}" for node in NODES)
    check(
        "/w/test_shop.py",
        *(f"{line}: If it fails, find a fix -> {node}" for line, node in zip(lines, nodes, strict=True)),
    )


def test_one_that_a_run_has_broken_says_so_instead() -> None:
    check(
        "/w/test_shop.py",
        "11: gave 2: find a fix -> /w/test_shop.py::test_f",
        *(
            f"{line}: If it fails, find a fix -> /w/test_shop.py::{node}"
            for line, node in zip((15, 20, 25), NODES[1:], strict=True)
        ),
        ran="2",
    )


@pytest.mark.parametrize(("path", "trusted"), [("/w/shop.py", True), ("/w/test_shop.py", False)])
def test_none_where_pytest_collects_nothing_or_nothing_may_be_run(path: str, trusted: bool) -> None:
    check(path, trusted=trusted)
