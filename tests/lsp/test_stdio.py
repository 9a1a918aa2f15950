"""The two descriptors of stdio and the pipes of others: read to their end, and written in order."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from cwm_lsp.transport.pipe import PipeReader
from cwm_lsp.transport.stdio import CHUNK, Chunks, FileSink

PARTS = [b"a" * 10, b"b" * 300_000, b"c", b"d" * 4096, b"e" * 5000, b"f"]
"""Less and more than a pipe takes at once, and more than it holds."""


def read_all(source: int) -> bytes:
    found = b""
    while more := os.read(source, CHUNK):
        found += more
    os.close(source)
    return found


@pytest.mark.parametrize("parts", [PARTS, PARTS * 3, PARTS[:1], [b""], []])
def test_bytes_keep_their_order(parts: Sequence[bytes]) -> None:
    source, target = os.pipe()
    sink = FileSink(target)
    for part in parts:  # nobody reads yet, so what the pipe does not take waits
        sink.write(part)
    sink.close()
    sink.write(b"dropped")
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(read_all(source)))
    reader.start()
    sink.join()
    os.close(target)
    reader.join()
    assert found == [b"".join(parts)]


def test_a_client_that_has_gone_is_written_to_in_vain() -> None:
    source, target = os.pipe()
    sink = FileSink(target)
    os.close(source)
    for part in PARTS:
        sink.write(part)
    sink.close()
    sink.join()
    os.close(target)


async def test_a_pipe_and_a_file_are_read_to_their_end(tmp_path: Path) -> None:
    source, target = os.pipe()
    os.write(target, b"piped")
    chunks = Chunks(source)
    assert await anext(chunks) == b"piped"
    os.write(target, b" on")
    os.close(target)
    assert [chunk async for chunk in chunks] == [b" on"]
    os.close(source)
    path = tmp_path / "said"
    path.write_bytes(b"x" * (CHUNK + 1))
    file = os.open(path, os.O_RDONLY)
    assert [len(chunk) async for chunk in Chunks(file)] == [CHUNK, 1]
    os.close(file)


async def fill(target: int) -> int:
    """Write until the pipe takes no more, which it must not if somebody reads; how much that was."""
    written = 0
    while True:
        try:
            written += os.write(target, b"x" * CHUNK)
        except BlockingIOError:
            return written
        await asyncio.sleep(0)


async def waited_for() -> tuple[PipeReader, asyncio.Task[bytes], int]:
    """The reader of a pipe, a read that waits for something in it, and the end that is written to."""
    source, target = os.pipe()
    reader = PipeReader(source)
    waiting = asyncio.create_task(reader.read(CHUNK))
    await asyncio.sleep(0)
    return reader, waiting, target


@pytest.mark.skipif(sys.platform == "win32", reason="loops watch no pipes there")
async def test_a_pipe_is_read_as_far_as_somebody_waits() -> None:
    reader, waiting, target = await waited_for()
    os.write(target, b"first")
    assert await waiting == b"first"
    os.set_blocking(target, False)
    written = await fill(target)
    found = 0
    while found < written:
        found += len(await reader.read(10_000))
    os.close(target)
    assert await reader.read(CHUNK) == b""
    assert await reader.read(CHUNK) == b"", "the end stays the end"
    reader.close()


@pytest.mark.skipif(sys.platform == "win32", reason="loops watch no pipes there")
async def test_who_waits_for_a_pipe_can_give_it_up() -> None:
    reader, waiting, target = await waited_for()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    os.write(target, b"later")
    await asyncio.sleep(0)
    assert await reader.read(CHUNK) == b"later"
    reader.close()
    os.close(target)


@pytest.mark.skipif(sys.platform == "win32", reason="loops watch no pipes there")
async def test_what_arrives_is_offered_first_and_what_is_declined_is_read() -> None:
    reader, waiting, target = await waited_for()
    offered: list[bytes] = []

    def offer(data: bytes) -> bool:
        offered.append(data)
        if data == b"broken":
            raise RuntimeError("of the taker")
        return data == b"taken"

    reader.offer = offer
    os.write(target, b"taken")
    while not offered:
        await asyncio.sleep(0)
    assert not waiting.done()
    os.write(target, b"declined")
    assert await waiting == b"declined"
    os.write(target, b"unwaited")
    await asyncio.sleep(0)
    assert offered == [b"taken", b"declined"], "nothing overtakes what is worked on"
    assert await reader.read(CHUNK) == b"unwaited"
    os.write(target, b"broken")
    with pytest.raises(RuntimeError, match="taker"):
        await reader.read(CHUNK)
    os.close(target)
    reader.close()
