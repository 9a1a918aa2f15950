"""Free predictions: paired until the flow parts, and again where both runs meet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.align.compare import compare_free
from cwm_lsp.align.model import Agreement, Comparison, DivergenceKind
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.predicted import PredictedStep
from tests.align.picture import edited, foresee
from tests.codec.programs import names, program, record

COUNT = """def f(n):
    r = 0
    if n > {floor}:
        r = 1
        r = 2
    for i in range({times}):
        r += i
    r = -r
    return r
"""


def of(source: str, call: str = "f(5)") -> tuple[Trace, list[PredictedStep]]:
    trace = record(source, call)
    return trace, foresee(trace)


def against(ran: str, expected: str) -> Comparison:
    """The run of one program beside a perfect prediction of another with the same lines."""
    return compare_free(of(ran)[0], of(expected)[1], threshold=0.5, model="test")


def flow(comparison: Comparison) -> str:
    """Observed lines, each with the one expected; ``.`` where nothing is set against it."""
    return " ".join(
        str(step.flow.line)
        if step.flow.agreement is Agreement.AGREES
        else f"{step.flow.line}/{step.flow.predicted_line or '.'}"
        for step in comparison.steps
    )


@pytest.mark.parametrize("name", names())
def test_a_right_prediction_agrees_throughout(name: str) -> None:
    trace = record(*program(name))
    found = compare_free(trace, foresee(trace), threshold=0.5, model="test")
    assert found.divergence is None
    assert found.flow.right == len(trace.events) - 1


def test_a_branch_not_taken_is_found_again_behind_it() -> None:
    found = against(COUNT.format(floor=9, times=2), COUNT.format(floor=3, times=2))
    assert flow(found) == "2 3 6/4 7 6 7 6 8 9 9"
    assert found.divergence is not None
    assert (found.divergence.kind, found.divergence.line) == (DivergenceKind.NEXT_LINE, 3)
    assert (found.divergence.observed, found.divergence.predicted) == ("line 6", "line 4")


def test_lines_that_only_the_run_has_are_set_against_nothing() -> None:
    found = against(COUNT.format(floor=3, times=1), COUNT.format(floor=9, times=1))
    assert flow(found) == "2 3 4/6 5/. 6 7 6 8 9 9"
    assert [value.agreement for value in found.steps[3].values] == [Agreement.UNCOMPARED]


def test_a_loop_that_ends_earlier_or_later() -> None:
    short, long = COUNT.format(floor=9, times=1), COUNT.format(floor=9, times=3)
    assert flow(against(long, short)) == "2 3 6 7 6 7/8 6/. 7/. 6/. 8 9 9"
    assert flow(against(short, long)) == "2 3 6 7 6 8/7 9 9"


def test_values_go_on_wrong_from_where_they_went_wrong() -> None:
    trace = record(COUNT.format(floor=3, times=3), "f(5)")
    wrong = "5#1 r = 7\n7#2 r = 8\n7#3 r = 10\n8#1 r = -10\n9#1 <- -10"
    found = compare_free(trace, edited(trace, wrong), threshold=0.5, model="test")
    assert found.flow.right == found.flow.total
    assert (found.values.right, found.values.total) == (5, 10)
    assert found.divergence is not None
    assert (found.divergence.line, found.divergence.name, found.divergence.predicted) == (5, "r", "7")


def test_what_the_model_did_not_write_is_what_it_wrote_before() -> None:
    trace, steps = of("def f(n):\n    a = n\n    a = 2 * n\n    return a\n")
    old = replace(steps[2], changed={}, locals=steps[1].locals)
    found = compare_free(trace, [*steps[:2], old, *steps[3:]], threshold=0.5, model="test")
    assert found.divergence is not None
    assert (found.divergence.kind, found.divergence.predicted) == (DivergenceKind.VALUE, "5")


@pytest.mark.parametrize("name", ["calls", "loops", "try_paths"])
@given(data=st.data())
@settings(deadline=None)
def test_any_mixture_of_steps_is_compared_without_error(name: str, data: st.DataObject) -> None:
    trace = record(*program(name))
    steps = foresee(trace)
    chosen = data.draw(st.lists(st.sampled_from(range(len(steps))), max_size=60))
    found = compare_free(trace, [steps[index] for index in chosen], threshold=0.5, model="test")
    assert len(found.steps) == len(trace.events) - 1
    assert found.flow.total <= len(found.steps)
    assert (found.divergence is None) == (
        found.flow.right == found.flow.total and found.values.right == found.values.total
    )


@given(st.integers(min_value=0, max_value=9), st.integers(min_value=1, max_value=4))
@settings(deadline=None)
def test_a_gap_in_the_prediction_costs_the_gap_alone(start: int, length: int) -> None:
    body = "".join(f"    a{number} = n + {number}\n" for number in range(12))
    trace = record(f"def f(n):\n{body}    return n\n", "f(1)")
    steps = foresee(trace)
    found = compare_free(trace, [*steps[:start], *steps[start + length :]], threshold=0.5, model="test")
    said = [step.flow.agreement for step in found.steps]
    assert said[:start] == [Agreement.AGREES] * start
    assert said[start] is Agreement.DIFFERS
    assert said[start + 1 : start + length] == [Agreement.UNCOMPARED] * (length - 1)
    assert said[start + length :] == [Agreement.AGREES] * (len(steps) - start - length)
