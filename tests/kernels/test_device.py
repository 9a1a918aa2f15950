"""What a device asks of the kernels: 64-bit offsets, no waiting for it, capture as a graph, a way out."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.kernels.conftest import DEVICE, GPU

pytest.importorskip("torch", reason="the kernels need torch")

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from cwm_kernels.head import Workspace, verify_head
from cwm_kernels.paths import path
from cwm_kernels.reference import pack
from tests.kernels.test_rows import check_same, exact

WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "is_nonzero", "equal", "_to_copy.cpu")


class Refusing(TorchDispatchMode):
    """Refuses every operation whose answer the host would have to wait for, and counts what is allocated."""

    largest: int = 0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        assert not any(word in name for word in WAITING), f"{name} waits"
        if name in ("aten.index.Tensor", "aten.index_put_.default"):
            assert not any(getattr(one, "dtype", None) is torch.bool for one in args[1]), "a mask waits"
        made = func(*args, **(kwargs or {}))
        if name.startswith("aten.empty."):
            self.largest = max(self.largest, made.numel())
        return made


def head_case(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(8)
    hidden = torch.randn(6, 16, generator=source).to(DEVICE, dtype)
    weight = torch.randn(2500, 16, generator=source).to(DEVICE, dtype)
    return hidden, weight, torch.randint(-1, 2500, (6,), generator=source).to(DEVICE)


def workspace_of(weight: torch.Tensor, columns: int) -> Workspace:
    made = Workspace(weight)
    made.rows, made.columns = 4, columns
    return made


@pytest.mark.parametrize("columns", [2500, 1024], ids=["whole", "split"])
def test_nothing_waits_and_nothing_large_is_allocated(columns: int) -> None:
    hidden, weight, targets = head_case()
    workspace = workspace_of(weight, columns)
    wanted = verify_head(hidden, weight, targets, 8, workspace)
    with Refusing() as watched:
        found = verify_head(hidden, weight, targets, 8, workspace)
    check_same(found, wanted)
    assert 0 < watched.largest < len(hidden) * 100


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_pick_waits_for_nothing(temperature: float) -> None:
    logits, draws = torch.randn(3, 100, device=DEVICE), torch.full((3,), 0.5, device=DEVICE)
    bits = pack(torch.ones(3, 100, dtype=torch.bool, device=DEVICE))
    pick = path(logits.device).masked_pick
    with Refusing():
        pick(logits, bits, temperature, draws)


def test_a_workspace_made_for_inference_serves_elsewhere_too() -> None:
    hidden, weight, targets = head_case()
    workspace = Workspace(weight)
    with torch.inference_mode():
        first = verify_head(hidden, weight, targets, 2, workspace)
    check_same(verify_head(hidden.requires_grad_(), weight, targets, 2, workspace), first)


def test_a_limit_counts_what_a_wide_head_takes_beside_the_logits() -> None:
    weight = torch.empty(128_256, 512)
    limit = 4 << 20
    made = Workspace(weight, limit)
    assert made.columns < 128_256
    assert made.rows * (made.columns + 4 * 512) * 4 <= limit


@pytest.mark.skipif(sys.platform != "linux", reason="needs memory that is not there until it is written to")
@pytest.mark.parametrize(
    ("size", "stride"),
    [((3, 1000), (2**31 - 5, 1)), ((2, 5), (1, 2**30))],
    ids=["rows", "columns"],
)
def test_offsets_have_64_bits(size: tuple[int, int], stride: tuple[int, int]) -> None:
    """Of a vast array only the pages of these rows are ever touched."""
    values, targets = torch.randn(size).half(), torch.tensor([4, 1, 2])[: size[0]].clamp(max=size[1] - 1)
    store = torch.empty(
        1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)), dtype=torch.half
    )
    logits = store.to(DEVICE).as_strided(size, stride)
    logits.copy_(values)
    wanted = exact(values.to(DEVICE), targets.to(DEVICE), 3)
    check_same(path(logits.device).verify_rows(logits, targets.to(DEVICE), 3), wanted)
    bits = pack(torch.ones(size, dtype=torch.bool, device=DEVICE))
    assert torch.equal(path(logits.device).masked_pick(logits, bits).token, wanted.best)


def test_where_triton_does_not_run_torch_answers_and_says_why() -> None:
    """Here it finds no GPU; elsewhere no C compiler. A process of its own, since this one is interpreted."""
    asked = "import torch; from cwm_kernels.paths import trouble; print(trouble(torch.device('cpu')))"
    pytest.importorskip("triton", reason="the kernels need the extra kernels")
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env={"PATH": ""}
    )
    assert done.stdout.strip()
    assert "Traceback" in done.stderr


@pytest.mark.skipif(not GPU, reason="there is no GPU here: whether a graph can be captured was not tested")
@pytest.mark.parametrize("columns", [2500, 1024], ids=["whole", "split"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_is_captured_as_a_graph(columns: int, dtype: torch.dtype) -> None:
    hidden, weight, targets = head_case(dtype)
    workspace = workspace_of(weight, columns)
    torch.cuda.set_sync_debug_mode("error")
    try:
        verify_head(hidden, weight, targets, 8, workspace)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            found = verify_head(hidden, weight, targets, 8, workspace)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    hidden.copy_(hidden.flip(0))
    targets.copy_(targets.flip(0))
    graph.replay()
    check_same(found, verify_head(hidden, weight, targets, 8, workspace))


@pytest.mark.skipif(not GPU, reason="there is no GPU here: whether a graph can be captured was not tested")
def test_a_pick_is_captured_as_a_graph() -> None:
    logits, draws = torch.randn(3, 5000, device=DEVICE), torch.full((3,), 0.5, device=DEVICE)
    bits = pack(torch.rand(3, 5000, device=DEVICE) < 0.5)
    pick = path(logits.device).masked_pick
    pick(logits, bits, 1.0, draws)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = pick(logits, bits, 1.0, draws)
    logits.copy_(logits.flip(0))
    graph.replay()
    assert torch.equal(found.token, pick(logits, bits, 1.0, draws).token)
