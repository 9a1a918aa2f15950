"""What the kernels compute, said in torch: the oracle of the tests and the path of the CPU.

A row of logits is a distribution when it has a finite logit and neither NaN nor +inf; -inf is a token
that is ruled out. A row that is none says nothing: its ids are -1 and its numbers NaN. Of equal logits
the lower id comes first, everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

MOST_RANKED = 8
"""The longest list of best tokens."""

COLDEST = 1e-30
"""A temperature below this draws as this does, among what is best alone: float32 has few below."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Scores of T rows, logarithms being natural and float32, ids int64.

    ``best`` is the most likely token and ``best_logprob`` its logarithm; ``logprob`` and ``rank`` (how
    many tokens come before it) are of the target, NaN and -1 where that is absent. ``logsumexp`` is over
    the whole row, ``entropy`` in nats. ``top`` and ``top_logprob`` [T, k] are the best k tokens in
    order; where fewer are possible the rest is -1 and -inf.
    """

    best: Tensor
    best_logprob: Tensor
    logprob: Tensor
    rank: Tensor
    logsumexp: Tensor
    entropy: Tensor
    top: Tensor
    top_logprob: Tensor

    @classmethod
    def empty(cls, rows: int, k: int, device: torch.device) -> Verified:
        """Room for ``rows`` results, not filled."""
        ids = [torch.empty(rows, dtype=torch.int64, device=device) for _ in range(2)]
        numbers = [torch.empty(rows, dtype=torch.float32, device=device) for _ in range(4)]
        top = torch.empty(rows, k, dtype=torch.int64, device=device)
        best, rank = ids
        return cls(best, numbers[0], numbers[1], rank, numbers[2], numbers[3], top, top.float())

    @property
    def fields(self) -> tuple[Tensor, ...]:
        """All of them, in the order of the class."""
        return (
            self.best,
            self.best_logprob,
            self.logprob,
            self.rank,
            self.logsumexp,
            self.entropy,
            self.top,
            self.top_logprob,
        )

    def rows(self, begin: int, end: int) -> Verified:
        """A view of some rows."""
        return Verified(*(field[begin:end] for field in self.fields))

    def take(self, other: Verified) -> None:
        """Become equal to ``other``, of the same sizes."""
        for mine, theirs in zip(self.fields, other.fields, strict=True):
            mine.copy_(theirs)


def check_rows(logits: Tensor, targets: Tensor, k: int, given: Tensor | None = None) -> None:
    """Raise ``ValueError`` for what ``verify_rows`` is not defined on."""
    if given is not None and given.shape != targets.shape:
        raise ValueError(f"given logits are {tuple(given.shape)}, not {tuple(targets.shape)}")
    if logits.dim() != 2 or logits.shape[1] == 0:
        raise ValueError(f"logits are {tuple(logits.shape)}, not [T, V] with V > 0")
    if targets.shape != logits.shape[:1]:
        raise ValueError(f"targets are {tuple(targets.shape)}, not [{logits.shape[0]}]")
    if not 0 <= k <= MOST_RANKED:
        raise ValueError(f"k is {k}, not 0 to {MOST_RANKED}")


def verify_rows_ref(logits: Tensor, targets: Tensor, k: int = 0, given: Tensor | None = None) -> Verified:
    """How ``targets`` [T] (absent where outside 0 to V - 1) do under ``logits`` [T, V] of any float type.

    With ``given`` [T], the targets' logits, ``logits`` are a part of a row and no target is absent: one
    outside of them is ranked among them by its id, which may be negative or past the end.
    """
    check_rows(logits, targets, k, given)
    z = logits if logits.dtype == torch.float64 else logits.float()
    vocabulary = z.shape[1]
    peak, best = _first_max(z)
    valid = torch.isfinite(peak)
    base = torch.where(valid, peak, 0)[:, None]
    weights = (z - base).exp()
    total = weights.sum(1)
    # A token that is ruled out adds 0 to the entropy, where the formula would multiply 0 by infinity.
    inner = torch.where(weights > 0, weights * (z - base), 0).sum(1)
    present = (targets >= 0) & (targets < vocabulary) | (given is not None)
    inside = targets.clamp(0, vocabulary - 1).long()[:, None]
    bar = z.gather(1, inside) if given is None else given.to(z.dtype)[:, None]
    ids = torch.arange(vocabulary, device=z.device)
    # A given logit may differ from the target's own here by a rounding: the target never precedes itself.
    before = ((z > bar) | ((z == bar) & (ids < targets[:, None]))) & (ids != targets[:, None])
    top_logprob, top = _top(z, k)
    found = Verified(
        best=best,
        best_logprob=-total.log(),
        logprob=torch.where(present, bar[:, 0] - peak - total.log(), torch.nan),
        rank=torch.where(present, before.sum(1), -1),
        logsumexp=peak + total.log(),
        entropy=total.log() - inner / total,
        top=top,
        top_logprob=top_logprob - (peak + total.log())[:, None],
    )
    return _only_where(valid, found)


def _only_where(valid: Tensor, found: Verified) -> Verified:
    """``found`` where a row is a distribution; -1 and NaN elsewhere."""

    def kept(field: Tensor) -> Tensor:
        where = valid if field.dim() == 1 else valid[:, None]
        if field.dtype == torch.int64:
            return torch.where(where, field, -1)
        return torch.where(where, field, torch.nan).float()

    return Verified(*(kept(field) for field in found.fields))


def _first_max(z: Tensor) -> tuple[Tensor, Tensor]:
    """The largest of each row of ``z`` and the first place that has it; NaN where there is one."""
    peak = z.amax(1)
    return peak, (z == peak[:, None]).int().argmax(1)


def _top(z: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` largest of each row with their ids, the lower id first among equals."""
    values = torch.full((len(z), k), -torch.inf, dtype=z.dtype, device=z.device)
    ids = torch.full((len(z), k), -1, dtype=torch.int64, device=z.device)
    left = z.clone() if k else z
    for place in range(min(k, z.shape[1])):
        peak, best = _first_max(left)
        possible = peak > -torch.inf
        values[:, place] = peak
        ids[:, place] = torch.where(possible, best, -1)
        left.scatter_(1, best[:, None], -torch.inf)
    return values, ids


