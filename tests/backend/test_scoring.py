"""The arithmetic of scores and choices, against the textbook form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cwm_lsp.backend.protocol import GREEDY, Logs, Sampling
from cwm_lsp.backend.scoring import choose, joined, score, unpredicted

rows = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 20)),
    elements=st.floats(-60, 60, width=32),
)


def log_softmax(logits: Logs) -> npt.NDArray[np.float64]:
    exact = logits.astype(np.float64)
    return np.asarray(exact - np.log(np.exp(exact).sum(axis=-1, keepdims=True)))


@given(rows, st.integers(0, 19))
def test_scores_are_log_softmax(logits: Logs, target: int) -> None:
    targets = np.full(len(logits), target % logits.shape[1], np.int32)
    scores, expected = score(logits, targets), log_softmax(logits)
    np.testing.assert_allclose(scores.logprob, expected[:, targets[0]], atol=1e-4)
    np.testing.assert_array_equal(scores.best, logits.argmax(axis=1))
    np.testing.assert_allclose(scores.best_logprob, expected.max(axis=1), atol=1e-4)


def test_huge_logits_do_not_overflow() -> None:
    scores = score(np.array([[3e4, -3e4, 3e4]], np.float32), np.array([1], np.int32))
    assert scores.best_logprob[0] == pytest.approx(-np.log(2))
    assert scores.logprob[0] == pytest.approx(-6e4 - np.log(2), rel=1e-6)


def test_runs_are_joined() -> None:
    both = joined([unpredicted(4), score(np.zeros((1, 2), np.float32), np.array([1], np.int32))])
    assert both.best.tolist() == [4, 0]
    assert both.logprob == pytest.approx([0, -np.log(2)])
    assert len(joined([]).best) == 0


@given(rows)
def test_greedy_takes_the_best(logits: Logs) -> None:
    token, logprob = choose(logits[0], 0, None, GREEDY)
    assert token == logits[0].argmax()
    assert logprob == pytest.approx(log_softmax(logits)[0].max(), abs=1e-4)


@given(rows, st.data())
def test_a_limit_renormalises(logits: Logs, data: st.DataObject) -> None:
    row = logits[0]
    ids = sorted(data.draw(st.sets(st.integers(0, len(row) - 1), min_size=1)))
    token, logprob = choose(row, 3, np.array(ids), GREEDY)
    assert token == ids[int(row[ids].argmax())]
    assert logprob == pytest.approx(log_softmax(row[ids]).max(), abs=1e-4)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_probabilities(temperature: float) -> None:
    row = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    expected = np.exp(row / temperature) / np.exp(row / temperature).sum()
    drawn = [choose(row, position, None, Sampling(temperature, seed=1))[0] for position in range(4000)]
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 4000, expected, atol=0.03)


def test_draws_report_the_model_s_own_probability() -> None:
    row = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    for position in range(20):
        token, logprob = choose(row, position, None, Sampling(2.0, seed=3))
        assert logprob == pytest.approx(float(row[token]), abs=1e-6)
