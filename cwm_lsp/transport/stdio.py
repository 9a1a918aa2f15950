"""stdio: the transport that editors use.

Where the loop can watch a descriptor it reads and writes by itself, since each message that goes by a thread
waits for two of them to change places. What would block it goes by a thread: a file or a console that cannot
be watched, and what a client does not read at once.
"""

from __future__ import annotations

import asyncio
import os
import queue
import select
import sys
import threading
from collections.abc import AsyncIterator

from cwm_lsp.transport import Offer
from cwm_lsp.transport.pipe import PipeReader

CHUNK = 1 << 16
CLOSING_SECONDS = 2.0
AT_ONCE = getattr(select, "PIPE_BUF", 0)
"""Bytes that a descriptor which can be written to takes without blocking; 0 where none can be asked."""


def descriptors() -> tuple[int, int]:
    """Where the protocol is read and written.

    ``print`` and anything else that writes to standard output goes to standard error from here on, so that
    it cannot break the protocol.
    """
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (sys.stdin.fileno(), output):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return sys.stdin.fileno(), output


class Chunks(AsyncIterator[bytes]):
    """What arrives at a descriptor, until its end. Never blocks the loop, and leaves the descriptor open.

    The descriptor is read directly: a thread that holds ``sys.stdin``'s lock would keep Python from ending.
    """

    def __init__(self, source: int) -> None:
        self._pipe = PipeReader(source) if _is_watchable(source) else None
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        if self._pipe is None:
            _read_on_a_thread(source, self._queue)

    def offer_to(self, offer: Offer) -> None:
        """Offer what arrives from here on, where that can be done."""
        if self._pipe is not None:
            self._pipe.offer = offer

    async def __anext__(self) -> bytes:
        chunk = await (self._queue.get() if self._pipe is None else self._pipe.read(CHUNK))
        if not chunk:
            raise StopAsyncIteration
        return chunk


def _is_watchable(source: int) -> bool:
    """Whether the loop can watch a descriptor; not on Windows, and no regular file."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_reader(source, int)
    except (NotImplementedError, OSError):
        return False
    loop.remove_reader(source)
    return True


def _read_on_a_thread(source: int, chunks: asyncio.Queue[bytes]) -> None:
    loop = asyncio.get_running_loop()

    def read() -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(source, CHUNK)
            except OSError:
                chunk = b""
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            except RuntimeError:  # the loop has ended, and nobody reads any more
                return

    threading.Thread(target=read, name="stdin", daemon=True).start()


class FileSink:
    """Bytes to a file descriptor, in order. One thread alone writes to it.

    What the descriptor takes at once is written at once, unless something waits before it; the rest is queued
    for a thread.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._queued = self._written = 0
        self._closed = False
        self._room = _watched(target)
        self._thread = threading.Thread(target=self._write, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Write bytes, or queue them."""
        if self._closed:
            return
        if len(data) <= AT_ONCE and self.idle and self._has_room():
            try:
                data = data[os.write(self._target, data) :]
            except OSError:  # the client has gone; reading will say so, too
                self.close()
                return
        if data:
            self._queued += 1
            self._queue.put(data)

    def _has_room(self) -> bool:
        return self._room is not None and self._room.poll(0) == [(self._target, select.POLLOUT)]

    @property
    def idle(self) -> bool:
        """Whether nothing is queued."""
        return self._queued == self._written

    async def drain(self) -> None:
        """Nothing to wait for: the queue is as long as it has to be."""

    def close(self) -> None:
        """Write what is queued and end the thread."""
        self._closed = True
        self._queue.put(None)

    def join(self) -> None:
        """Wait for the thread, but not for a client that reads no more."""
        self._thread.join(CLOSING_SECONDS)

    def _write(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                while data:
                    data = data[os.write(self._target, data) :]
            except OSError:  # the client has gone; reading will say so, too
                return
            self._written += 1


def _watched(target: int) -> select.poll | None:
    """What tells whether a descriptor can be written to; ``None`` where nothing does."""
    if not AT_ONCE:
        return None
    room = select.poll()
    room.register(target, select.POLLOUT)
    return room
