"""Key/value blocks, shared and copied, against plain lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from cwm_lsp.backend.kv import LEAST, Block, Floats, KVMemory, KVShape, zeros
from cwm_lsp.backend.rows import ROWS, KVRows

SHAPE = KVShape(layers=2, heads=1, head_dim=1)
CONTEXT = 4 * LEAST


def put(memory: KVMemory, values: list[int]) -> None:
    begin = memory.length
    block = memory.extend(len(values))
    block.arrays[..., begin : memory.length, 0] = values


def block_of(memory: KVMemory) -> Block:
    """The block that ``memory`` holds, seen without changing anything."""
    block = memory._block
    assert block is not None
    return block


def held(memory: KVMemory) -> list[int]:
    """The tokens of ``memory``, as they are copied beside others."""
    row = zeros((SHAPE.layers, 2, 2, SHAPE.heads, CONTEXT, SHAPE.head_dim))
    memory.copied(row, 1, memory.length)
    rows = row[:, :, 1, :, : memory.length, 0].reshape(4, -1)
    assert (rows == rows[0]).all()
    assert not row[:, :, 0].any()
    return [int(value) for value in rows[0]]


class Memories(RuleBasedStateMachine):
    """Any order of appending, forking, rewinding and freeing leaves each memory with its own tokens."""

    memories = Bundle("memories")

    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[KVMemory, list[int]] = {}
        self.counter = 0

    @rule(target=memories)
    def begin(self) -> KVMemory:
        memory = KVMemory(SHAPE, CONTEXT)
        self.expected[memory] = []
        return memory

    @rule(memory=memories, count=st.sampled_from([1, 3, LEAST - 1, LEAST]))
    def append(self, memory: KVMemory, count: int) -> None:
        count = min(count, CONTEXT - memory.length)
        values = list(range(self.counter, self.counter + count))
        self.counter += count
        if count:
            put(memory, values)
        self.expected[memory] += values

    @rule(target=memories, memory=memories, share=st.floats(0, 1))
    def fork(self, memory: KVMemory, share: float) -> KVMemory:
        length = round(memory.length * share)
        twin = memory.fork(length)
        self.expected[twin] = self.expected[memory][:length]
        return twin

    @rule(target=memories, chosen=st.lists(memories, min_size=1, max_size=4), count=st.integers(1, 3))
    def go_on_beside_others(self, chosen: list[KVMemory], count: int) -> MultipleResults[KVMemory]:
        rows: KVRows[Floats] = KVRows(SHAPE, CONTEXT, zeros, 4)
        seats = [(memory, list(self.expected[memory])) for memory in chosen if memory.length < CONTEXT - 12]
        for memory, _ in seats:
            assert rows.takes([*rows.lengths, memory.length])
            rows.join(memory, memory.length)
        found = []
        while seats:
            for _ in range(count):
                arrays = rows.extend()
                for row, (_, values) in enumerate(seats):
                    self.counter += 1
                    values.append(self.counter)
                    arrays[:, :, row, :, rows.lengths[row] - 1, 0] = self.counter
            memory, values = seats[0]
            twin = rows.memory(0, memory)
            self.expected[twin] = values
            found.append(twin)
            rows.leave(0)
            seats[0] = seats[-1]
            seats.pop()
        return multiple(*found)

    @rule(memory=memories, share=st.floats(0, 1))
    def rewind(self, memory: KVMemory, share: float) -> None:
        length = round(memory.length * share)
        memory.rewind(length)
        self.expected[memory] = self.expected[memory][:length]

    @rule(memory=consumes(memories))
    def free(self, memory: KVMemory) -> None:
        memory.free()
        del self.expected[memory]

    @invariant()
    def everyone_holds_their_own(self) -> None:
        for memory, values in self.expected.items():
            assert held(memory) == values


Memories.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestMemories = Memories.TestCase


def test_a_trunk_goes_on_in_place_and_its_fork_copies() -> None:
    trunk = KVMemory(SHAPE, CONTEXT)
    put(trunk, [1, 2, 3])
    block, fork = block_of(trunk), trunk.fork(3)
    put(trunk, [4])
    assert block_of(trunk) is block
    put(fork, [5])
    assert block_of(fork) is not block
    assert (held(trunk), held(fork)) == ([1, 2, 3, 4], [1, 2, 3, 5])


@pytest.mark.parametrize("leave", ["free", "drop"])
def test_alone_again_it_overwrites(leave: str) -> None:
    memory = KVMemory(SHAPE, CONTEXT)
    put(memory, [1, 2, 3])
    block, fork = block_of(memory), memory.fork(3)
    memory.rewind(1)
    if leave == "free":
        fork.free()
    del fork
    put(memory, [9])
    assert block_of(memory) is block
    assert held(memory) == [1, 9]


def test_a_block_doubles_up_to_the_context() -> None:
    memory = KVMemory(SHAPE, CONTEXT - 1)
    capacities = []
    for _ in range(CONTEXT - 1):
        put(memory, [0])
        capacities.append(block_of(memory).capacity)
    assert sorted(set(capacities)) == [LEAST, 2 * LEAST, CONTEXT - 1]


def test_fresh_blocks_hold_no_rubbish() -> None:
    assert not np.any(KVMemory(SHAPE, CONTEXT).extend(64).arrays)


def test_rows_are_limited_in_number_length_and_bytes() -> None:
    token = 2 * SHAPE.layers * SHAPE.heads * SHAPE.head_dim * 4
    rows: KVRows[Floats] = KVRows(SHAPE, CONTEXT, zeros, 4, limit=3 * LEAST * token)
    assert rows.takes([LEAST - 1] * 3)
    assert not rows.takes([LEAST - 1] * 4)
    assert not rows.takes([1, LEAST]), "every row has the capacity of the longest"
    many: KVRows[Floats] = KVRows(SHAPE, CONTEXT, zeros, 4)
    assert many.takes([CONTEXT - 1] * ROWS)
    assert not many.takes([1] * (ROWS + 1))
    assert not many.takes([CONTEXT]), "nothing can be written behind it"
