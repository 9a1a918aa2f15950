"""Key/value memory: preallocated, grown by doubling, shared until someone must write elsewhere.

Forks hold the same block. A block is append-only for its sharers: whoever stands at the block's
end writes there in place, and nobody else is disturbed, since each reads only its own length. A
sharer that stands before the end and wants to write copies what it holds. Alone in its block, a
memory overwrites. So a trunk that goes on after a fork copies nothing, and a rewind never does.

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
        self._length = 0

    @property
    def length(self) -> int:
        """Tokens held."""
        return self._length

    @property
    def size(self) -> int:
        """Bytes of the block, whoever else holds it."""
        return self._block.arrays.nbytes if self._block else 0

    def fork(self, length: int) -> Self:
        """A second memory of the first ``length`` tokens, in the same block."""
        twin = copy(self)
        twin._block, twin._length = None, 0
        if self._block is not None:
            twin._join(self._block, min(length, self._length))
        return twin

    def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        self._length = min(length, self._length)

    def free(self) -> None:
        """Leave the block."""
        if self._block is not None:
            self._block.owners.discard(self)
        self._block, self._length = None, 0

    def extend(self, count: int) -> SharedBlock[A]:
        """Hold ``count`` more tokens. The caller fills the block from the old length on."""
        end = self._length + count
        block = self._block
        if block is None or end > block.capacity or (block.used > self._length and len(block.owners) > 1):
            block = self._moved(end)
        block.used = self._length = end
        return block

    def _moved(self, end: int) -> SharedBlock[A]:
        """The same tokens in a block of our own that has room for ``end``."""
        capacity = LEAST
        while capacity < end:
            capacity *= 2
        old, held = self._block, self._length
        block = SharedBlock(self._shape, min(capacity, self._context), self._allocate)
        if old is not None:
            block.arrays[..., :held, :] = old.arrays[..., :held, :]
            old.owners.discard(self)
        self._join(block, held)
        return block

    def _join(self, block: SharedBlock[A], length: int) -> None:
        block.owners.add(self)
        self._block, self._length = block, length


Block = SharedBlock[Floats]


class KVMemory(SharedMemory[Floats]):
    """A memory in numpy, of float32."""

    def __init__(self, shape: KVShape, context: int) -> None:
        super().__init__(shape, context, _zeros)


def _zeros(size: tuple[int, ...]) -> Floats:
    return np.zeros(size, np.float32)
