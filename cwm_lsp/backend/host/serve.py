"""The host's side: requests in, answers out, around any backend.

Each request is a task. Those on one prefix take turns in the order in which they came; a cancel
reaches the task, and the backend's own promise (a cancelled call leaves the prefix as it was)
does the rest.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from cwm_lsp.backend.host import messages
from cwm_lsp.backend.host.framing import Frame
from cwm_lsp.backend.protocol import Backend, Prefix, Sampling
from cwm_lsp.errors import BackendError

Answer = tuple[dict[str, Any], bytes]


class _Slot:
    """A prefix number: the prefix, once it is open, and whose turn it is."""

    def __init__(self) -> None:
        self.prefix: Prefix | None = None
        self.turn = asyncio.Lock()


class Session:
    """Answers one client. ``send`` must take frames from the event loop's thread."""

    def __init__(self, backend: Backend, send: Callable[[Frame], None]) -> None:
        self._backend = backend
        self._send = send
        self._slots: defaultdict[int, _Slot] = defaultdict(_Slot)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._operations: dict[str, Callable[[Frame], Awaitable[Answer]]] = {
            "open": self._open,
            "close": self._close,
            "extend": self._extend,
            "write": self._write,
            "fork": self._fork,
            "rewind": self._rewind,
        }

    def handle(self, frame: Frame) -> None:
        """Begin to answer ``frame``."""
        header = frame.header
        if header["op"] == "cancel":
            if header["request"] in self._tasks:
                self._tasks[header["request"]].cancel()
            return
        request: int = header["id"]
        task = asyncio.create_task(self._answer(request, frame))
        self._tasks[request] = task
        task.add_done_callback(lambda _: self._tasks.pop(request))

    async def _answer(self, request: int, frame: Frame) -> None:
        try:
            async with self._slots[frame.header["prefix"]].turn:
                header, body = await self._operations[frame.header["op"]](frame)
        except asyncio.CancelledError:
            self._send(messages.error(BackendError("The request was cancelled."), request))
        except Exception as failure:
            self._send(messages.error(failure, request))
        else:
            self._send(Frame({"id": request, **header}, body))

    async def _open(self, frame: Frame) -> Answer:
        number: int = frame.header["prefix"]
        try:
            self._slots[number].prefix = await self._backend.open(messages.body_tokens(frame.body))
        except BaseException:
            del self._slots[number]
            raise
        return {}, b""

    async def _close(self, frame: Frame) -> Answer:
        slot = self._slots.pop(frame.header["prefix"])
        if slot.prefix is not None:
            await slot.prefix.close()
        return {}, b""

    async def _extend(self, frame: Frame) -> Answer:
        prefix = await self._based(frame)
        return {}, messages.scores_body(await prefix.extend(messages.body_tokens(frame.body)))

    async def _write(self, frame: Frame) -> Answer:
        prefix, header = await self._based(frame), frame.header
        written = await prefix.write(
            frozenset(header["stop"]),
            header["max"],
            first=messages.header_first(header),
            sampling=Sampling(header["temperature"], header["seed"]),
        )
        return messages.continuation_header(written), b""

    async def _fork(self, frame: Frame) -> Answer:
        prefix = await self._based(frame)
        self._slots[frame.header["twin"]].prefix = await prefix.fork(frame.header["length"])
        return {}, b""

    async def _rewind(self, frame: Frame) -> Answer:
        await (await self._based(frame)).rewind(frame.header["length"])
        return {}, b""

    async def _based(self, frame: Frame) -> Prefix:
        """The prefix of ``frame``, holding what the client knows of and no more."""
        prefix, base = self._slots[frame.header["prefix"]].prefix, frame.header["base"]
        if prefix is None:
            raise BackendError("The prefix is not open.")
        if len(prefix.tokens) > base:
            await prefix.rewind(base)
        return prefix
