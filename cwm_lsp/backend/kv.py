"""Key/value memory: preallocated, grown by doubling, shared until someone must write elsewhere.

Forks hold the same block. A block is append-only for its sharers: whoever stands at the block's
end writes there in place, and nobody else is disturbed, since each reads only its own length. A
sharer that stands before the end and wants to write copies what it holds. Alone in its block, a
memory overwrites. So a trunk that goes on after a fork copies nothing, and a rewind never does. What was
computed elsewhere stands behind the block as a tail, until the memory is next written to.

The arrays are numpy's (:class:`KVMemory`) or of any other library that slices and assigns as numpy does.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

LEAST = 256
"""Tokens of the smallest block."""

Floats = npt.NDArray[np.float32]


class Array(Protocol):
    """What is asked of the arrays of a block."""

    @property
    def nbytes(self) -> int:
        """Bytes."""
        ...

    def __getitem__(self, where: Any, /) -> Any:
        """A slice."""
        ...

    def __setitem__(self, where: Any, values: Any, /) -> None:
        """Assign to a slice."""
        ...


A = TypeVar("A", bound=Array)
Allocate = Callable[[tuple[int, ...]], A]
"""Makes an array of zeros. Not merely allocated: what multiplies the unused part by 0 must meet no NaN."""


@dataclass(frozen=True, slots=True)
class KVShape:
    """What is kept for one token: ``heads`` keys and values of ``head_dim`` floats in each layer."""

    layers: int
    heads: int
    head_dim: int


class SharedBlock(Generic[A]):
    """``arrays`` [layers, 2, 1, heads, capacity, head_dim], keys before values; ``used`` tokens are in."""

    def __init__(self, shape: KVShape, capacity: int, allocate: Allocate[A]) -> None:
        self.arrays = allocate((shape.layers, 2, 1, shape.heads, capacity, shape.head_dim))
        self.capacity = capacity
        self.used = 0
        # Weak, so that a memory that was dropped without being freed does not count.
        self.owners: weakref.WeakSet[SharedMemory[A]] = weakref.WeakSet()


class SharedMemory(Generic[A]):
    """One prefix's view of a block. Not for use from two threads at a time."""

    def __init__(self, shape: KVShape, context: int, allocate: Allocate[A]) -> None:
        self._shape = shape
        self._context = context
        self._allocate = allocate
        self._block: SharedBlock[A] | None = None
        self._in_block = 0
        self._tail: A | None = None
        self._in_tail = 0

    @property
    def length(self) -> int:
        """Tokens held."""
        return self._in_block + self._in_tail

    @property
    def size(self) -> int:
        """Bytes of the block, whoever else holds it, and of the tail."""
        block = self._block.arrays.nbytes if self._block is not None else 0
        return block + (self._tail.nbytes if self._tail is not None else 0)

    def fork(self, length: int) -> Self:
        """A second memory of the first ``length`` tokens, in the same block."""
        twin = copy(self)
        twin._block, twin._in_block = None, 0
        if self._block is not None:
            twin._join(self._block, self._in_block)
        twin.rewind(length)
        return twin

    def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        self._in_block = min(length, self._in_block)
        self._in_tail = min(length - self._in_block, self._in_tail)
        if not self._in_tail:
            self._tail = None

    def free(self) -> None:
        """Leave the block."""
        if self._block is not None:
            self._block.owners.discard(self)
        self._block, self._in_block = None, 0
        self._tail, self._in_tail = None, 0

    def extend(self, count: int) -> SharedBlock[A]:
        """Hold ``count`` more tokens. The caller fills the block from the old length on."""
        begin, end = self._in_block, self.length + count
        block = self._block
        if block is None or end > block.capacity or (block.used > begin and len(block.owners) > 1):
            block = self._moved(end)
        if self._tail is not None:
            block.arrays[..., begin : self.length, :] = self._tail[..., : self._in_tail, :]
            self._tail, self._in_tail = None, 0
        block.used = self._in_block = end
        return block

    # Beside others (see :mod:`cwm_lsp.backend.rows`).

    def copied(self, arrays: A, row: int, length: int) -> None:
        """Copy the first ``length`` tokens to ``row`` of ``arrays``, shaped like a block of rows."""
        begin = min(length, self._in_block)
        if self._block is not None:
            arrays[:, :, row, :, :begin] = self._block.arrays[:, :, 0, :, :begin]
        if self._tail is not None:
            arrays[:, :, row, :, begin:length] = self._tail[:, :, 0, :, : length - begin]

    def resumed(self, arrays: A, row: int, length: int) -> Self:
        """A second memory, of the ``length`` tokens that ``row`` of ``arrays`` goes on to after those here.

        What is not in the block stands behind it as a tail, until the memory is next written to.
        """
        twin = self.fork(self._in_block)
        shape, count = self._shape, length - self._in_block
        twin._tail = self._allocate((shape.layers, 2, 1, shape.heads, count, shape.head_dim))
        twin._tail[:, :, 0] = arrays[:, :, row, :, self._in_block : length]
        twin._in_tail = count
        return twin

    def _moved(self, end: int) -> SharedBlock[A]:
        """The same tokens in a block of our own that has room for ``end``."""
        capacity = LEAST
        while capacity < end:
            capacity *= 2
        old, held = self._block, self._in_block
        block = SharedBlock(self._shape, min(capacity, self._context), self._allocate)
        if old is not None:
            block.arrays[..., :held, :] = old.arrays[..., :held, :]
            old.owners.discard(self)
        self._join(block, held)
        return block

    def _join(self, block: SharedBlock[A], length: int) -> None:
        block.owners.add(self)
        self._block, self._in_block = block, length


Block = SharedBlock[Floats]


class KVMemory(SharedMemory[Floats]):
    """A memory in numpy, of float32."""

    def __init__(self, shape: KVShape, context: int) -> None:
        super().__init__(shape, context, zeros)


def zeros(size: tuple[int, ...]) -> Floats:
    """An array of float32; its pages are taken when they are first written to."""
    return np.zeros(size, np.float32)
