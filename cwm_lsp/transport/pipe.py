"""The end of a pipe that another process writes to, read by the loop itself.

asyncio's own stream hands what arrives from callback to callback before whoever waits is woken; where each
message is waited for, those turns of the loop are a good part of what passing it on costs.
"""

from __future__ import annotations

import asyncio
import os

from cwm_lsp.transport import Offer


class PipeReader:
    """What nobody waits for stays in the pipe, so its writer has to wait, too.

    ``descriptor`` is owned once :meth:`close` is called. Where there is an ``offer``, what arrives while
    somebody waits is offered to it first.
    """

    def __init__(self, descriptor: int) -> None:
        self.offer: Offer | None = None
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[bytes] | None = None
        self._most = 0
        self._watching = False

    async def read(self, most: int) -> bytes:
        """Some bytes, ``most`` at most; none at its end. One may wait at a time."""
        self._most = most
        waiting: asyncio.Future[bytes] = self._loop.create_future()
        self._waiting = waiting
        if not self._watching:
            self._loop.add_reader(self._descriptor, self._readable)
            self._watching = True
        try:
            return await waiting
        finally:
            self._waiting = None

    def close(self) -> None:
        """Read no more."""
        self._unwatch()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _readable(self) -> None:
        if self._waiting is None or self._waiting.done():
            self._unwatch()
            return
        try:
            data = os.read(self._descriptor, self._most)
        except OSError:
            data = b""
        if not data:
            self._unwatch()
        try:
            taken = bool(data) and self.offer is not None and self.offer(data)
        except Exception as error:
            self._waiting.set_exception(error)
        else:
            if not taken:
                self._waiting.set_result(data)

    def _unwatch(self) -> None:
        if self._watching:
            self._loop.remove_reader(self._descriptor)
            self._watching = False
