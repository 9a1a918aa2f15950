"""Columns and edits in all encodings, held against Python's own encoders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.lsp.positions import Encoding, characters, offset, replaced, units

WIDTHS = {Encoding.UTF8: ("utf-8", 1), Encoding.UTF16: ("utf-16-le", 2), Encoding.UTF32: ("utf-32-le", 4)}
ENCODINGS = st.sampled_from(list(Encoding))
LINES = st.text(st.sampled_from("aé語🐍\t\x0c\x0b\u2028\x85"), max_size=8)


def reference(text: str, encoding: Encoding) -> int:
    codec, width = WIDTHS[encoding]
    return len(text.encode(codec)) // width


@given(text=st.text(st.characters(exclude_categories=["Cs"])), encoding=ENCODINGS)
def test_lengths_are_those_of_the_encoders(text: str, encoding: Encoding) -> None:
    assert units(text, encoding) == reference(text, encoding)


@given(line=LINES, encoding=ENCODINGS, data=st.data())
def test_columns_go_there_and_back(line: str, encoding: Encoding, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(line)))
    assert characters(line, units(line[:index], encoding), encoding) == index


@given(
    lines=st.lists(LINES, min_size=1, max_size=5),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    insert=st.text(st.sampled_from("xé🐍\n"), max_size=4),
    encoding=ENCODINGS,
    data=st.data(),
)
def test_an_edit_by_range_is_an_edit_by_index(
    lines: list[str], ending: str, insert: str, encoding: Encoding, data: st.DataObject
) -> None:
    text = ending.join(lines)
    places = []
    for _ in range(2):
        line = data.draw(st.integers(0, len(lines) - 1))
        column = data.draw(st.integers(0, len(lines[line])))
        index = sum(len(one) + len(ending) for one in lines[:line]) + column
        places.append((index, (line, units(lines[line][:column], encoding))))
    (first, start), (last, end) = sorted(places)
    assert replaced(text, start, end, insert, encoding) == text[:first] + insert + text[last:]


@pytest.mark.parametrize(
    ("line", "column", "index"), [(0, 99, 2), (1, 0, 3), (9, 0, 5), (1, 99, 5), (0, -1, 0)]
)
def test_positions_beyond_the_text_are_at_its_end(line: int, column: int, index: int) -> None:
    assert offset("ab\ncd", line, column, Encoding.UTF16) == index
