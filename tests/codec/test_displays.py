"""Value texts taken apart, and how much of a long one is shown."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.codec.displays import LONGEST_STRING, MOST_ITEMS, ROOM, shown, split_fields
from cwm_lsp.trace.render import RenderLimits, render

_ALL = RenderLimits(string=100_000, items=100_000, text=1_000_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (repr([1, 2]), "[1, 2]"),
        (repr([0] * 301), f"[{', '.join(['0'] * 50)}, … 251 more]"),
        (repr("x" * 250), f"'{'x' * 200}… 50 more'"),
        (repr(b"x" * 250), f"b'{'x' * 200}… 50 more'"),
        (repr("\n" * 250), "'" + "\\n" * 200 + "… 50 more'"),
        (repr(["y" * 250, "z" * 99, 1]), f"['{'y' * 200}… 50 more', '{'z' * 99}', … 1 more]"),
        (f"<Cart items={[0] * 80}, n=1>", f"<Cart items=[{', '.join(['0'] * 50)}, … 30 more], n=1>"),
        ("[1, … 900 more]", "[1, … 900 more]"),
        (f"[{'12345, ' * 60}… 900 more]", f"[{'12345, ' * 50}… 910 more]"),
    ],
)
def test_a_long_value_is_shown_as_far_as_there_is_room(text: str, expected: str) -> None:
    assert shown(text) == expected


_VALUES = st.recursive(
    st.integers() | st.text(max_size=400) | st.none() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=120)
        | st.dictionaries(st.text(max_size=9) | st.integers(), inner, max_size=80)
        | st.tuples(inner, inner)
    ),
    max_leaves=200,
)


@given(_VALUES)
def test_what_is_shown_is_bounded_settled_and_begins_like_the_value(value: object) -> None:
    text = render(value, _ALL)[0]
    short = shown(text)
    assert shown(short) == short
    # The last item may begin within the room and end behind it; each level adds a mark.
    assert len(short) <= ROOM + 12 * LONGEST_STRING + 200
    parts, whole = split_fields(short), split_fields(text)
    assert (parts is None) == (whole is None)
    if parts is not None and whole is not None:
        assert parts[0] == whole[0]
        assert len(parts[1]) <= MOST_ITEMS + 1
    if len(text) <= LONGEST_STRING:
        assert short == text


def test_a_string_is_never_cut_within_an_escape() -> None:
    for count in range(190, 210):
        short = shown(repr("a" * count + "\x00" * 300))
        assert isinstance(ast.literal_eval(short), str)
