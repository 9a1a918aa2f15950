"""Scores of a row whose logits were read in parts, put together.

Everything is kept relative to the largest logit of a part, which is exact, so that equal logits of different
parts stay equal. With ``p`` the share that a part has of the whole and ``h`` its entropy, that of the whole
is ``sum p (h - log p)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cwm_kernels.reference import Verified


@dataclass(frozen=True, slots=True)
class Partial:
    """Some tokens of T rows. ``peak`` is -inf where they are all ruled out, NaN where one is no number.

    ``best`` has the logit ``peak``, ``total`` is the log-sum-exp less that, ``top`` with ``top_logit`` [T, k]
    are the best, ``rank`` counts those before the target, ``own`` is its logit, -inf where it is elsewhere.
    """

    best: Tensor
    peak: Tensor
    total: Tensor
    entropy: Tensor
    own: Tensor
    rank: Tensor
    top: Tensor
    top_logit: Tensor

    @classmethod
    def of(cls, found: Verified, logits: Tensor, targets: Tensor, given: Tensor, first: int) -> Partial:
        """The scores ``found`` of ``logits`` [T, some], those of the tokens from id ``first`` on.

        ``given`` [T] are the logits by which ``targets`` were ranked.
        """
        peak, count = logits.amax(1).float(), logits.shape[1]
        empty = peak == -torch.inf
        place = targets - first
        own = logits.gather(1, place.clamp(0, count - 1)[:, None])[:, 0].float()
        top_logit = logits.gather(1, found.top.clamp(min=0)).float()
        equal = torch.where(given == -torch.inf, place.clamp(0, count), 0)
        return cls(
            best=found.best + first,
            peak=torch.where(torch.isposinf(peak), torch.nan, peak),
            total=torch.where(empty, 0.0, -found.best_logprob),
            entropy=torch.where(empty, 0.0, found.entropy),
            own=torch.where((place >= 0) & (place < count), own, -torch.inf),
            rank=torch.where(empty, equal, found.rank),
            top=torch.where(found.top < 0, -1, found.top + first),
            top_logit=torch.where(found.top < 0, -torch.inf, top_logit),
        )

    def merge(self, later: Partial) -> Partial:
        """These tokens and those of higher ids."""
        peak = torch.maximum(self.peak, later.peak)
        base = torch.where(peak == -torch.inf, 0.0, peak)
        ours, theirs = self.peak - base + self.total, later.peak - base + later.total
        total = torch.logaddexp(ours, theirs)
        logits = torch.cat([self.top_logit, later.top_logit], 1)
        order = logits.sort(dim=1, descending=True, stable=True).indices[:, : self.top.shape[1]]
        return Partial(
            best=torch.where(later.peak > self.peak, later.best, self.best),
            peak=peak,
            total=torch.where(peak == -torch.inf, 0.0, total),
            entropy=_part(ours - total, self.entropy) + _part(theirs - total, later.entropy),
            own=torch.maximum(self.own, later.own),
            rank=self.rank + later.rank,
            top=torch.cat([self.top, later.top], 1).gather(1, order),
            top_logit=logits.gather(1, order),
        )

    def verified(self, targets: Tensor, vocabulary: int) -> Verified:
        """The scores of whole rows."""
        good = torch.isfinite(self.peak)
        present = good & (targets >= 0) & (targets < vocabulary)
        rank = torch.where(self.best == targets, 0, self.rank)
        relative = self.top_logit - self.peak[:, None] - self.total[:, None]
        return Verified(
            best=torch.where(good, self.best, -1),
            best_logprob=torch.where(good, -self.total, torch.nan),
            logprob=torch.where(present, self.own - self.peak - self.total, torch.nan),
            rank=torch.where(present, rank, -1),
            logsumexp=torch.where(good, self.peak + self.total, torch.nan),
            entropy=torch.where(good, self.entropy, torch.nan),
            top=torch.where(good[:, None], self.top, -1),
            top_logprob=torch.where(good[:, None], relative, torch.nan),
        )


def _part(log_share: Tensor, entropy: Tensor) -> Tensor:
    """What tokens add to an entropy that have this ``entropy`` and together the share ``exp(log_share)``."""
    share = log_share.exp()
    return torch.where(share > 0, share * (entropy - log_share), torch.where(share == 0, 0.0, torch.nan))
