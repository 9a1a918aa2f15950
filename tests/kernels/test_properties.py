"""Both kernels over odd shapes, strides, types, ties and what is no number, as Hypothesis draws them.

Against the definition in float64. Logits of few distinct values make ties the rule, within a tile and across
the parts of a vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.conftest import DEVICE

pytest.importorskip("torch", reason="the kernels need torch")

import torch

from cwm_kernels.paths import path
from cwm_kernels.reference import Verified, masked_pick_ref, pack, verify_rows_ref
from cwm_kernels.split import Partial
from tests.kernels.test_rows import exact

INF, NAN = float("inf"), float("nan")
DTYPES = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True, slots=True)
class Case:
    """``logits`` [T, V] of any strides, ``targets`` [T] of which some are absent, and ``k``."""

    logits: torch.Tensor
    targets: torch.Tensor
    k: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Rows of logits; one in three is of few values, one in three has tokens that are ruled out."""
    rows = draw(st.integers(1, 4))
    vocabulary = draw(st.one_of(st.integers(1, 70), st.sampled_from([1023, 4096, 4097])))
    source = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    wide = torch.randn(rows * 2, vocabulary * 2, generator=source) * draw(st.sampled_from([0.1, 4.0, 60.0]))
    if draw(st.integers(0, 2)) == 0:
        wide = wide.sign() * draw(st.sampled_from([1.0, 30.0]))
    if draw(st.integers(0, 2)) == 0:
        wide[torch.rand(wide.shape, generator=source) < 0.5] = -INF
    wide = wide.to(DEVICE, draw(st.sampled_from(DTYPES)))
    views = [
        wide[:rows, :vocabulary],
        wide[::2, ::2],
        wide[rows:, vocabulary:],
        wide.t().contiguous().t()[:rows, 1::2],
    ]
    targets = torch.randint(-2, vocabulary + 2, (rows,), generator=source).to(DEVICE)
    return Case(draw(st.sampled_from(views)), targets, draw(st.integers(0, 8)))


def by_definition(case: Case) -> Verified:
    """What is right, in float64."""
    inside = (case.targets >= 0) & (case.targets < case.logits.shape[1])
    return exact(case.logits.double(), torch.where(inside, case.targets, -1), case.k)


def check(got: Verified, wanted: Verified, valid: torch.Tensor) -> None:
    """Ids are equal, numbers near, where a row is a distribution; else nothing is said."""
    for mine, right in zip(got.fields, wanted.fields, strict=True):
        if mine.dtype == torch.int64:
            assert torch.equal(mine[valid], right[valid])
            assert (mine[~valid] == -1).all()
        else:
            torch.testing.assert_close(
                mine[valid], right[valid].float(), rtol=2e-5, atol=1e-4, equal_nan=True
            )
            assert mine[~valid].isnan().all()


@settings(max_examples=40)
@given(cases())
def test_rows_are_what_they_are_by_definition(case: Case) -> None:
    valid = torch.isfinite(case.logits.float().amax(1))
    wanted = by_definition(case)
    check(verify_rows_ref(case.logits, case.targets, case.k), wanted, valid)
    check(path(case.logits.device).verify_rows(case.logits, case.targets, case.k), wanted, valid)


@settings(max_examples=30)
@given(cases(), st.integers(1, 5))
def test_parts_of_a_vocabulary_do_not_show(case: Case, parts: int) -> None:
    """Not in the ids either, although every other logit may be a tie."""
    logits, targets, vocabulary = case.logits, case.targets, case.logits.shape[1]
    own = logits.gather(1, targets.clamp(0, vocabulary - 1)[:, None])[:, 0]
    size = -(-vocabulary // parts)
    merged: Partial | None = None
    for first in range(0, vocabulary, size):
        some = logits[:, first : first + size]
        found = path(logits.device).verify_rows(some, targets - first, case.k, own)
        part = Partial.of(found, some, targets, own, first)
        merged = part if merged is None else merged.merge(part)
    assert merged is not None
    got = merged.verified(targets, vocabulary)
    check(got, by_definition(case), torch.isfinite(logits.float().amax(1)))
    right = (got.best == targets) & (targets >= 0)
    assert torch.equal(got.logprob[right], got.best_logprob[right])


@settings(max_examples=30)
@given(cases(), st.floats(0, 1, exclude_max=True, width=32), st.sampled_from([0.0, 1e-300, 0.2, 1.0, 50.0]))
def test_a_pick_is_allowed_and_by_the_running_sum(case: Case, draw: float, temperature: float) -> None:
    logits, targets = case.logits, case.targets
    mask = torch.rand(logits.shape, generator=torch.Generator().manual_seed(case.k)).to(DEVICE) < 0.4
    draws = torch.full((len(logits),), draw, device=DEVICE)
    limited = logits.double().masked_fill(~mask, -INF)
    valid = torch.isfinite(limited.amax(1))
    weights = (limited[valid] / max(temperature, 1e-3)).softmax(1)
    after = weights.cumsum(1)
    for pick in (masked_pick_ref, path(logits.device).masked_pick):
        got = pick(logits, pack(mask), temperature, draws)
        token = got.token[valid][:, None]
        assert (got.token[~valid] == -1).all()
        assert mask[valid].gather(1, token).all()
        if temperature < 0.1:
            best = limited[valid].amax(1)
            assert torch.equal(limited[valid].gather(1, token)[:, 0], best)
        if temperature == 0:
            assert torch.equal(got.token[valid], limited[valid].argmax(1))
        elif temperature >= 0.1:
            assert (after.gather(1, token) >= draw - 1e-4).all()
            assert ((after - weights).gather(1, token) <= draw + 1e-4).all()
        wanted = limited[valid].log_softmax(1).gather(1, token)[:, 0].float()
        torch.testing.assert_close(got.logprob[valid], wanted, rtol=2e-5, atol=1e-4)
        assert len(targets) == len(got.token)


@pytest.mark.parametrize("bad", [INF, NAN])
@pytest.mark.parametrize("columns", [3, 7, 20])
def test_a_part_that_is_no_number_spoils_its_row_alone(bad: float, columns: int) -> None:
    source = torch.Generator().manual_seed(1)
    logits = torch.randn(3, 20, generator=source).to(DEVICE)
    logits[1, 8] = bad
    targets = torch.tensor([3, 8, 19], device=DEVICE)
    merged: Partial | None = None
    for first in range(0, 20, columns):
        some = logits[:, first : first + columns]
        own = logits.gather(1, targets[:, None])[:, 0]
        found = path(logits.device).verify_rows(some, targets - first, 2, own)
        part = Partial.of(found, some, targets, own, first)
        merged = part if merged is None else merged.merge(part)
    assert merged is not None
    valid = torch.tensor([True, False, True], device=DEVICE)
    check(merged.verified(targets, 20), exact(logits, targets, 2), valid)
