"""``verify_rows`` in Triton: one streaming read of each row of logits, everything else in registers.

One program takes one row, tile by tile. It carries the running maximum ``m``, ``s = sum(exp(z - m))``
and ``w = sum(exp(z - m) * (z - m))``, from which the log-sum-exp is ``m + log s`` and the entropy
``log s - w / s``. When the maximum grows by ``d``, ``w`` becomes ``exp(-d) * (w - s * d)``. The target's
logit is fetched first, so that its rank is counted on the way. The best k stand unsorted in ``SLOTS``
registers: a tile is searched only while its largest beats the least of them, which after a few tiles
is almost never.

Needs triton; under ``TRITON_INTERPRET=1`` it runs without a GPU, for tests.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from cwm_kernels.reference import Verified, check_rows

TILE = 4096
"""Logits of one step: large enough to hide the latency of memory, small enough for registers."""

FAR = 1 << 30
"""An id past every vocabulary."""
TYPES = (torch.float32, torch.float16, torch.bfloat16)


@triton.jit
def _grown(m, s, w, z):  # type: ignore[no-untyped-def]
    """The running statistics with the logits ``z`` added."""
    peak = tl.maximum(m, tl.max(z, 0))
    base = tl.where(peak == float("-inf"), 0.0, peak)
    # Past 200 nothing is left of what was summed, and s * gap could overflow.
    gap = tl.where(m == float("-inf"), 0.0, tl.minimum(base - m, 200.0))
    shrink = tl.where(m == float("-inf"), 0.0, tl.exp(-gap))
    weight = tl.exp(z - base)
    inner = tl.where(weight > 0, weight * (z - base), 0.0)
    return peak, s * shrink + tl.sum(weight, 0), (w - s * gap) * shrink + tl.sum(inner, 0)


# The number of rows differs from call to call, and no kernel is compiled anew for it.
@triton.jit(do_not_specialize=["rows"])  # type: ignore[untyped-decorator]
def _verify(  # type: ignore[no-untyped-def]
    logits,
    targets,
    givens,
    numbers,
    ids,
    top,
    top_logit,
    vocabulary,
    rows,
    row_stride,
    column_stride,
    GIVEN: tl.constexpr,
    K: tl.constexpr,
    SLOTS: tl.constexpr,
    TILE: tl.constexpr,
    FAR: tl.constexpr,
):
    """One row. ``numbers`` [4, rows] take best, target, log-sum-exp, entropy; ``ids`` best, rank."""
    row = tl.program_id(0).to(tl.int64)
    source = logits + row * row_stride
    target = tl.load(targets + row)
    inside = tl.minimum(tl.maximum(target, 0), vocabulary - 1)
    if GIVEN:
        given = tl.load(givens + row).to(tl.float32)
    else:
        given = tl.load(source + inside.to(tl.int64) * column_stride).to(tl.float32)
    m = float("-inf")
    s = 0.0
    w = 0.0
    best = FAR
    rank = 0
    wrong = 0
    slot = tl.arange(0, SLOTS)
    slot_logit = tl.where(slot < K, float("-inf"), float("inf"))
    slot_id = FAR + slot
    for begin in range(0, vocabulary, TILE):
        column = begin + tl.arange(0, TILE)
        there = column < vocabulary
        z = tl.load(source + column.to(tl.int64) * column_stride, mask=there, other=float("-inf")).to(
            tl.float32
        )
        wrong += tl.sum(((z != z) | (z == float("inf"))).to(tl.int32), 0)
        # What is no number would poison the search below; the row is refused at the end anyway.
        z = tl.where((z != z) | (z == float("inf")), float("-inf"), z)
        before = ((z > given) & (column != target)) | ((z == given) & (column < target))
        rank += tl.sum((before & there).to(tl.int32), 0)
        peak = tl.max(z, 0)
        first = tl.min(tl.where(z == peak, column, FAR), 0)
        best = tl.where(peak > m, first, best)
        m, s, w = _grown(m, s, w, z)
        if K > 0:
            least = tl.min(slot_logit, 0)
            while peak > least:
                at = tl.min(tl.where(z == peak, column, FAR), 0)
                # Among equals the highest id leaves first.
                worst = tl.max(tl.where(slot_logit == least, slot_id, -1), 0)
                leaves = (slot_logit == least) & (slot_id == worst)
                slot_logit = tl.where(leaves, peak, slot_logit)
                slot_id = tl.where(leaves, at, slot_id)
                z = tl.where(column == at, float("-inf"), z)
                peak = tl.max(z, 0)
                least = tl.min(slot_logit, 0)
    nan = float("nan")
    good = (wrong == 0) & (m > float("-inf"))
    log_s = tl.log(tl.where(good, s, 1.0))
    present = good & ((target == inside) | GIVEN)
    tl.store(numbers + row, tl.where(good, -log_s, nan))
    tl.store(numbers + rows + row, tl.where(present, given - m - log_s, nan))
    tl.store(numbers + 2 * rows + row, tl.where(good, m + log_s, nan))
    tl.store(numbers + 3 * rows + row, tl.where(good, log_s - w / tl.where(good, s, 1.0), nan))
    tl.store(ids + row, tl.where(good, best, -1).to(tl.int64))
    tl.store(ids + rows + row, tl.where(present, rank, -1).to(tl.int64))
    if K > 0:
        taken = good & (slot_id < FAR)
        tl.store(top + row * K + slot, tl.where(taken, slot_id, -1).to(tl.int64), mask=slot < K)
        relative = tl.where(good, slot_logit - m - log_s, nan)
        tl.store(top_logit + row * K + slot, relative, mask=slot < K)


def verify_rows(logits: Tensor, targets: Tensor, k: int = 0, given: Tensor | None = None) -> Verified:
    """What :func:`~cwm_kernels.reference.verify_rows_ref` says of ``logits`` [T, V] of any strides.

    ``logits`` are float32, float16 or bfloat16, on whichever GPU. Nothing waits for it.
    """
    check_rows(logits, targets, k, given)
    if logits.dtype not in TYPES:
        raise ValueError(f"logits are {logits.dtype}")
    rows, vocabulary = logits.shape
    device = logits.device
    numbers = torch.empty(4, rows, dtype=torch.float32, device=device)
    ids = torch.empty(2, rows, dtype=torch.int64, device=device)
    top = torch.empty(rows, k, dtype=torch.int64, device=device)
    top_logprob = torch.empty(rows, k, dtype=torch.float32, device=device)
    if rows:
        with torch.cuda.device_of(logits):  # triton launches on the current one
            _verify[(rows,)](
                logits,
                targets.to(torch.int64).contiguous(),
                targets if given is None else given.contiguous(),
                numbers,
                ids,
                top,
                top_logprob,
                vocabulary,
                rows,
                logits.stride(0),
                logits.stride(1),
                GIVEN=given is not None,
                K=k,
                SLOTS=triton.next_power_of_2(max(k, 1)),
                TILE=min(TILE, triton.next_power_of_2(vocabulary)),
                FAR=FAR,
            )
    top, top_logprob = _sorted(top, top_logprob) if k > 1 else (top, top_logprob)
    return Verified(ids[0], numbers[0], numbers[1], ids[1], numbers[2], numbers[3], top, top_logprob)


def _sorted(top: Tensor, logprob: Tensor) -> tuple[Tensor, Tensor]:
    """Each row by falling logarithm, the lower id first among equals and what is absent last."""
    by_id = torch.where(top < 0, FAR, top).argsort(1)
    order = by_id.gather(1, logprob.gather(1, by_id).sort(dim=1, descending=True, stable=True).indices)
    return top.gather(1, order), logprob.gather(1, order)
