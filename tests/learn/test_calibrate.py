"""Calibration on claims whose true chances are known."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.backend.weights import load, read_manifest
from cwm_lsp.cli.model import calibration
from cwm_lsp.errors import UserError
from cwm_lsp.learn.calibrate import LIKELY, POINTS, choose_threshold, fit, isotonic, store
from cwm_lsp.learn.judging import Claim, Frame, Role, RowResult, Status
from cwm_lsp.predict import ProbabilityMap, Trust
from cwm_lsp.trace.model import EventKind
from tests.backend import tiny


def overconfident(rows: int = 150, each: int = 20) -> list[RowResult]:
    """Claims of probability p that come true with chance p squared."""
    rng = np.random.default_rng(3)
    found = []
    for number in range(rows):
        probabilities = rng.uniform(0.05, 1.0, each)
        rights = rng.uniform(size=each) < probabilities**2
        claims = tuple(
            Claim(Role.CHANGED, float(p), bool(right), "int")
            for p, right in zip(probabilities, rights, strict=True)
        )
        frame = Frame(EventKind.LINE, 0, "for", True, True, True, claims)
        found.append(RowResult(str(number), Status.DONE, 1, frames=(frame,)))
    return found


def test_overconfidence_is_mended_on_rows_not_fitted_on() -> None:
    found = fit(overconfident())
    assert found.values == 3000
    assert found.before > 0.1
    assert found.after < 0.03
    assert found.calibration.values(0.7) == pytest.approx(0.49, abs=0.06)


def test_what_is_shown_has_the_precision_asked_for() -> None:
    found = fit(overconfident(), precision=0.8)
    assert found.precision >= 0.8
    assert 0.1 < found.shown < 0.6
    assert fit(overconfident(), precision=0.95).shown < found.shown


def partly_wrong(rows: int = 200, visits: int = 12) -> list[RowResult]:
    """Claims of probability 0.9 at two lines of a loop, one of which is always right and the other never."""
    rng = np.random.default_rng(5)
    found = []
    for number in range(rows):
        good = int(rng.integers(2))
        frames = tuple(
            Frame(
                EventKind.LINE,
                0,
                "for",
                True,
                True,
                True,
                (Claim(Role.CHANGED, 0.9, line == good, "int"),),
                0.9,
                line,
            )
            for _ in range(visits)
            for line in (0, 1)
        )
        found.append(RowResult(str(number), Status.DONE, 1, frames=frames))
    return found


def test_what_was_wrong_at_a_line_is_believed_less_there_and_nowhere_else() -> None:
    found = fit(partly_wrong())
    learned = found.calibration.values
    assert found.before > 0.3
    assert found.after < 0.08
    assert learned(0.9, Trust(line=-0.45)) < 0.1
    assert learned(0.9, Trust(line=0.45)) > 0.9
    assert found.shown > 0.4
    assert found.precision >= 0.9


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_the_map_rises_and_stays_between_0_and_1(pairs: list[tuple[float, bool]]) -> None:
    points = isotonic(np.array(pairs, float))
    assert 1 <= len(points) <= POINTS
    raws, reals = zip(*points, strict=True)
    assert all(left < right for left, right in pairwise(raws))
    assert all(left < right for left, right in pairwise(reals))
    mapped = [ProbabilityMap(points)(probability / 50) for probability in range(51)]
    assert mapped == sorted(mapped)
    assert 0 <= mapped[0] <= mapped[-1] < 1


def test_what_is_less_likely_than_all_that_was_seen_is_not_raised() -> None:
    certain, likely = [[1.0, True]] * 900, [[0.8, number % 5 > 0] for number in range(100)]
    learned = ProbabilityMap(isotonic(np.array(certain + likely, float)))
    assert learned(0.8) == pytest.approx(0.8, abs=0.03)
    assert learned(0.2) == pytest.approx(0.2, abs=0.01)
    assert learned(1.0) > 0.99


def test_nothing_likely_is_withheld_where_all_are_right() -> None:
    assert choose_threshold(np.array([[0.99, 1], [0.8, 1]], float)) == LIKELY


def test_without_any_precise_part_nothing_is_shown() -> None:
    assert choose_threshold(np.array([[0.9, 0], [0.8, 0]], float)) == 1.0


def test_too_few_claims_are_refused() -> None:
    with pytest.raises(UserError, match="too few"):
        fit(overconfident(rows=2))


def test_what_is_stored_is_what_the_predictor_reads(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(tiny.FOLDER, folder)
    found = fit(overconfident())
    store(folder, found, "rows.jsonl")
    load(folder)  # the checksum still holds
    read = calibration(str(folder), "embedded")
    assert read.values(0.7) == pytest.approx(found.calibration.values(0.7), abs=1e-4)
    assert read.threshold == pytest.approx(found.calibration.threshold, abs=1e-4)
    assert read_manifest(folder).calibration["fitted_on"] == "rows.jsonl"
