"""What a model must offer so that :class:`~cwm_lsp.backend.local.LocalBackend` can serve it.

An engine computes; it keeps no tokens, decides nothing and knows no asyncio. One thread calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, TypeVar, runtime_checkable

from cwm_lsp.backend.protocol import BackendInfo, Ids, Logs, Scores


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


M = TypeVar("M", bound=Memory)
M_contra = TypeVar("M_contra", bound=Memory, contravariant=True)


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

    def forward(self, memory: M, tokens: Ids, first_row: int) -> Logs:
        """Append ``tokens`` [T] to ``memory`` and return logits, one row after each from ``first_row`` on.

        The result is [T - first_row, V]. ``tokens`` are valid ids, at least one, and fit the context.
        What fails leaves ``memory`` as it was.
        """
        ...


@runtime_checkable
class Verifier(Protocol[M_contra]):
    """An engine that scores where its logits are, and brings back no more than one row of them."""

    def verify(self, memory: M_contra, tokens: Ids, first_row: int, targets: Ids) -> tuple[Scores, Logs]:
        """Append ``tokens`` [T] as ``forward`` does; the scores of ``targets``, and the last row [V].

        ``targets[i]`` is what followed ``tokens[first_row + i]``; there may be one fewer than rows.
        """
        ...


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

    def forward(self, tokens: Ids) -> Logs:
        """Append one of ``tokens`` [B] to each row; logits [B, V]. ``clear`` must follow a failure."""
        ...


@runtime_checkable
class Batcher(Protocol[M]):
    """An engine that can write behind several prefixes in one pass."""

    def rows(self) -> Rows[M]:
        """Rows, none of them taken."""
        ...
