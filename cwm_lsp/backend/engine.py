"""What a model must offer so that :class:`~cwm_lsp.backend.local.LocalBackend` can serve it.

An engine computes; it keeps no tokens, decides nothing and knows no asyncio. One thread calls it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from cwm_lsp.backend.protocol import BackendInfo, Ids, Logs, Sampling, Scores
from cwm_lsp.backend.scoring import HostLogits, score


class Memory(Protocol):
    """What the model remembers of the first ``length`` tokens of a prefix."""

    @property
    def length(self) -> int:
        """Tokens held."""
        ...

    @property
    def size(self) -> int:
        """Bytes held, whatever of them is shared with a fork."""
        ...

    def fork(self, length: int) -> Self:
        """A second memory of the first ``length`` tokens, sharing what it can."""
        ...

    def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        ...

    def free(self) -> None:
        """Give the bytes back. The memory is not used again."""
        ...


class Distribution(Protocol):
    """What a model says of the token at one place of a prefix; it stays where it was computed."""

    def choose(
        self, position: int, ids: npt.NDArray[np.integer[Any]] | None, sampling: Sampling
    ) -> tuple[int, float]:
        """The token at ``position`` in the prefix, and its log-probability at temperature 1.

        ``ids``, in ascending order, limit the choice and renormalise.
        """
        ...

    def likelihood(self, token: int, ids: npt.NDArray[np.integer[Any]]) -> float:
        """The log-probability of ``token``, renormalised over ``ids``."""
        ...

    def score(self, token: int) -> Scores:
        """How ``token`` does, as the scores of one."""
        ...


M = TypeVar("M", bound=Memory)


class Engine(Protocol[M]):
    """A model as arithmetic, remembering in memories of its own kind ``M``."""

    @property
    def info(self) -> BackendInfo:
        """Who computes."""
        ...

    @property
    def chunk(self) -> int:
        """How many tokens are best given to one ``forward``."""
        ...

    def memory(self) -> M:
        """An empty memory."""
        ...

    def verify(self, memory: M, tokens: Ids, first_row: int, targets: Ids) -> tuple[Scores, Distribution]:
        """Append ``tokens`` [T] to ``memory``; the scores of ``targets``, and what comes after the last.

        ``targets[i]`` is what followed ``tokens[first_row + i]``; there may be one fewer than rows.
        ``tokens`` are valid ids, at least one, and fit the context. What fails leaves ``memory`` as it was.
        """
        ...

    def follow(self, memory: M, tokens: Ids) -> Distribution:
        """Append ``tokens`` [T] as ``verify`` does, and say what comes after the last of them."""
        ...


class HostEngine(ABC, Generic[M]):
    """An engine whose logits are in numpy."""

    @abstractmethod
    def forward(self, memory: M, tokens: Ids, first_row: int) -> Logs:
        """Append ``tokens`` [T] to ``memory``; logits [T - first_row, V].

        A row says what comes after a token, from ``first_row`` on. What fails leaves ``memory`` as it was.
        """

    def verify(self, memory: M, tokens: Ids, first_row: int, targets: Ids) -> tuple[Scores, HostLogits]:
        """Append ``tokens`` [T]; the scores of ``targets`` from ``first_row`` on, and what comes next."""
        rows = self.forward(memory, tokens, first_row)
        return score(rows[: len(targets)], targets), HostLogits(rows[-1].copy())

    def follow(self, memory: M, tokens: Ids) -> HostLogits:
        """Append ``tokens`` [T], and say what comes after the last of them."""
        return HostLogits(self.forward(memory, tokens, len(tokens) - 1)[0])


class Rows(Protocol[M]):
    """Prefixes side by side, each in a row of its own: one pass appends a token to each."""

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens of each row."""
        ...

    def takes(self, lengths: Sequence[int]) -> bool:
        """Whether rows of ``lengths`` tokens can be held together and go on."""
        ...

    def join(self, memory: M, length: int) -> None:
        """Copy the first ``length`` tokens of ``memory`` into a further row, the last."""
        ...

    def memory(self, row: int, joined: M) -> M:
        """What ``row`` holds as a memory; ``joined`` is the one that it was copied from."""
        ...

    def leave(self, row: int) -> None:
        """Give up ``row``; the last row takes its place."""
        ...

    def clear(self) -> None:
        """Give up all rows."""
        ...

    def follow(self, tokens: Ids) -> Sequence[Distribution]:
        """Append one of ``tokens`` [B] to each row; what comes next. ``clear`` must follow a failure."""
        ...


@runtime_checkable
class Batcher(Protocol[M]):
    """An engine that can write behind several prefixes in one pass."""

    def rows(self) -> Rows[M]:
        """Rows, none of them taken."""
        ...
