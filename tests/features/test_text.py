"""Widths, cuts, safe lines and percentages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.align.model import Agreement, ComparedValue
from cwm_lsp.features import verdicts
from cwm_lsp.features.display import State, joined, observed
from cwm_lsp.features.fitting import fit
from cwm_lsp.features.text import cells, clean, clip, parting, percent
from cwm_lsp.features.unparsed import unparsed
from cwm_lsp.trace.model import SourceFile, Value
from cwm_lsp.trace.predicted import Guess


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.0, "0 %"), (0.001, "1 %"), (0.5, "50 %"), (0.714, "71 %"), (0.999, "99 %"), (1.0, "100 %")],
)
def test_probabilities_are_whole_and_certain_only_when_they_are(probability: float, shown: str) -> None:
    assert percent(probability) == shown


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("[4, 9, 2, 7]", 12, "[4, 9, 2, 7]"),
        ("[4, 9, 2, 7]", 9, "[4, 9…]"),
        ("'abcdefgh'", 6, "'abc…'"),
        ("abcdefgh", 4, "abc…"),
        ("[0, 1, 2, … 9,997 more]", 23, "[0, 1, 2, … 9,997 more]"),
        ("[0, 1, 2, … 9,997 more]", 12, "[0, 1, 2…]"),
        ("'日本語文字'", 8, "'日本…'"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_cuts_are_marked_and_keep_the_closing_bracket(text: str, width: int, cut: str) -> None:
    assert clip(text, width) == cut


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\nb\tc", r"a\nb\tc"),
        ("x\u202ey", r"x\u202ey"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\ud800", r"\ud800"),
        ("é🐍", "é🐍"),
    ],
)
def test_characters_that_move_or_hide_others_are_escaped(text: str, safe: str) -> None:
    assert clean(text) == safe


@given(text=st.text(), width=st.integers(0, 40))
def test_a_cut_text_fits(text: str, width: int) -> None:
    assert cells(clip(clean(text), width)) <= width


@given(values=st.lists(st.text(max_size=60), min_size=1, max_size=4), width=st.integers(1, 80))
def test_fragments_fit_the_space_there_is(values: list[str], width: int) -> None:
    fragments = [observed("name", Value(value)) for value in values]
    kept = fit(fragments, width)
    assert cells(joined(kept)) <= width
    assert len(kept) >= 1
    assert all(fragment.state is State.OBSERVED for fragment in kept)


def test_long_values_give_way_to_short_ones() -> None:
    fragments = [observed("xs", Value(str(list(range(99))))), observed("n", Value("12345"))]
    assert joined(fit(fragments, 34)) == "xs = [0, 1, 2, 3, 4…] · n = 12345"
    assert joined(fit(fragments, 18)) == "xs = [0, 1, 2, 3…]"
    assert joined(fit(fragments, 4)) == "xs…"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, "Item(name='bolt', price=0.5, quantity=10)"),
        (20, "…quantity=10)"),
        (9, "…quanti…)"),
    ],
)
def test_what_differs_stays_in_sight(width: int, shown: str) -> None:
    one, other = "Item(name='bolt', price=0.5, quantity=10)", "Item(name='bolt', price=0.5, quantity=9)"
    assert clip(one, width, parting(one, other)) == shown


def test_a_difference_is_seen_in_both_of_two_long_values() -> None:
    seen = Value("Item(name='bolt', price=0.5, quantity=10)", "Item")
    guess = Guess("Item(name='bolt', price=0.5, quantity=9)", 0.8)
    fragment = verdicts.compared(ComparedValue("item", seen, guess, Agreement.DIFFERS))
    assert fragment is not None
    [fitted] = fit([fragment], 60)
    assert fitted.text == "item = …quantity=10) ✗ predicted …quantity=9) · 80 %"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def f(:\n", "a.py does not parse: line 1: invalid syntax."),
        ("x = 1\ny = (\n", "a.py does not parse: line 2: '(' was never closed."),
    ],
)
def test_a_file_that_does_not_parse_is_told_where(text: str, why: str) -> None:
    assert unparsed(SourceFile("a.py", text)).message == why
