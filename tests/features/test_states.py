"""Pictures: what stands at the end of each line, for runs, predictions and both."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from cwm_lsp.align.compare import compare
from cwm_lsp.align.model import Agreement, ComparedValue
from cwm_lsp.align.visits import visits
from cwm_lsp.features import display, states, verdicts
from cwm_lsp.features.display import State
from cwm_lsp.predict import entry_trace
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep
from tests.features.picture import picture
from tests.features.world import SURE, THRESHOLD, Beliefs, compared, forced, run

MEAN = """\
def mean_above(xs, floor):
    total = 0
    for x in xs:
        if x > floor:
            total += x
    return total / len(xs)
"""
CALL = "mean_above([4, 9, 2, 7], 3)"

TREE = """\
def total(tree):
    if not tree:
        return 0
    left, right = tree
    rest = total(right)
    return left + rest
"""

RAISES = """\
def first(xs):
    try:
        return xs[0]
    except IndexError as error:
        return str(error)
"""


def check(
    source: str, call: str, expected: str, *, beliefs: Beliefs | None = None, focus: int | None = None
) -> None:
    """Hold the picture of ``call`` against ``expected``; with ``beliefs``, beside a model that has them."""
    if beliefs is None:
        placements = states.of_trace(run(source, call), focus=focus)
    else:
        placements = states.of_comparison(compared(source, call, beliefs), focus=focus)
    assert picture(source, placements) == dedent(expected).strip("\n")


def test_a_run_shows_the_last_visit_of_each_line() -> None:
    check(
        MEAN,
        CALL,
        """
        |  def mean_above(xs, floor):        xs = [4, 9, 2, 7] · floor = 3
        |      total = 0                     total = 0
        |      for x in xs:                  x = 7 ⟨4/5⟩
        |          if x > floor:
        |              total += x            total = 20 ⟨3/3⟩
        |      return total / len(xs)        ← 5.0
        """,
    )


def test_a_comparison_shows_the_visits_around_the_first_divergence() -> None:
    check(
        MEAN,
        CALL,
        """
        |  def mean_above(xs, floor):        xs = [4, 9, 2, 7] · floor = 3
        |      total = 0                     total = 0 ✓
        |      for x in xs:                  x = 2 ✓ ⟨3/5⟩
        |◆         if x > floor:             → next line 3 ✗ predicted line 5 · 64 % ⟨3/4⟩
        |              total += x            total = 13 ✓ ⟨2/3⟩
        |      return total / len(xs)        ← 5.0 ✗ predicted 6.67 · 58 %
        """,
        beliefs={10: {"line": ("5", 0.64)}, 15: {"return": ("6.67", 0.58)}},
    )


def test_a_chosen_step_moves_all_lines_but_the_mark() -> None:
    check(
        MEAN,
        CALL,
        """
        |  def mean_above(xs, floor):        xs = [4, 9, 2, 7] · floor = 3
        |      total = 0                     total = 0 ✓
        |      for x in xs:                  x = 4 ✓ ⟨1/5⟩
        |◆         if x > floor:             → next line 3 ✗ predicted line 5 · 64 % ⟨3/4⟩
        |              total += x            total = 4 ✓ ⟨1/3⟩
        |      return total / len(xs)        ← 5.0 ✓
        """,
        beliefs={10: {"line": ("5", 0.64)}},
        focus=5,
    )


def test_a_model_that_is_right_gets_no_mark() -> None:
    comparison = compared(MEAN, CALL, {})
    placements = states.of_comparison(comparison)
    assert not any(placement.mark for placement in placements)
    assert {fragment.state for placement in placements for fragment in placement.fragments} == {
        State.OBSERVED,
        State.AGREES,
    }


def test_arguments_of_inner_calls_stand_where_their_names_are_bound() -> None:
    check(
        TREE,
        "total((1, (2, None)))",
        """
        |◆ def total(tree):                  tree = None ✗ predicted (2, None) · 70 %
        |      if not tree:
        |          return 0                  ← 0 ✓
        |      left, right = tree            left = 2 ✓ · right = None ✓
        |      rest = total(right)           rest = 0 ✓
        |      return left + rest            ← 2 ✓
        """,
        beliefs={8: {"tree": ("(2, None)", 0.7)}},
    )


def test_lines_of_a_recursion_show_one_call_and_not_values_of_several() -> None:
    check(
        TREE,
        "total((1, (2, (3, None))))",
        """
        |  def total(tree):                  tree = (1, (2, (3, None)))
        |      if not tree:
        |          return 0                  ← 0
        |      left, right = tree            left = 1 · right = (2, (3, None))
        |      rest = total(right)           rest = 5
        |      return left + rest            ← 6
        """,
    )


def test_lines_after_the_focus_show_the_call_that_it_is_in() -> None:
    check(
        TREE,
        "total((1, (2, (3, None))))",
        """
        |  def total(tree):                  tree = (2, (3, None))
        |      if not tree:
        |          return 0                  ← 0
        |      left, right = tree            left = 2 · right = (3, None)
        |      rest = total(right)           rest = 3
        |      return left + rest            ← 5
        """,
        focus=7,
    )


GENERATOR = """\
def squares(n):
    for i in range(n):
        yield i * i

def total(n):
    return sum(squares(n))
