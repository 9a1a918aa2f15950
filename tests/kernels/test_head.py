"""``verify_head``: in runs of rows or at once, with a workspace or without, the answer is one."""

from __future__ import annotations

import pytest

from tests.kernels.conftest import DEVICE

pytest.importorskip("torch", reason="the kernels need torch")

import torch

from cwm_kernels.head import HOST_LIMIT, Workspace, path, verify_head, verify_head_ref
from cwm_kernels.reference import verify_rows_ref
from tests.kernels.test_rows import check_same

ROWS, WIDTH, VOCABULARY = 13, 24, 301


def case(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(3)
    hidden = torch.randn(ROWS, WIDTH, generator=source)
    weight = torch.randn(VOCABULARY, WIDTH, generator=source)
    targets = torch.randint(-1, VOCABULARY, (ROWS,), generator=source)
    return hidden.to(DEVICE, dtype), weight.to(DEVICE, dtype), targets.to(DEVICE)


@pytest.mark.parametrize("rows", [1, 5, 13, 50])
@pytest.mark.parametrize("k", [0, 3])
def test_runs_of_rows_do_not_show(rows: int, k: int) -> None:
    hidden, weight, targets = case()
    workspace = Workspace(weight)
    workspace.rows = rows
    wanted = verify_head_ref(hidden.double(), weight.double(), targets, k)
    check_same(verify_head(hidden, weight, targets, k, workspace), wanted, 1e-4)
    check_same(verify_head(hidden, weight, targets, k), wanted, 1e-4)


def test_half_precision() -> None:
    hidden, weight, targets = case(torch.float16)
    wanted = verify_rows_ref(hidden @ weight.t(), targets, 2)
    check_same(verify_head(hidden, weight, targets, 2), wanted)


def test_parts_of_larger_arrays() -> None:
    hidden, weight, targets = case()
    wide = torch.cat([hidden, hidden], 1)
    check_same(
        verify_head(wide[::2, WIDTH:], weight, targets[::2]), verify_head(hidden[::2], weight, targets[::2])
    )


def test_a_workspace_is_used_again() -> None:
    hidden, weight, targets = case()
    workspace = Workspace(weight)
    verify_head(hidden, weight, targets, workspace=workspace)
    held = workspace.logits(ROWS).data_ptr()
    verify_head(hidden[:4], weight, targets[:4], workspace=workspace)
    assert workspace.logits(4).data_ptr() == held


def test_a_limit_bounds_the_rows() -> None:
    _, weight, _ = case()
    small, large = Workspace(weight, 1), Workspace(weight, 1 << 20)
    assert small.rows == 1
    assert 1 < large.rows <= (1 << 20) // (4 * VOCABULARY)
    assert Workspace(weight).rows * VOCABULARY * 4 <= max(HOST_LIMIT, 256 << 20)


def test_another_head_is_refused() -> None:
    hidden, weight, targets = case()
    with pytest.raises(ValueError, match="another head"):
        verify_head(hidden, weight, targets, workspace=Workspace(weight[:-1]))
    with pytest.raises(ValueError, match="targets"):
        verify_head(hidden, weight, targets[:-1])


def test_no_rows() -> None:
    hidden, weight, targets = case()
    assert len(verify_head(hidden[:0], weight, targets[:0]).best) == 0


def test_it_says_which_way_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    taken, why = path(torch.device("cpu"))
    assert taken is verify_rows_ref
    assert why == "torch: no kernel for cpu"
