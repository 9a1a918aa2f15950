"""Copies are found whatever their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cwm_lsp.learn.corpus.dedup import Exclusions, program_key, source_key
from cwm_lsp.learn.corpus.program import Program

ORIGINAL = '''\
def count_vowels(text, extra=""):
    """Count the vowels."""
    total = 0
    for ch in text:
        if ch.lower() in "aeiou" + extra:
            total += 1  # one more
    return total
'''

RENAMED = """\
def f(s: str, more=''):
    n = 0
    for c in s:
        if c.lower() in 'aeiou' + more:
            n += 1

    return n
"""

OTHER = """\
def merge(a, b):
    result = dict(a)
    for key, value in b.items():
        result[key] = result.get(key, 0) + value
    return result
"""


def test_names_hints_docstrings_and_layout_do_not_matter() -> None:
    assert source_key(ORIGINAL) == source_key(RENAMED)


@pytest.mark.parametrize(
    ("old", "new"), [("aeiou", "aei"), ("+= 1", "+= 2"), (".lower", ".upper"), ("in '", "not in '")]
)
def test_what_is_computed_matters(old: str, new: str) -> None:
    assert old in RENAMED
    assert source_key(RENAMED) != source_key(RENAMED.replace(old, new))


def test_keyword_arguments_follow_their_parameter() -> None:
    one = "def g(a):\n    return a\n\n\ndef f(b):\n    return g(a=b)\n"
    two = "def h(x):\n    return x\n\n\ndef k(y):\n    return h(x=y)\n"
    assert source_key(one) == source_key(two)


def test_a_program_is_its_source_and_its_arguments() -> None:
    first = Program(ORIGINAL, "count_vowels('abc')", "a")
    assert program_key(first) == program_key(Program(RENAMED, "f('abc')", "b"))
    assert program_key(first) != program_key(Program(ORIGINAL, "count_vowels('abd')", "a"))


def test_a_renamed_copy_is_excluded_and_another_function_is_not() -> None:
    excluded = Exclusions([ORIGINAL])
    assert len(excluded) == 1
    assert excluded.holds(RENAMED)
    assert not excluded.holds(OTHER)


def test_a_near_copy_is_excluded() -> None:
    near = RENAMED.replace("n += 1", "n += 2").replace("return n", "return n, s")
    assert source_key(near) != source_key(ORIGINAL)
    assert Exclusions([ORIGINAL]).holds(near)


def test_a_helper_added_to_a_copy_does_not_hide_it_fully() -> None:
    padded = RENAMED.replace("    return n", "    if n > 10:\n        n = 10\n    return n")
    assert Exclusions([ORIGINAL]).overlap(padded) > 0.5
    assert Exclusions([ORIGINAL]).overlap(OTHER) < 0.2


def test_nothing_is_excluded_by_nothing() -> None:
    assert not Exclusions().holds(ORIGINAL)


def test_broken_sources_are_compared_by_their_tokens() -> None:
    broken = RENAMED + "  oops("
    assert Exclusions([broken]).holds(broken.replace("n += 1", "n += 2"))
    assert not Exclusions([broken]).holds(OTHER + "oops(")


def test_exclusions_come_from_files(tmp_path: Path) -> None:
    path = tmp_path / "eval.jsonl"
    path.write_text(json.dumps({"code": ORIGINAL, "input": "'abc'", "output": "1"}), encoding="utf-8")
    assert Exclusions.from_paths([path]).holds(RENAMED)
