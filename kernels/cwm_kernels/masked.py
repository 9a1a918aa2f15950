"""``masked_pick`` in Triton: the best allowed token, or a drawn one, with the softmax it belongs to.

One program takes one row. The first sweep reads logits and mask bits once and keeps the maximum and
the sum of exponentials, of all tokens and of the allowed ones, beside the best allowed token. Only a
draw needs a second sweep, which finds the first token whose running sum exceeds the draw's share.

Needs triton; under ``TRITON_INTERPRET=1`` it runs without a GPU, for tests.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from cwm_kernels.reference import COLDEST, Picked, check_pick
from cwm_kernels.rows import FAR, TILE, TYPES


@triton.jit
def _summed(m, s, z):  # type: ignore[no-untyped-def]
    """The running maximum and sum of exponentials with the logits ``z`` added."""
    peak = tl.maximum(m, tl.max(z, 0))
    base = tl.where(peak == float("-inf"), 0.0, peak)
    shrink = tl.where(m == float("-inf"), 0.0, tl.exp(m - base))
    return peak, s * shrink + tl.sum(tl.exp(z - base), 0)


@triton.jit  # type: ignore[untyped-decorator]
def _tile(source, bits, begin, vocabulary, column_stride, TILE: tl.constexpr):  # type: ignore[no-untyped-def]
    """The columns from ``begin`` on, their logits, and whether each is allowed."""
    column = begin + tl.arange(0, TILE)
    there = column < vocabulary
    z = tl.load(source + column.to(tl.int64) * column_stride, mask=there, other=float("-inf")).to(tl.float32)
    word = tl.load(bits + column // 32, mask=there, other=0)
    return column, z, there & (((word >> (column % 32)) & 1) != 0)


@triton.jit(do_not_specialize=["rows"])  # type: ignore[untyped-decorator]
def _pick(  # type: ignore[no-untyped-def]
    logits,
    bits,
    draws,
    tokens,
    numbers,
    vocabulary,
    rows,
    row_stride,
    column_stride,
    bits_stride,
    temperature,
    DRAWN: tl.constexpr,
    TILE: tl.constexpr,
    FAR: tl.constexpr,
):
    """One row. ``numbers`` [2, rows] take the token's logarithm and that of the allowed share."""
    row = tl.program_id(0).to(tl.int64)
    source, mask = logits + row * row_stride, bits + row * bits_stride
    m = float("-inf")
    s = 0.0
    m_allowed = float("-inf")
    s_allowed = 0.0
    token = FAR
    wrong = 0
    for begin in range(0, vocabulary, TILE):
        column, z, allowed = _tile(source, mask, begin, vocabulary, column_stride, TILE)
        bad = (z != z) | (z == float("inf"))
        wrong += tl.sum(bad.to(tl.int32), 0)
        z = tl.where(bad, float("-inf"), z)
        limited = tl.where(allowed, z, float("-inf"))
        peak = tl.max(limited, 0)
        first = tl.min(tl.where(limited == peak, column, FAR), 0)
        token = tl.where(peak > m_allowed, first, token)
        m, s = _summed(m, s, z)
        m_allowed, s_allowed = _summed(m_allowed, s_allowed, limited)
    good = (wrong == 0) & (m_allowed > float("-inf"))
    if DRAWN:
        token = tl.where(
            good,
            _drawn(source, mask, draws + row, m_allowed, vocabulary, column_stride, temperature, TILE, FAR),
            token,
        )
    chosen = tl.load(source + tl.where(good, token, 0).to(tl.int64) * column_stride).to(tl.float32)
    log_allowed = tl.log(tl.where(good, s_allowed, 1.0))
    log_all = tl.log(tl.where(good, s, 1.0))
    nan = float("nan")
    tl.store(tokens + row, tl.where(good, token, -1).to(tl.int64))
    tl.store(numbers + row, tl.where(good, chosen - m_allowed - log_allowed, nan))
    tl.store(numbers + rows + row, tl.where(good, m_allowed + log_allowed - m - log_all, nan))


@triton.jit  # type: ignore[untyped-decorator]
def _drawn(  # type: ignore[no-untyped-def]
    source,
    mask,
    draw,
    peak,
    vocabulary,
    column_stride,
    temperature,
    TILE: tl.constexpr,
    FAR: tl.constexpr,
):
    """The first allowed token at which the running sum of the weights exceeds the draw's share of all."""
    base = tl.where(peak == float("-inf"), 0.0, peak)
    total = 0.0
    for begin in range(0, vocabulary, TILE):
        _, z, allowed = _tile(source, mask, begin, vocabulary, column_stride, TILE)
        total += tl.sum(tl.where(allowed, tl.exp((z - base) / temperature), 0.0), 0)
    share = tl.load(draw).to(tl.float32) * total
    found = FAR
    last = 0
    running = 0.0
    for begin in range(0, vocabulary, TILE):
        column, z, allowed = _tile(source, mask, begin, vocabulary, column_stride, TILE)
        weight = tl.where(allowed, tl.exp((z - base) / temperature), 0.0)
        sums = running + tl.cumsum(weight, 0)
        found = tl.minimum(found, tl.min(tl.where((sums > share) & (weight > 0), column, FAR), 0))
        last = tl.maximum(last, tl.max(tl.where(weight > 0, column, 0), 0))
        running += tl.sum(weight, 0)
    return tl.where(found == FAR, last, found)


def masked_pick(
    logits: Tensor, bits: Tensor, temperature: float = 0.0, draws: Tensor | None = None
) -> Picked:
    """What :func:`~cwm_kernels.reference.masked_pick_ref` picks from ``logits`` [B, V] of any strides.

    A draw within rounding of the border of two tokens may pick the other. Nothing waits for the GPU.
    """
    check_pick(logits, bits, temperature, draws)
    if logits.dtype not in TYPES:
        raise ValueError(f"logits are {logits.dtype}")
    rows, vocabulary = logits.shape
    bits = bits.contiguous()
    tokens = torch.empty(rows, dtype=torch.int64, device=logits.device)
    numbers = torch.empty(2, rows, dtype=torch.float32, device=logits.device)
    if rows:
        with torch.cuda.device_of(logits):
            _pick[(rows,)](
                logits,
                bits,
                numbers if draws is None else draws.float().contiguous(),
                tokens,
                numbers,
                vocabulary,
                rows,
                logits.stride(0),
                logits.stride(1),
                bits.stride(0),
                max(float(temperature), COLDEST),
                DRAWN=temperature > 0,
                TILE=min(TILE, triton.next_power_of_2(vocabulary)),
                FAR=FAR,
            )
    return Picked(tokens, numbers[0], numbers[1])
