"""Key/value memory of several prefixes side by side, for passes that append a token to each of them.

Operators of attention want the keys of one prefix in one piece, so each row is a copy of what its memory
holds; the trunk that the rows may have in common is copied with it. The arrays grow by doubling their
capacity, and are kept, when the last row has left, until :meth:`KVRows.clear`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from cwm_lsp.backend.kv import LEAST, A, Allocate, KVShape, SharedMemory

S = TypeVar("S", bound=SharedMemory[Any])

ROWS = 16
"""Prefixes of one pass: more of them save little on a core, and a cancel waits for the pass."""

BYTES = 64 << 20
"""What the copies may take when a prefix joins; what is written then may double that once."""


class KVRows(Generic[A]):
    """``arrays`` [layers, 2, rows, heads, capacity, head_dim]; row ``i`` holds ``lengths[i]`` tokens.

    ``item`` are the bytes of one number.
    """

    def __init__(
        self, shape: KVShape, context: int, allocate: Allocate[A], item: int, limit: int = BYTES
    ) -> None:
        self._shape = shape
        self._context = context
        self._allocate = allocate
        self._token = 2 * shape.layers * shape.heads * shape.head_dim * item
        self._limit = limit
        self._rows = 0
        self._capacity = 0
        self._arrays: A | None = None
        self.lengths: list[int] = []

    def takes(self, lengths: Sequence[int]) -> bool:
        """Whether rows of ``lengths`` tokens are few and short enough to be held together."""
        if len(lengths) > ROWS or max(lengths) >= self._context:
            return False
        return len(lengths) * self._power(max(lengths) + 1) * self._token <= self._limit

    def join(self, memory: SharedMemory[A], length: int) -> None:
        """Copy the first ``length`` tokens of ``memory`` into a further row, the last."""
        arrays = self._grown(len(self.lengths) + 1, max((length, *self.lengths)) + 1)
        memory.copied(arrays, len(self.lengths), length)
        self.lengths.append(length)

    def memory(self, row: int, joined: S) -> S:
        """What ``row`` holds as a memory, which shares with the one that it ``joined`` from what it can."""
        assert self._arrays is not None
        return joined.resumed(self._arrays, row, self.lengths[row])

    def leave(self, row: int) -> None:
        """Give up ``row``; the last row takes its place."""
        last = len(self.lengths) - 1
        if row != last and self._arrays is not None:
            length = self.lengths[last]
            self._arrays[:, :, row, :, :length] = self._arrays[:, :, last, :, :length]
        self.lengths[row] = self.lengths[last]
        self.lengths.pop()

    def clear(self) -> None:
        """Give all rows and their bytes up."""
        self.lengths.clear()
        self._arrays, self._rows, self._capacity = None, 0, 0

    def extend(self) -> A:
        """Hold one more token in each row. The caller fills the arrays at the last place of each."""
        arrays = self._grown(len(self.lengths), max(self.lengths) + 1)
        self.lengths = [length + 1 for length in self.lengths]
        return arrays

    def _grown(self, rows: int, length: int) -> A:
        """Arrays with room for ``rows`` of ``length`` tokens, and all that is held in them."""
        old = self._arrays
        if old is not None and rows <= self._rows and length <= self._capacity:
            return old
        self._capacity = max(self._capacity, self._power(length))
        # As many rows as may join at this length: on a CPU their pages are taken when they are written to.
        self._rows = max(rows, min(ROWS, self._limit // (self._capacity * self._token)))
        shape = self._shape
        new = self._allocate((shape.layers, 2, self._rows, shape.heads, self._capacity, shape.head_dim))
        if old is not None:
            for row, held in enumerate(self.lengths):
                new[:, :, row, :, :held] = old[:, :, row, :, :held]
        self._arrays = new
        return new

    def _power(self, length: int) -> int:
        capacity = LEAST
        while capacity < length:
            capacity *= 2
        return min(capacity, self._context)