@dataclass(frozen=True, slots=True)
class Picked:
    """A token for each of B rows, -1 where none is allowed.

    ``logprob`` is its logarithm among the allowed tokens at temperature 1; ``allowed`` the share of the
    probability, over the whole row, that the allowed tokens have together, as a logarithm.
    """

    token: Tensor
    logprob: Tensor
    allowed: Tensor


def words(vocabulary: int) -> int:
    """How many int32 a mask of ``vocabulary`` bits takes."""
    return (vocabulary + 31) // 32


def pack(mask: Tensor) -> Tensor:
    """Booleans [B, V] as bits [B, ceil(V / 32)] int32; token ``i`` is bit ``i % 32`` of word ``i // 32``."""
    rows, vocabulary = mask.shape
    padded = torch.zeros(rows, words(vocabulary) * 32, dtype=torch.int64, device=mask.device)
    padded[:, :vocabulary] = mask
    bits = padded.view(rows, -1, 32) << torch.arange(32, device=mask.device)
    total = bits.sum(2)
    return torch.where(total >= 1 << 31, total - (1 << 32), total).int()


def unpack(bits: Tensor, vocabulary: int) -> Tensor:
    """What :func:`pack` packed: booleans [B, V]."""
    each = (bits[:, :, None] >> torch.arange(32, device=bits.device, dtype=torch.int32)) & 1
    return each.reshape(len(bits), -1)[:, :vocabulary].bool()


def check_pick(logits: Tensor, bits: Tensor, temperature: float, draws: Tensor | None) -> None:
    """Raise ``ValueError`` for what ``masked_pick`` is not defined on."""
    rows, vocabulary = logits.shape
    if vocabulary == 0 or bits.shape != (rows, words(vocabulary)) or bits.dtype != torch.int32:
        raise ValueError(f"the mask is {tuple(bits.shape)} {bits.dtype} for logits {tuple(logits.shape)}")
    if not 0 <= temperature < float("inf"):
        raise ValueError(f"the temperature is {temperature}")
    if temperature > 0 and (draws is None or draws.shape != (rows,)):
        raise ValueError("a temperature needs one draw for each row")


def masked_pick_ref(
    logits: Tensor, bits: Tensor, temperature: float = 0.0, draws: Tensor | None = None
) -> Picked:
    """The best allowed token of each row of ``logits`` [B, V], or one drawn at ``temperature``.

    ``bits`` [B, ceil(V / 32)] say which tokens are allowed (:func:`pack`). ``draws`` [B] lie in [0, 1)
    and choose: the first token at which the running sum of the weights exceeds the draw's share of all.
    A token whose weight is 0 in float32 is never drawn.
    """
    check_pick(logits, bits, temperature, draws)
    z = logits if logits.dtype == torch.float64 else logits.float()
    limited = torch.where(unpack(bits, z.shape[1]), z, -torch.inf)
    whole, _ = _first_max(z)
    peak, token = _first_max(limited)
    base = torch.where(torch.isfinite(peak), peak, 0)
    if temperature > 0:
        assert draws is not None
        weights = ((limited - base[:, None]) / max(temperature, COLDEST)).exp()
        running = weights.cumsum(1)
        over = (running > draws[:, None].to(z.dtype) * running[:, -1:]) & (weights > 0)
        # Rounding may leave no sum above the share of a draw next to 1: the last possible token then.
        last = z.shape[1] - 1 - (weights > 0).flip(1).int().argmax(1)
        token = torch.where(over.any(1), over.int().argmax(1), last)
    among = (limited - base[:, None]).exp().sum(1).log() + base
    chosen = limited.gather(1, token[:, None])[:, 0]
    valid = torch.isfinite(peak) & torch.isfinite(whole)
    return Picked(
        token=torch.where(valid, token, -1),
        logprob=torch.where(valid, chosen - among, torch.nan).float(),
        allowed=torch.where(valid, among - z.logsumexp(1), torch.nan).float(),
    )
