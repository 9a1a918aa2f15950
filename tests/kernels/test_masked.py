"""``masked_pick`` and its reference: what is allowed, what is best, what a draw chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kernels.conftest import DEVICE

pytest.importorskip("torch", reason="the kernels need torch")

import torch

from cwm_kernels.reference import Picked, masked_pick_ref, pack, unpack, words

if TYPE_CHECKING:
    from torch import Tensor

INF, NAN = float("inf"), float("nan")
SHAPES = [(1, 1), (2, 31), (3, 32), (2, 33), (4, 1000), (2, 4097)]


def both(logits: Tensor, mask: Tensor, temperature: float = 0.0, draws: Tensor | None = None) -> list[Picked]:
    """What the reference picks and, where triton is there, what the kernel picks."""
    bits = pack(mask)
    found = [masked_pick_ref(logits, bits, temperature, draws)]
    try:
        from cwm_kernels.masked import masked_pick
    except ModuleNotFoundError:
        return found
    return [*found, masked_pick(logits, bits, temperature, draws)]


def case(rows: int, vocabulary: int) -> tuple[Tensor, Tensor]:
    """Random logits, and masks that allow one token at least."""
    source = torch.Generator().manual_seed(vocabulary)
    logits = torch.randn(rows, vocabulary, generator=source) * 3
    mask = torch.rand(rows, vocabulary, generator=source) < 0.3
    mask[torch.arange(rows), torch.randint(0, vocabulary, (rows,), generator=source)] = True
    return logits.to(DEVICE), mask.to(DEVICE)


@pytest.mark.parametrize("shape", SHAPES)
def test_bits_come_back(shape: tuple[int, int]) -> None:
    _, mask = case(*shape)
    assert pack(mask).shape == (shape[0], words(shape[1]))
    assert torch.equal(unpack(pack(mask), shape[1]), mask)
    everything = torch.ones_like(mask)
    assert torch.equal(unpack(pack(everything), shape[1]), everything)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_best_allowed_token(shape: tuple[int, int]) -> None:
    logits, mask = case(*shape)
    limited = logits.double().masked_fill(~mask, -INF)
    for got in both(logits, mask):
        assert torch.equal(got.token, limited.argmax(1))
        torch.testing.assert_close(got.logprob.double(), limited.log_softmax(1).amax(1), rtol=1e-5, atol=2e-5)
        share = limited.logsumexp(1) - logits.double().logsumexp(1)
        torch.testing.assert_close(got.allowed.double(), share, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("temperature", [0.3, 1.0, 20.0])
@pytest.mark.parametrize("draw", [0.0, 0.37, 0.9999999])
def test_a_draw_chooses_by_the_running_sum(shape: tuple[int, int], temperature: float, draw: float) -> None:
    logits, mask = case(*shape)
    limited = logits.double().masked_fill(~mask, -INF)
    weights = (limited / temperature).softmax(1)
    running = weights.cumsum(1)
    rows = torch.arange(len(logits), device=DEVICE)
    draws = torch.full((len(logits),), draw, device=DEVICE)
    for got in both(logits, mask, temperature, draws):
        assert mask[rows, got.token].all()
        after = running[rows, got.token]
        assert (after - weights[rows, got.token] <= draw + 1e-5).all()
        assert (after >= draw - 1e-5).all()
        wanted = limited.log_softmax(1)[rows, got.token]
        torch.testing.assert_close(got.logprob.double(), wanted, rtol=1e-5, atol=2e-5)


def test_draws_follow_the_weights() -> None:
    logits = torch.tensor([0.1, 0.2, 0.3, 0.4]).log().expand(1000, 4).to(DEVICE)
    mask = torch.tensor([True, False, True, True], device=DEVICE).expand(1000, 4)
    draws = (torch.arange(1000, device=DEVICE) + 0.5) / 1000
    got = masked_pick_ref(logits, pack(mask), 1.0, draws)
    assert torch.bincount(got.token, minlength=4).tolist() == [125, 0, 375, 500]


def test_one_allowed_token_is_certain() -> None:
    logits, _ = case(3, 100)
    mask = torch.zeros(3, 100, dtype=torch.bool, device=DEVICE)
    mask[:, 31] = True
    for got in (*both(logits, mask), *both(logits, mask, 1.0, torch.full((3,), 0.5, device=DEVICE))):
        assert (got.token.tolist(), got.logprob.tolist()) == ([31] * 3, [0.0] * 3)


def test_of_equals_the_first_is_best() -> None:
    mask = torch.zeros(1, 70, dtype=torch.bool, device=DEVICE)
    mask[0, [33, 64, 69]] = True
    for got in both(torch.zeros(1, 70, device=DEVICE), mask):
        assert got.token.tolist() == [33]


def test_what_allows_nothing_picks_nothing() -> None:
    logits, mask = case(5, 4100)
    mask[0] = False
    logits[1] = torch.where(mask[1], -INF, 0.0)
    logits[2, 9] = NAN
    logits[3, 4099] = INF
    for temperature, draws in ((0.0, None), (1.0, torch.full((5,), 0.5, device=DEVICE))):
        for got in both(logits, mask, temperature, draws):
            assert (got.token == -1).tolist() == [True, True, True, True, False]
            assert got.logprob.isnan().tolist() == [True, True, True, True, False]


def test_a_draw_next_to_one_takes_no_token_without_weight() -> None:
    logits = torch.tensor([[0.0, 5.0, -1e30, -INF]], device=DEVICE)
    mask = torch.ones(1, 4, dtype=torch.bool, device=DEVICE)
    for got in both(logits, mask, 1.0, torch.ones(1, device=DEVICE)):
        assert got.token.tolist() == [1]


@pytest.mark.parametrize("temperature", [1e-300, 1e-46, 1e-40, 1e-30])
def test_what_is_very_cold_takes_the_best(temperature: float) -> None:
    logits, mask = case(3, 1000)
    wanted = masked_pick_ref(logits, pack(mask))
    for got in both(logits, mask, temperature, torch.full((3,), 0.5, device=DEVICE)):
        assert torch.equal(got.token, wanted.token)


def test_any_stride_and_type() -> None:
    logits, mask = case(6, 90)
    for dtype in (torch.float16, torch.bfloat16):
        view = logits.to(dtype).t().contiguous().t()[::2]
        for got in both(view, mask[::2]):
            assert torch.equal(got.token, view.double().masked_fill(~mask[::2], -INF).argmax(1))


@pytest.mark.parametrize("temperature", [-1.0, NAN, INF, 1.0])
def test_what_makes_no_sense_is_refused(temperature: float) -> None:
    logits, mask = case(2, 40)
    with pytest.raises(ValueError, match=r"temperature"):
        both(logits, mask, temperature)
    with pytest.raises(ValueError, match="mask"):
        masked_pick_ref(logits[:, :30], pack(mask))
