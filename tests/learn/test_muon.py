"""Muon in float32: the directions of torch's own, orthogonal, and its state goes over."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from cwm_lsp.learn.muon import Muon, orthogonalised  # noqa: E402

SHAPES = [(24, 24), (64, 24), (24, 64), (24, 24)]


def matrices(seed: int) -> list[Any]:
    torch.manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape)) for shape in SHAPES]


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 48, 16), (2, 16, 48)])
def test_singular_values_come_near_one(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    singular = torch.linalg.svdvals(orthogonalised(torch.randn(shape)))
    assert float(singular.min()) > 0.3
    assert float(singular.max()) < 1.4


def test_updates_are_those_of_torch_within_bfloat16() -> None:
    ours, theirs = matrices(0), matrices(0)
    one = Muon(ours, lr=0.02, weight_decay=0.01)
    other = torch.optim.Muon(theirs, lr=0.02, weight_decay=0.01, momentum=0.95)
    for _ in range(3):
        for mine, its in zip(ours, theirs, strict=True):
            mine.grad = torch.randn_like(mine)
            its.grad = mine.grad.clone()
        one.step()
        other.step()
    for mine, its, start in zip(ours, theirs, matrices(0), strict=True):
        moved = float((its - start).detach().norm())
        assert float((mine - its).detach().norm()) < 0.02 * moved
        assert moved > 0.1


def test_a_matrix_without_gradient_stays_and_the_state_of_torch_goes_on() -> None:
    start = matrices(2)
    theirs = torch.optim.Muon(start, lr=0.02)
    for one in start[:3]:
        one.grad = torch.ones_like(one)
    theirs.step()
    again = Muon(start, lr=0.02)
    again.load_state_dict({**again.state_dict(), "state": theirs.state_dict()["state"]})
    last = start[3].detach().clone()
    again.step()
    assert torch.equal(start[3], last)
    assert float(again.state[start[0]]["momentum_buffer"][0, 0]) == pytest.approx(1 - 0.95**2)
