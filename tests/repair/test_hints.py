"""What a function gives away by itself, and which edits that speaks for."""

from __future__ import annotations

import ast

import pytest

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.templates.hints import FACTOR, STALE, Hints, hints
from cwm_lsp.repair.text import Text

RUN = """\
def longest(values, unused):
    best = length = 0
    previous, limit = None, 3
    for value in values:
        if value == previous and length < limit:
            length += 1
        best = max(best, best)
    last = best
    return best
"""


def hinted(source: str) -> Hints:
    """The hints of the first function."""
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    return hints(function, Text(source))


def test_names_that_nothing_reads_or_changes_and_equal_neighbours_are_seen() -> None:
    found = hinted(RUN)
    assert found.unread == {"unused", "last"}
    assert found.stale == {"previous", "limit"}
    assert {RUN[slice(*place)] for place in found.twice} == {"best"}


@pytest.mark.parametrize(
    ("old", "new", "factor"),
    [
        ("length += 1", "length += 1; previous = value", STALE),
        ("length += 1", "length += unused", FACTOR),
        ("best, best", "best, length", FACTOR),
        ("length += 1", "length += 2", 1.0),
        ("length < limit", "length <= limit", 1.0),
        ("length < limit", "previous == limit", 1.0),
    ],
)
def test_an_edit_that_does_what_is_lacking_is_likelier(old: str, new: str, factor: float) -> None:
    start = RUN.index(old)
    if old == "best, best":
        start, old, new = start + len("best, "), "best", "length"
    edit = Candidate((Edit(start, start + len(old), new),), "any", 5, 0.1)
    assert hinted(RUN).factor(edit, Text(RUN)) == factor


def test_the_forgotten_update_comes_before_other_updates() -> None:
    found = [one for one in candidates(RUN, {}, range(1, 10)) if one.kind == "missing update"]
    assert found[0].edits[0].text.split()[0] in ("previous", "limit")
    place = next(n for n, one in enumerate(found) if one.edits[0].text.strip() == "previous = value")
    others = [n for n, one in enumerate(found) if one.edits[0].text.strip() == "best = value"]
    assert place < min(others)
