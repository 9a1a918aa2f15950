"""The arithmetic of scores and choices, against the textbook form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cwm_lsp.backend.engine import Distribution
from cwm_lsp.backend.protocol import GREEDY, Logs, Sampling
from cwm_lsp.backend.scoring import HostLogits, joined, score, unpredicted
from cwm_lsp.errors import BackendError

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


def on_the_device(logits: Logs) -> Distribution:
    """``logits`` [V] where torch has them, read by the path that its device has."""
    torch = pytest.importorskip("torch", reason="needs the extra transformers")
    from cwm_kernels.paths import path
    from cwm_lsp.backend.verified import DeviceLogits

    place = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return DeviceLogits(torch.from_numpy(logits).to(place), path(place), "tiny")


KINDS = pytest.mark.parametrize("kind", [HostLogits, on_the_device])

Kind = Callable[[Logs], Distribution]


@KINDS
@given(logits=rows)
def test_greedy_takes_the_best(kind: Kind, logits: Logs) -> None:
    token, logprob = kind(logits[0]).choose(0, None, GREEDY)
    assert token == logits[0].argmax()
    assert logprob == pytest.approx(log_softmax(logits)[0].max(), abs=1e-4)


@KINDS
@given(logits=rows, data=st.data())
def test_a_limit_renormalises(kind: Kind, logits: Logs, data: st.DataObject) -> None:
    row = logits[0]
    ids = np.array(sorted(data.draw(st.sets(st.integers(0, len(row) - 1), min_size=1))))
    token, logprob = kind(row).choose(3, ids, GREEDY)
    assert token == ids[int(row[ids].argmax())]
    expected = log_softmax(row[ids])
    assert logprob == pytest.approx(expected.max(), abs=1e-4)
    given = data.draw(st.sampled_from(range(len(ids))))
    assert kind(row).likelihood(int(ids[given]), ids) == pytest.approx(expected[given], abs=1e-4)


@KINDS
@given(logits=rows, target=st.integers(0, 19))
def test_one_token_scores_as_many_do(kind: Kind, logits: Logs, target: int) -> None:
    token = target % logits.shape[1]
    found = kind(logits[0]).score(token)
    expected = score(logits[:1], np.array([token], np.int32))
    np.testing.assert_array_equal(found.best, expected.best)
    np.testing.assert_allclose(found.logprob, expected.logprob, atol=1e-4)
    np.testing.assert_allclose(found.best_logprob, expected.best_logprob, atol=1e-4)


@KINDS
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_probabilities(kind: Kind, temperature: float) -> None:
    row = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    expected = np.exp(row / temperature) / np.exp(row / temperature).sum()
    ahead = kind(row)
    drawn = [ahead.choose(position, None, Sampling(temperature, seed=1))[0] for position in range(4000)]
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 4000, expected, atol=0.03)


@KINDS
def test_draws_report_the_model_s_own_probability(kind: Kind) -> None:
    row = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    for position in range(20):
        token, logprob = kind(row).choose(position, None, Sampling(2.0, seed=3))
        assert logprob == pytest.approx(float(row[token]), abs=1e-6)


@pytest.mark.parametrize("size", [3, 31, 32, 33, 1000])
def test_both_kinds_draw_the_same(size: int) -> None:
    source = np.random.default_rng(size)
    row = source.normal(0, 3, size).astype(np.float32)
    ids = np.flatnonzero(source.random(size) < 0.6)
    for position in range(50):
        sampling = Sampling(1.3, seed=7)
        ours, theirs = (kind(row).choose(position, ids, sampling) for kind in (HostLogits, on_the_device))
        assert ours[0] == theirs[0]
        assert ours[1] == pytest.approx(theirs[1], abs=1e-4)


def test_what_is_no_number_is_refused() -> None:
    damaged = on_the_device(np.array([1, np.nan, 0], np.float32))
    with pytest.raises(BackendError, match="no number"):
        damaged.choose(0, None, GREEDY)
    with pytest.raises(BackendError, match="no number"):
        damaged.score(1)
