"""Scores of a row whose logits were read in parts, put together.

Parts are merged as softmax statistics are: with ``l`` the log-sum-exp of a part and ``e`` the mean of its
logits under its own distribution, the whole has ``L = log(exp l1 + exp l2)``, the mean
``exp(l1 - L) e1 + exp(l2 - L) e2``, and the entropy ``L`` minus that.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cwm_kernels.reference import Verified


@dataclass(frozen=True, slots=True)
class Partial:
    """Some tokens of T rows. ``logsumexp`` is -inf where they are all ruled out, NaN where one is no number.

    ``best`` with ``best_logit`` and ``top`` with ``top_logit`` [T, k] are theirs, ``mean`` is that of their
    logits, ``rank`` counts those before the target.
    """

    best: Tensor
    best_logit: Tensor
    rank: Tensor
    logsumexp: Tensor
    mean: Tensor
    top: Tensor
    top_logit: Tensor

    @classmethod
    def of(cls, found: Verified, empty: Tensor, first: int) -> Partial:
        """The scores ``found`` of tokens from id ``first`` on; ``empty`` [T] says that all are ruled out."""
        logsumexp = torch.where(empty, -torch.inf, found.logsumexp)
        absent = empty[:, None] | (found.top < 0)
        return cls(
            best=found.best + first,
            best_logit=torch.where(empty, -torch.inf, found.best_logprob + found.logsumexp),
            rank=torch.where(empty, 0, found.rank),
            logsumexp=logsumexp,
            mean=torch.where(empty, 0.0, found.logsumexp - found.entropy),
            top=torch.where(absent, -1, found.top + first),
            top_logit=torch.where(absent, -torch.inf, found.top_logprob + found.logsumexp[:, None]),
        )

    def merge(self, later: Partial) -> Partial:
        """These tokens and those of higher ids."""
        total = torch.logaddexp(self.logsumexp, later.logsumexp)
        none = total == -torch.inf
        share = torch.where(none, 0.0, (self.logsumexp - total).exp())
        other = torch.where(none, 0.0, (later.logsumexp - total).exp())
        better = later.best_logit > self.best_logit
        logits = torch.cat([self.top_logit, later.top_logit], 1)
        order = logits.sort(dim=1, descending=True, stable=True).indices[:, : self.top.shape[1]]
        return Partial(
            best=torch.where(better, later.best, self.best),
            best_logit=torch.where(better, later.best_logit, self.best_logit),
            rank=self.rank + later.rank,
            logsumexp=total,
            mean=share * self.mean + other * later.mean,
            top=torch.cat([self.top, later.top], 1).gather(1, order),
            top_logit=logits.gather(1, order),
        )

    def verified(self, targets: Tensor, given: Tensor, vocabulary: int) -> Verified:
        """The scores of whole rows, ``given`` [T] being the targets' logits."""
        good = torch.isfinite(self.logsumexp)
        present = good & (targets >= 0) & (targets < vocabulary)
        rank = torch.where(self.best == targets, 0, self.rank)
        relative = self.top_logit - self.logsumexp[:, None]
        return Verified(
            best=torch.where(good, self.best, -1),
            best_logprob=torch.where(good, self.best_logit - self.logsumexp, torch.nan),
            logprob=torch.where(present, given.float() - self.logsumexp, torch.nan),
            rank=torch.where(present, rank, -1),
            logsumexp=torch.where(good, self.logsumexp, torch.nan),
            entropy=torch.where(good, self.logsumexp - self.mean, torch.nan),
            top=torch.where(good[:, None], self.top, -1),
            top_logprob=torch.where(good[:, None], relative, torch.nan),
        )