"""


def test_a_generator_yields_and_returns_nothing_until_its_end() -> None:
    check(
        GENERATOR,
        "total(3)",
        """
        |  def squares(n):                   n = 3
        |      for i in range(n):            ← None ⟨4/4⟩
        |          yield i * i               yields 4 ⟨3/3⟩
        |
        |  def total(n):                     n = 3
        |      return sum(squares(n))        ← 5
        """,
    )


def test_what_a_line_goes_into_again_and_again_is_told_once() -> None:
    source = """
    def each(xs):
        for x in xs:
            yield x

    def f(xs):
        total = sum(each(xs))
        return total
    """
    steps = run(source, "f([4, 5, 6])").events
    resumed = [index for index, event in enumerate(steps) if event.kind is EventKind.CALL and index > 1]
    beliefs = {index: {"line": ("7", 0.9)} for index in resumed}
    placed = states.of_comparison(compared(source, "f([4, 5, 6])", beliefs))
    (line,) = [one.text for one in placed if one.line == 6]
    assert line.count("each resumed ✗ predicted") == 1, line
    assert line.endswith("total = 15 ✓"), line


def test_what_a_generator_yields_is_not_said_to_be_returned() -> None:
    comparison = compared(GENERATOR, "total(3)", {})
    [yields] = [one.text for one in states.of_comparison(comparison) if one.line == 3]
    assert yields == "yields 4 ✓ ⟨3/3⟩"
    given = {row.subject: row.observed for row in visits(comparison, 3) if row.subject != "next"}
    assert given == {"yield": "4"}


def test_what_a_generator_is_predicted_to_yield_is_not_said_to_be_returned() -> None:
    start = entry_trace(SourceFile("shop.py", GENERATOR), "squares", "2")
    steps = [
        PredictedStep(EventKind.LINE, 2, "squares", 0, SURE),
        PredictedStep(EventKind.LINE, 3, "squares", 0, SURE, changed={"i": Guess("0", SURE)}),
        PredictedStep(EventKind.RETURN, 3, "squares", 0, SURE, value=Guess("0", SURE)),
    ]
    [yields] = [one.text for one in states.of_prediction(start, steps, THRESHOLD) if one.line == 3]
    assert yields == "yields ≈ 0 · 98 %"


DECORATED = """\
def same(f):
    return f

@same
@same
def twice(n):
    return 2 * n

def total(n):
    return twice(n) + 1
"""


def test_arguments_of_a_decorated_function_stand_at_its_name() -> None:
    check(
        DECORATED,
        "total(3)",
        """
        |  def same(f):
        |      return f
        |
        |  @same
        |  @same
        |◆ def twice(n):                     n = 3 ✗ predicted 4 · 70 %
        |      return 2 * n                  ← 6 ✓
        |
        |  def total(n):                     n = 3
        |      return twice(n) + 1           ← 7 ✓
        """,
        beliefs={2: {"n": ("4", 0.7)}},
    )


def test_what_is_called_is_named() -> None:
    trace = run(DECORATED, "total(3)")
    steps = list(forced(trace, {}))
    steps[1] = replace(steps[1], kind=EventKind.LINE, line=9)
    steps[2] = replace(steps[2], kind=EventKind.CALL, line=1)
    comparison = compare(trace, steps, threshold=THRESHOLD, model="m")
    said = [display.joined(verdicts.compared_outcome(step)) for step in comparison.steps[1:3]]
    assert said == [
        "→ call of twice ✗ predicted line 9 · 98 %",
        "→ next line 7 ✗ predicted call of same · 98 %",
    ]


@pytest.mark.parametrize(
    "handed", [Value("None", "NoneType"), Value("<Future pending>", "Future", opaque=True)]
)
def test_an_await_yields_nothing_that_is_shown(handed: Value) -> None:
    event = Event(EventKind.RETURN, 2, "f", 0, value=handed, yielded=True)
    assert display.observed_step(event, {}) == ()
    same = ComparedValue("", handed, None, Agreement.UNCOMPARED)
    assert verdicts.result(EventKind.RETURN, same, yielded=True) is None


def test_exceptions_are_told_as_such() -> None:
    check(
        RAISES,
        "first([])",
        """
        |  def first(xs):                    xs = []
        |      try:
        |          return xs[0]              raises IndexError('list index out of range')
        |      except IndexError as error:   error = IndexError('list index out of range')
        |          return str(error)         ← 'list index out of range'
        """,
    )


def test_differences_after_the_first_are_dimmed() -> None:
    comparison = compared(MEAN, CALL, {5: {"total": ("5", 0.8)}, 15: {"return": ("6.67", 0.9)}})
    fragments = [one for placement in states.of_comparison(comparison) for one in placement.fragments]
    assert {one.text: one.dimmed for one in fragments if one.state is State.DIFFERS} == {
        "total = 4 ✗ predicted 5 · 80 %": False,
        "← 5.0 ✗ predicted 6.67 · 90 %": True,
    }


def test_a_prediction_is_never_shown_as_observed() -> None:
    steps = forced(run(MEAN, CALL), {2: {"total": ("0", 0.3)}})
    start = entry_trace(SourceFile("shop.py", MEAN), "mean_above", "[4, 9, 2, 7], 3")
    placements = states.of_prediction(start, steps, THRESHOLD)
    assert picture(MEAN, placements) == dedent(
        """
        |  def mean_above(xs, floor):        xs = [4, 9, 2, 7] · floor = 3
        |      total = 0                     total ≈ ?
        |      for x in xs:                  x ≈ 7 · 98 % ⟨4/5⟩
        |          if x > floor:
        |              total += x            total ≈ 20 · 98 % ⟨3/3⟩
        |      return total / len(xs)        ← ≈ 5.0 · 98 %
        """
    ).strip("\n")
    found = {fragment.state for placement in placements for fragment in placement.fragments}
    assert found == {State.COMPUTED, State.PREDICTED, State.WITHHELD}


@pytest.mark.parametrize("focus", [None, 0, 3, 7, 14, 99])
def test_whatever_is_chosen_a_line_is_placed_once_and_in_order(focus: int | None) -> None:
    lines = [placement.line for placement in states.of_trace(run(MEAN, CALL), focus=focus)]
    assert lines == sorted(set(lines))
