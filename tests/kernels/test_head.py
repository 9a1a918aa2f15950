"""``verify_head``: in runs of rows or at once, with a workspace or without, the answer is one."""

from __future__ import annotations

import pytest

from tests.kernels.conftest import DEVICE

pytest.importorskip("torch", reason="the kernels need torch")

import torch

from cwm_kernels.head import HOST_LIMIT, Workspace, verify_head, verify_head_ref
from cwm_kernels.paths import path
from cwm_kernels.reference import Verified, masked_pick_ref, verify_rows_ref
from cwm_kernels.split import Partial
from tests.kernels.test_rows import check_same

ROWS, WIDTH, VOCABULARY = 13, 24, 301
INF, NAN = float("inf"), float("nan")


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
    held = workspace.logits(ROWS, VOCABULARY).data_ptr()
    verify_head(hidden[:4], weight, targets[:4], workspace=workspace)
    assert workspace.logits(4, VOCABULARY).data_ptr() == held


def test_a_limit_bounds_what_stands() -> None:
    _, weight, _ = case()
    small, large = Workspace(weight, 1), Workspace(weight, 1 << 20)
    assert small.rows == 1
    assert 1 < large.rows <= (1 << 20) // (4 * VOCABULARY)
    assert Workspace(weight).rows * VOCABULARY * 4 <= max(HOST_LIMIT, 256 << 20)
    wide = torch.empty(128_256, 1)
    split = Workspace(wide, 8 << 20)
    assert split.columns < 128_256
    assert split.rows * split.columns * 4 <= 8 << 20
    assert Workspace(wide, 1 << 30).columns == 128_256


@pytest.mark.parametrize("columns", [75, 100, 300])
@pytest.mark.parametrize("k", [0, 5])
def test_parts_of_the_vocabulary_do_not_show(columns: int, k: int) -> None:
    hidden, weight, targets = case()
    workspace = Workspace(weight)
    workspace.rows, workspace.columns = 5, columns
    wanted = verify_head_ref(hidden.double(), weight.double(), targets, k)
    check_same(verify_head(hidden, weight, targets, k, workspace), wanted, 1e-4)


def test_parts_that_are_ruled_out_or_poisoned() -> None:
    weight = torch.tensor(
        [[1.0, -INF, 2.0, -INF], [5.0, 0.0, -INF, -INF], [5.0, 3.0, NAN, -INF], [-INF, 3.0, 0.0, -INF]]
    ).to(DEVICE)
    targets = torch.tensor([2, 3, 0, 1]).to(DEVICE)
    logits = weight.t()
    rows = [workspace_rows(logits, targets, columns) for columns in (1, 2, 3)]
    for found in rows:
        check_same(found, verify_rows_ref(logits, targets, 3))


def workspace_rows(logits: torch.Tensor, targets: torch.Tensor, columns: int) -> Verified:
    """Logits in parts of ``columns``, merged as ``verify_head`` does."""
    given = logits.gather(1, targets[:, None])[:, 0]
    merged: Partial | None = None
    for first in range(0, logits.shape[1], columns):
        some = logits[:, first : first + columns]
        verified = path(logits.device).verify_rows(some, targets - first, 3, given)
        part = Partial.of(verified, some, targets, given, first)
        merged = part if merged is None else merged.merge(part)
    assert merged is not None
    return merged.verified(targets, logits.shape[1])


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
    taken = path(torch.device("cpu"))
    assert taken.verify_rows is verify_rows_ref
    assert taken.masked_pick is masked_pick_ref
    assert taken.why == "torch: no kernel for cpu"
