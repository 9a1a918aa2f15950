"""Figures against hand-made rows of which they can be counted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.learn.judging import Claim, Frame, Role, RowResult, Status
from cwm_lsp.learn.metrics import (
    FIGURES,
    calibration_error,
    counts,
    coverage,
    intervals,
    over_all,
    reliability,
    risk_coverage,
    summarise,
)
from cwm_lsp.trace.model import EventKind


def said(probability: float | None, right: bool, role: Role = Role.CHANGED, kind: str = "int") -> Claim:
    return Claim(role, probability, right, kind)


def frame(
    right: bool | None, *claims: Claim, changed: bool = True, flow: bool = True, depth: int = 0
) -> Frame:
    return Frame(EventKind.LINE, depth, "for", right, changed, flow, claims)


ROW = RowResult(
    name="a",
    status=Status.DONE,
    events=5,
    frames=(
        frame(True, said(0.9, True)),
        frame(False, said(0.8, True), said(0.6, False, kind="str"), depth=1),
        frame(True, changed=False, flow=False),
        frame(None),
        frame(False, said(0.7, False, Role.EXTRA), changed=False),
    ),
    returned=True,
    final=False,
    free=3,
    problems=1,
)
LOST = RowResult("b", Status.FAILED, message="it hangs")
LONG = RowResult("c", Status.TOO_LONG, events=10)


def test_each_figure_counts_what_its_definition_says() -> None:
    assert counts([ROW]) == {
        "format_valid": (3, 4),
        "frames_exact": (2, 4),
        "changed_exact": (1, 2),
        "values_exact": (2, 3),
        "results_exact": (0, 0),
        "next_line_exact": (4, 5),
        "whole_exact": (1, 4),
        "return_forced": (1, 1),
        "final_free": (0, 1),
    }


def test_figures_of_nothing_are_none_and_not_zero() -> None:
    found = summarise("m", [], 0.0)
    assert set(found.figures.values()) == {None}
    assert found.reliability == ()
    assert found.risk_coverage == ()
    assert json.loads(json.dumps(found.to_json()))["rows"] == 0


def test_over_all_rows_a_lost_row_weighs_as_many_events_as_it_has_or_the_mean() -> None:
    found = over_all([ROW, LOST, LONG])
    # 2 of 4 frames in 5 events; the one that did not run has 5 too, the long one 10: 16 frames in all.
    assert found["frames_exact"] == pytest.approx(2 / 16)
    assert found["return_forced"] == pytest.approx(1 / 3)
    assert over_all([LOST])["frames_exact"] == 0.0


def test_the_report_is_one_flat_object_with_its_parts() -> None:
    found = summarise("m", [ROW, LOST], 1.5).to_json()
    assert (found["rows"], found["rows_evaluated"], found["seconds"]) == (2, 1, 1.5)
    assert set(FIGURES) | {"ece", "coverage_at_95"} <= set(found)
    assert found["statuses"] == {"done": 1, "failed": 1}
    assert found["by_type"] == {"int": {"values": 2, "exact": 1.0}, "str": {"values": 1, "exact": 0.0}}
    assert found["by_depth"]["1"] == {
        "frames": 1,
        "frames_exact": 0.0,
        "changed_exact": 0.0,
        "next_line_exact": 1.0,
    }
    assert found["by_length"]["to 8"]["rows"] == 1


def test_intervals_hold_the_figure() -> None:
    rows = [RowResult(str(n), Status.DONE, 1, frames=(frame(n % 4 > 0),)) for n in range(40)]
    low, high = intervals(rows)["frames_exact"]
    assert low < 0.75 < high
    assert low > 0.5
    assert high < 1.0


# --- probabilities -----------------------------------------------------------------------------


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    shown = np.array([[0.8, 1], [0.8, 1], [0.8, 1], [0.8, 1], [0.8, 0]] * 3, float)
    assert calibration_error(shown, bins=3) == pytest.approx(0.0)


def test_the_calibration_error_is_the_weighted_gap() -> None:
    shown = np.array([[0.5, 0], [0.5, 0], [0.9, 1], [0.9, 0]], float)
    assert calibration_error(shown, bins=2) == pytest.approx(0.5 * 0.5 + 0.5 * 0.4)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80), st.integers(1, 20))
def test_bins_hold_every_claim_in_rising_order(pairs: list[tuple[float, bool]], bins: int) -> None:
    found = reliability(np.array(pairs, float), bins)
    assert sum(one.count for one in found) == len(pairs)
    means = [one.probability for one in found]
    assert means == pytest.approx(
        sorted(means), rel=1e-12
    )  # a mean of equal numbers may be off by a rounding
    assert max(one.count for one in found) - min(one.count for one in found) <= 1


def test_coverage_shows_the_most_probable_until_precision_is_lost() -> None:
    claims = [said(0.99 - n / 100, n != 19) for n in range(40)]
    # 19 right, then a wrong one: 19 of 20 are 95 %, and so are all 39 of 40 after it.
    assert coverage(claims) == 1.0
    assert coverage([*claims, said(0.1, False), said(0.1, False)]) == pytest.approx(40 / 42)


def test_coverage_is_of_all_changed_values_the_unsaid_ones_too() -> None:
    assert coverage([said(0.9, True), said(None, False), said(None, False)]) == pytest.approx(1 / 3)
    assert coverage([said(0.9, False)]) == 0.0
    assert coverage([said(0.9, True, Role.RESULT)]) is None


def test_a_change_that_did_not_happen_counts_against_precision() -> None:
    assert coverage([said(0.8, True), said(0.9, False, Role.EXTRA)]) == 0.0


def test_values_of_equal_probability_are_shown_together() -> None:
    assert coverage([said(0.9, True), said(0.9, False)]) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_risk_curve_rises_in_coverage_and_ends_with_everything_said(
    pairs: list[tuple[float, bool]],
) -> None:
    claims = [said(*pair) for pair in pairs]
    curve = risk_coverage(claims)
    covered = [point.coverage for point in curve]
    assert covered == sorted(covered)
    assert curve[-1].coverage == pytest.approx(1.0)
    assert curve[-1].precision == pytest.approx(sum(right for _, right in pairs) / len(pairs))
    assert len(curve) <= 20
