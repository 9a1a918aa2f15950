"""A child process that nobody came for: attached to without a breakpoint, so that it runs.

debugpy holds each child process until a client attaches. A client that cannot, or does not within a while,
would leave the child and whoever waits for it hanging. The minder is its client then, to its end: left alone
again, it would have nobody to announce the processes that it starts itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from cwm_lsp.dap.stream import MessageReader
from cwm_lsp.wire.dap import Event, Json, Message, Request, to_json
from cwm_lsp.wire.framing import frame

CHUNK = 1 << 16

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
Announced = Callable[[Json], None]


async def mind(connect: Connect, configuration: Mapping[str, Any], announced: Announced) -> None:
    """Let a child process run, to its end. ``announced`` is given the configurations of its own children."""
    with suppress(OSError):  # it has ended meanwhile, and so has the adapter
        reader, writer = await connect()
        try:
            minder = _Minder(writer, announced)
            minder.say("initialize", {"adapterID": "cwm-lsp"})
            minder.say("attach", configuration)
            messages = MessageReader()
            while not messages.broken and (data := await reader.read(CHUNK)):
                for framed in messages.feed(data):
                    if isinstance(framed.message, Event):
                        minder.hear(framed.message)
        finally:
            writer.close()


class _Minder:
    def __init__(self, writer: asyncio.StreamWriter, announced: Announced) -> None:
        self._writer = writer
        self._announced = announced
        self._seq = 0

    def say(self, command: str, arguments: Mapping[str, Any]) -> None:
        self._seq += 1
        message: Message = Request(self._seq, command, arguments)
        self._writer.write(frame(to_json(message)))

    def hear(self, event: Event) -> None:
        """Configure with nothing; let go on what stops all the same, at a ``breakpoint()``."""
        match event:
            case Event(event="initialized"):
                self.say("configurationDone", {})
            case Event(event="stopped", body=body):
                self.say("continue", {"threadId": body.get("threadId", 1)})
            case Event(event="debugpyAttach", body=body):
                self._announced(body)
            case _:
                return
