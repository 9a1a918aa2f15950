"""Forced predictions beside the runs they were made for, as pictures."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from cwm_lsp.align.compare import compare
from cwm_lsp.align.model import Agreement, DivergenceKind
from cwm_lsp.align.visits import visits
from cwm_lsp.trace.model import Value
from tests.align.picture import MEAN, check, edited, foresee
from tests.codec.programs import record


def test_a_right_prediction_agrees_throughout() -> None:
    check(
        MEAN,
        "mean_above([4, 2], 3)",
        "",
        """
        1 def mean_above(xs, floor):
        2     total = 0
              1/1 total = 0 ✓
        3     for x in xs:
              1/3 x = 4 ✓
              2/3 x = 2 ✓
        4         if x > floor:
        5             total += x
              1/1 total = 4 ✓
        6     return total / len(xs)
              1/1 <- 2.0 ✓
        ---
        values 5/5+0 flow 9/9+0
        divergence: none
        """,
    )


def test_a_wrong_value_is_the_first_divergence_and_later_ones_are_not() -> None:
    check(
        MEAN,
        "mean_above([4, 9], 3)",
        """
        5#2 total = 12 @71
        6#1 <- 6.0 @58
        """,
        """
        1 def mean_above(xs, floor):
        2     total = 0
              1/1 total = 0 ✓
        3     for x in xs:
              1/3 x = 4 ✓
              2/3 x = 9 ✓
        4         if x > floor:
        5             total += x
              1/2 total = 4 ✓
        ◆     2/2 total = 13 ✗ 12 @71%
        6     return total / len(xs)
              1/1 <- 6.5 ✗ 6.0 @58%
        ---
        values 4/6+0 flow 10/10+0
        divergence: value total at line 5: 12 for 13 @71%
        """,
    )


def test_another_next_line_is_told_where_the_branch_was_taken() -> None:
    check(
        MEAN,
        "mean_above([2], 3)",
        "4#1 -> line 5 @64",
        """
        1 def mean_above(xs, floor):
        2     total = 0
              1/1 total = 0 ✓
        3     for x in xs:
              1/2 x = 2 ✓
        4         if x > floor:
        ◆     1/1 -> line 3 ✗ line 5 @64%
        5             total += x
        6     return total / len(xs)
              1/1 <- 0.0 ✓
        ---
        values 3/3+0 flow 5/6+0
        divergence: next_line at line 4: line 5 for line 3 @64%
        """,
    )


def test_under_the_threshold_nothing_is_held_against_the_model() -> None:
    check(
        MEAN,
        "mean_above([2], 3)",
        """
        3#1 x = 7 @40
        4#1 -> line 5 @30
        6#1 <- 0.0 @49
        """,
        """
        1 def mean_above(xs, floor):
        2     total = 0
              1/1 total = 0 ✓
        3     for x in xs:
              1/2 x = 2 withheld 7 @40%
        4         if x > floor:
              1/1 -> line 3 withheld line 5 @30%
        5             total += x
        6     return total / len(xs)
              1/1 <- 0.0 withheld 0.0 @49%
        ---
        values 1/1+2 flow 5/5+1
        divergence: none
        """,
    )


def test_names_missing_extra_and_gone() -> None:
    source = """
    def f(n):
        a = n
        b = n
        c = n
        del c
        return a
    """
    check(
        source,
        "f(1)",
        """
        2#1 del a
        3#1 z = 9 @80
        4#1 unbind a
        """,
        """
        1 def f(n):
        2     a = n
              1/1 a = 1 withheld
        3     b = n
              1/1 b = 1 ✓
        ◆     1/1 z = none ✗ extra 9 @80%
        4     c = n
              1/1 c = 1 ✓
              1/1 a = 1 ✗ missing
        5     del c
        6     return a
              1/1 <- 1 ✓
        ---
        values 3/5+1 flow 6/6+0
        divergence: extra z at line 3: 9 for no such name @80%
        """,
    )


def test_a_value_that_the_model_leaves_alone() -> None:
    found = check(
        "def f(n):\n    n += 1\n    return n\n",
        "f(1)",
        "2#1 del n",
        """
        1 def f(n):
        2     n += 1
        ◆     1/1 n = 2 ✗ missing
        3     return n
              1/1 <- 2 ✓
        ---
        values 1/2+0 flow 3/3+0
        divergence: missing n at line 2: no change for 2 @90%
        """,
    )
    assert found.steps[1].values[0].agreement is Agreement.MISSING


def test_arguments_of_a_call_are_told_at_the_function() -> None:
    check(
        """
        def g(a):
            return a * 2

        def f(n):
            for i in range(2):
                n = g(n)
            return n
        """,
        "f(1)",
        "6#2 a = 5 @77",
        """
        1 def g(a):
        2     return a * 2
              1/1 <- 2 ✓
              1/1 <- 4 ✓
        3
        4 def f(n):
        5     for i in range(2):
              1/3 i = 0 ✓
              2/3 i = 1 ✓
        6         n = g(n)
              1/2 a = 1 ✓
              1/2 n = 2 ✓
        ◆     2/2 a = 2 ✗ 5 @77%
              2/2 n = 4 ✓
        7     return n
              1/1 <- 4 ✓
        ---
        values 8/9+0 flow 13/13+0
        divergence: value a at line 1: 5 for 2 @77%
        """,
    )


def test_an_exception_that_was_not_expected() -> None:
    check(
        """
        def f(n):
            try:
                r = [][n]
            except IndexError as error:
                r = str(error)
            return r
        """,
        "f(0)",
        "3#1 -> line 6 @66",
        """
        1 def f(n):
        2     try:
        3         r = [][n]
        ◆     1/1 -> exception 3 ✗ line 6 @66%
              1/1 <- IndexError('list index out of range') uncompared
        4     except IndexError as error:
              1/1 error = IndexError('list index out of range') ✓
        5         r = str(error)
              1/1 r = 'list index out of range' ✓
        6     return r
              1/1 <- 'list index out of range' ✓
        ---
        values 3/3+0 flow 6/7+0
        divergence: exception at line 3: line 6 for IndexError('list index out of range') @66%
        """,
    )


@pytest.mark.parametrize(
    ("edit", "kind", "predicted"),
    [
        ("3#1 <- KeyError('k') @80", DivergenceKind.EXCEPTION, "KeyError('k')"),
        ("3#1 -> return @80", DivergenceKind.EXCEPTION, "return"),
        ("2#1 -> return 2 @80", DivergenceKind.EVENT, "return"),
        ("2#1 -> call 1 @80", DivergenceKind.EVENT, "call of f at line 1"),
        ("2#1 -> line 1 @80", DivergenceKind.NEXT_LINE, "line 1"),
        ("2#1 -> exception 2 @80", DivergenceKind.EXCEPTION, "exception"),
    ],
)
def test_kinds_of_divergence(edit: str, kind: DivergenceKind, predicted: str) -> None:
    trace = record("def f(n):\n    m = n\n    return m // 0\n", "f(1)")
    found = compare(trace, edited(trace, edit), threshold=0.5, model="test").divergence
    assert found is not None
    assert (found.kind, found.predicted, found.probability) == (kind, predicted, 0.8)


@pytest.mark.parametrize(
    ("edit", "observed"),
    [("2#1 -> line 3 @80", "suspension"), ("6#2 -> line 8 @80", "g resumed at line 2")],
)
def test_a_frame_that_waits_has_not_returned_and_is_not_called_anew(edit: str, observed: str) -> None:
    source = """
        def g(n):
            yield n
            yield 2

        def f(n):
            for x in g(n):
                m = x
            return m
    """
    trace = record(dedent(source).lstrip(), "f(1)")
    found = compare(trace, edited(trace, edit), threshold=0.5, model="test").divergence
    assert found is not None
    assert found.observed == observed


def test_a_prediction_that_ends_early_leaves_the_rest_uncompared() -> None:
    check(
        MEAN,
        "mean_above([2], 3)",
        "4#1 end",
        """
        1 def mean_above(xs, floor):
        2     total = 0
              1/1 total = 0 ✓
        3     for x in xs:
              1/2 x = 2 ✓
              2/2 -> line 6 uncompared
        4         if x > floor:
              1/1 -> line 3 uncompared
        5             total += x
        6     return total / len(xs)
              1/1 -> return 6 uncompared
              1/1 <- 0.0 uncompared
        ---
        values 2/2+0 flow 3/3+0
        divergence: none
        """,
    )


def test_visits_count_within_one_activation() -> None:
    trace = record(
        dedent(
            """
            def fall(n):
                while n > 0:
                    n -= 1
                return n

            def f(n):
                return fall(1) + fall(2)
            """
        ),
        "f(0)",
    )
    comparison = compare(trace, foresee(trace), threshold=0.5, model="test")
    assert [(row.visit, row.visits, row.observed) for row in visits(comparison, 4)] == [
        (1, 1, "0"),
        (1, 2, "1"),
        (2, 2, "0"),
    ]


def test_visits_of_a_branch_say_where_it_went() -> None:
    trace = record(MEAN.lstrip(), "mean_above([4, 2], 3)")
    comparison = compare(trace, edited(trace, "4#2 -> line 5 @64"), threshold=0.5, model="test")
    rows = visits(comparison, 4)
    assert [(row.visit, row.subject, row.observed, row.predicted, row.agreement) for row in rows] == [
        (1, "next", "line 5", "line 5", Agreement.AGREES),
        (2, "next", "line 3", "line 5", Agreement.DIFFERS),
    ]
    (result,) = visits(comparison, 6)
    assert (result.subject, result.observed, result.probability) == ("return", "2.0", 0.9)


def test_opaque_and_cut_values_are_not_compared() -> None:
    trace = record("def f(n):\n    a = n\n    b = n\n    return n\n", "f(1)")
    hidden = {
        2: {"a": Value("<Foo object>", opaque=True)},
        3: {"a": Value("<Foo object>", opaque=True), "b": Value("[1, 2, …", cut=True)},
        4: {"a": Value("<Foo object>", opaque=True), "b": Value("[1, 2, …", cut=True)},
    }
    events = tuple(
        replace(event, locals={**event.locals, **hidden.get(index, {})})
        for index, event in enumerate(trace.events)
    )
    trace = replace(trace, events=events)
    comparison = compare(trace, edited(trace, "2#1 a = 3\n3#1 del b"), threshold=0.5, model="test")
    said = {value.name: value.agreement for step in comparison.steps for value in step.values}
    assert said == {"a": Agreement.UNCOMPARED, "b": Agreement.UNCOMPARED}
    assert comparison.values.total == 1
