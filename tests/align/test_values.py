"""When two texts say the same value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.align.values import in_other_words, same_text, same_value
from cwm_lsp.trace.model import Value

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=4)
    | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("6", "6", True),
        ("6", "7", False),
        ("1", "1.0", False),
        ("1", "True", False),
        ("1000.0", "1e3", True),
        ("0.1", "0.10", True),
        ("0.1", "0.10000000000000001", True),
        ("0.0", "-0.0", False),
        ("nan", "nan", True),
        ("inf", "-inf", False),
        ("'a'", '"a"', True),
        ("'a'", "b'a'", False),
        ("{1, 2, 3}", "{3, 1, 2}", True),
        ("{1, 2}", "{1, 2, 3}", False),
        ("[{1, 2}, {'k': {4, 3}}]", "[{2, 1}, {'k': {3, 4}}]", True),
        ("frozenset({1, 2})", "frozenset({2, 1})", True),
        ("frozenset({1, 2})", "{1, 2}", False),
        ("set()", "{}", False),
        ("[1, 2]", "[2, 1]", False),
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", False),
        ("(1,)", "(1)", False),
        ("Point(x=1, tags={1, 2})", "Point(x=1, tags={2, 1})", True),
        ("<Foo object>", "<Foo object at 0x7f3a>", True),
        ("<Foo object>", "<Bar object>", False),
        ("defaultdict(<class 'int'>, {'a': 1})", "defaultdict(<class 'int'>, {'a': 1})", True),
        ("ValueError('no')", 'ValueError("no")', True),
        ("", "", True),
        ("[", "]", False),
        ("(" * 5000, ")" * 5000, False),
    ],
)
def test_same_text(left: str, right: str, same: bool) -> None:
    assert same_text(left, right) is same
    assert same_text(right, left) is same


def test_a_text_without_attributes_is_not_held_against_one_with_them() -> None:
    observed = Value("<Foo n=1>")
    assert same_value(observed, "<__main__.Foo object at 0x7f3a>") is None
    assert same_value(observed, "<Foo object>") is None
    assert same_value(observed, "<Bar object>") is False
    assert same_value(observed, "<Foo n=2>") is False
    assert same_value(observed, "<Foo n=1>") is True


@pytest.mark.parametrize(
    ("observed", "text", "other"),
    [
        ("<ann 0.00>", "<Account owner='ann', balance=0.0>", True),
        ("<Account owner='ann'>", "<ann 0.00>", True),
        ("Item(name='pen')", "<Item name='pen'>", True),
        ("<Account owner='ann'>", "<Account owner='bob'>", False),
        ("None", "<Account owner='ann'>", False),
        ("<Account owner='ann'>", "None", False),
        ("<ann 0.00>", "<bob 0.00>", False),
    ],
)
def test_fields_are_not_held_against_what_a_class_writes(observed: str, text: str, other: bool) -> None:
    assert in_other_words(Value(observed), text) is other


@pytest.mark.parametrize("value", [Value("[1, 2, ...]", cut=True), Value("<Foo object>", opaque=True)])
def test_what_does_not_describe_its_value_is_not_compared(value: Value) -> None:
    assert same_value(value, value.text) is None


@given(plain, plain)
@settings(deadline=None)
def test_reprs_of_plain_values_are_the_same_as_the_values(one: object, other: object) -> None:
    # repr tells 1, 1.0 and True apart, which == does not.
    assert same_text(repr(one), repr(other)) == (repr(one) == repr(other))


@given(st.sets(st.integers() | st.text(max_size=3), min_size=1))
@settings(deadline=None)
def test_sets_are_the_same_in_any_order(items: set[object]) -> None:
    ordered = sorted(items, key=repr)
    shuffled = list(reversed(ordered))
    left, right = (f"{{{', '.join(map(repr, some))}}}" for some in (ordered, shuffled))
    assert same_text(left, right)


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None)
def test_any_text_is_compared_without_error(left: str, right: str) -> None:
    assert same_text(left, left)
    same_text(left, right)
