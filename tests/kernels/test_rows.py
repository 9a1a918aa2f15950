"""``verify_rows`` and its reference against float64 and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kernels.conftest import DEVICE

pytest.importorskip("torch", reason="the kernels need torch")

import torch

from cwm_kernels.reference import Verified, verify_rows_ref

if TYPE_CHECKING:
    from torch import Tensor

TOLERANCE = 2e-5
"""On logarithms and entropies of rows whose logits are below 100, computed in float32."""

SHAPES = [(1, 1), (1, 2), (3, 7), (5, 31), (2, 32), (4, 33), (7, 1000), (2, 4096), (3, 4097), (2, 9001)]
INF, NAN = float("inf"), float("nan")


def exact(logits: Tensor, targets: Tensor, k: int) -> Verified:
    """The answer by definition, in float64 and by sorting."""
    z = logits.double()
    logprob = z.log_softmax(1)
    order = z.sort(dim=1, descending=True, stable=True).indices
    rows = torch.arange(len(z), device=z.device)
    present = targets >= 0
    given = torch.where(present, targets, 0)
    rank = (order == given[:, None]).int().argmax(1)
    parts = torch.where(logprob == -INF, 0.0, logprob * logprob.exp())
    top = torch.full((len(z), k), -1, dtype=torch.int64, device=z.device)
    top_logprob = torch.full((len(z), k), -INF, dtype=torch.float64, device=z.device)
    count = min(k, z.shape[1])
    top[:, :count] = order[:, :count]
    top_logprob[:, :count] = logprob.gather(1, order[:, :count])
    top[top_logprob == -INF] = -1
    return Verified(
        best=order[:, 0],
        best_logprob=logprob[rows, order[:, 0]],
        logprob=torch.where(present, logprob[rows, given], NAN),
        rank=torch.where(present, rank, -1),
        logsumexp=z.logsumexp(1),
        entropy=-parts.sum(1),
        top=top,
        top_logprob=top_logprob,
    )


def check_same(got: Verified, wanted: Verified, tolerance: float = TOLERANCE) -> None:
    for mine, theirs in zip(got.fields, wanted.fields, strict=True):
        if mine.dtype == torch.int64:
            assert torch.equal(mine, theirs)
        else:
            torch.testing.assert_close(mine, theirs.float(), rtol=1e-5, atol=tolerance, equal_nan=True)


def both(logits: Tensor, targets: Tensor, k: int) -> list[Verified]:
    """What the reference says and, where triton is there, what the kernel says."""
    found = [verify_rows_ref(logits, targets, k)]
    try:
        from cwm_kernels.rows import verify_rows
    except ModuleNotFoundError:
        return found
    return [*found, verify_rows(logits, targets, k)]


def random_rows(rows: int, vocabulary: int, scale: float = 4.0) -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(rows * 10_007 + vocabulary)
    logits = torch.randn(rows, vocabulary, generator=source) * scale
    targets = torch.randint(-1, vocabulary, (rows,), generator=source)
    return logits.to(DEVICE), targets.to(DEVICE)


def test_triton_is_here() -> None:
    """Without it the tests of this folder are of the references alone: said, not hidden."""
    pytest.importorskip("triton", reason="the kernels need the extra kernels")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("k", [0, 1, 5, 8])
def test_any_shape(shape: tuple[int, int], k: int) -> None:
    logits, targets = random_rows(*shape)
    for got in both(logits, targets, k):
        check_same(got, exact(logits, targets, k))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_any_type(dtype: str) -> None:
    logits, targets = random_rows(5, 4999)
    logits = logits.to(getattr(torch, dtype))
    for got in both(logits, targets, 4):
        check_same(got, exact(logits, targets, 4))


def test_any_stride() -> None:
    logits, targets = random_rows(12, 4200)
    views = [
        logits[::3],
        logits[:, ::2],
        logits[:, 7:],
        logits.t().contiguous().t(),
        logits[2:3].expand(4, -1),
    ]
    for view in views:
        given = targets[: len(view)].clamp(max=view.shape[1] - 1)
        for got in both(view, given, 3):
            check_same(got, exact(view.contiguous(), given, 3))


def test_absent_targets_have_no_score() -> None:
    logits, _ = random_rows(4, 50)
    targets = torch.tensor([-1, 50, -7, 3], device=DEVICE)
    for got in both(logits, targets, 0):
        assert got.rank.tolist()[:3] == [-1, -1, -1]
        assert got.logprob.isnan().tolist() == [True, True, True, False]
        assert not got.entropy.isnan().any()


def test_of_equals_the_first_is_best() -> None:
    logits = torch.zeros(3, 5000, device=DEVICE)
    logits[1, [4999, 17, 4100]] = 2.0
    logits[2, 4098:] = 1.0
    targets = torch.tensor([4999, 4100, 4097], device=DEVICE)
    for got in both(logits, targets, 4):
        assert got.best.tolist() == [0, 17, 4098]
        assert got.rank.tolist() == [4999, 1, 5000 - 4098 + 4097]
        assert got.top.tolist() == [[0, 1, 2, 3], [17, 4100, 4999, 0], [4098, 4099, 4100, 4101]]
        check_same(got, exact(logits, targets, 4))


def test_the_best_may_come_in_any_order() -> None:
    rising = torch.arange(9000.0, device=DEVICE)[None] / 100
    logits = torch.cat([rising, rising.flip(1)])
    targets = torch.tensor([0, 0], device=DEVICE)
    for got in both(logits, targets, 8):
        check_same(got, exact(logits, targets, 8), 1e-4)


@pytest.mark.parametrize("size", [1e-30, 1e4, 3e38])
def test_extreme_logits(size: float) -> None:
    logits, targets = random_rows(6, 4500, 1.0)
    logits = (logits.clamp(-1, 1) * size).contiguous()
    for got in both(logits, targets, 3):
        wanted = exact(logits, targets, 3)
        assert torch.equal(got.best, wanted.best)
        assert torch.equal(got.rank, wanted.rank)
        torch.testing.assert_close(got.best_logprob, wanted.best_logprob.float(), rtol=1e-5, atol=1e-4)
        torch.testing.assert_close(got.entropy, wanted.entropy.float(), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("size", [1e4, 1e34, 3e38])
def test_a_leap_of_the_best_leaves_nothing_of_what_was_summed(size: float) -> None:
    logits = torch.full((1, 5000), -size, device=DEVICE)
    logits[0, 4500] = size
    for got in both(logits, torch.tensor([4500], device=DEVICE), 1):
        assert (got.entropy.tolist(), got.logprob.tolist(), got.best.tolist()) == ([0.0], [0.0], [4500])


def test_ruled_out_tokens() -> None:
    logits, _ = random_rows(4, 4200)
    logits[0, 1:] = -INF
    logits[1, :4100] = -INF
    logits[2, ::2] = -INF
    logits[3, 5] = -INF
    targets = torch.tensor([0, 4100, 0, 5], device=DEVICE)
    for got in both(logits, targets, 8):
        check_same(got, exact(logits, targets, 8))
        assert got.logprob.tolist()[2:] == [-INF, -INF]
        assert got.entropy[0] == 0
        assert got.top[0].tolist() == [0, *[-1] * 7]


@pytest.mark.parametrize("bad", [NAN, INF])
@pytest.mark.parametrize("place", [0, 3, 4999])
def test_what_is_no_distribution_says_nothing(bad: float, place: int) -> None:
    logits, _ = random_rows(3, 5000)
    logits[1, place] = bad
    targets = torch.tensor([1, 3, 2], device=DEVICE)
    for got in both(logits, targets, 2):
        assert got.best[1] == got.rank[1] == -1
        assert got.top[1].tolist() == [-1, -1]
        numbers = (got.best_logprob, got.logprob, got.logsumexp, got.entropy, got.top_logprob[:, 0])
        assert all(number.isnan().tolist() == [False, True, False] for number in numbers)


def test_a_row_of_nothing_says_nothing() -> None:
    logits = torch.full((2, 4100), -INF, device=DEVICE)
    logits[1, 7] = 0.5
    for got in both(logits, torch.tensor([7, 7], device=DEVICE), 1):
        assert (got.best.tolist(), got.rank.tolist()) == ([-1, 7], [-1, 0])
        assert got.logsumexp.isnan().tolist() == [True, False]


def test_no_rows() -> None:
    for got in both(torch.empty(0, 9, device=DEVICE), torch.empty(0, dtype=torch.int64, device=DEVICE), 2):
        assert [len(field) for field in got.fields] == [0] * 8


@pytest.mark.parametrize(
    ("logits", "targets", "k"),
    [((2, 0), 2, 0), ((2, 5), 3, 0), ((2, 5), 2, 9), ((10,), 10, 0), ((2, 5), 2, -1)],
)
def test_what_makes_no_sense_is_refused(logits: tuple[int, ...], targets: int, k: int) -> None:
    with pytest.raises(ValueError, match=r"logits are|targets are|k is"):
        both(torch.zeros(logits), torch.zeros(targets, dtype=torch.int64), k)
