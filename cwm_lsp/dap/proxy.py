"""A session of the real debugpy, its messages passed on byte for byte in both directions.

The one message that is changed is the announcement of a child process (``debugpyAttach``, or a
``startDebugging`` request): it names a port of the adapter, and the client is to come to ours instead.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cwm_lsp.dap.adapter_boot import VARIABLE
from cwm_lsp.dap.children import ChildPort
from cwm_lsp.dap.stream import Framed, MessageReader, Sink
from cwm_lsp.errors import RunError
from cwm_lsp.record.client import kill_group, mended_adapter
from cwm_lsp.wire.dap import Event, Request, Response, to_json
from cwm_lsp.wire.framing import frame

log = logging.getLogger(__name__)

CHUNK = 1 << 16
GOODBYE = 8.0
"""Seconds that debugpy has to end its program and itself."""

_BOOT = Path(__file__).with_name("adapter_boot.py")


class Proxy:
    """One adapter process and the client that it serves."""

    def __init__(self, process: asyncio.subprocess.Process, client: Sink, children: ChildPort) -> None:
        self._process = process
        self._client = client
        self._children = children
        self.seq = 0
        self._answered = asyncio.Event()
        self.gone = asyncio.Event()
        self._ended = False
        self._debuggee: int | None = None
        self._pump = asyncio.create_task(self._read(), name="dap-proxy")

    @classmethod
    async def start(cls, client: Sink, options: Sequence[str] = ()) -> Proxy:
        """Start an adapter with ``options`` of its own command line. Raises ``RunError``."""
        secret = secrets.token_hex(32)
        python, isolated, boot, folder = mended_adapter()
        own_group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        try:
            process = await asyncio.create_subprocess_exec(
                *(python, isolated, str(_BOOT), boot, folder, *options),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, VARIABLE: secret},
                **own_group,
            )
        except OSError as error:
            raise RunError(f"debugpy's adapter could not be started: {error.strerror or error}.") from error
        return cls(process, client, ChildPort(secret))

    async def send(self, raw: bytes) -> None:
        """Pass on what the client sent."""
        if self._process.stdin is None or self.gone.is_set():
            return
        self._process.stdin.write(raw)
        with suppress(ConnectionError):
            await self._process.stdin.drain()

    async def greeted(self) -> None:
        """Wait until the client has the answer to its ``initialize``, or the adapter is gone."""
        waiting = [asyncio.create_task(one.wait()) for one in (self._answered, self.gone)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def leave(self) -> None:
        """End an adapter that has launched nothing, and pass on no more of what it says."""
        self._pump.cancel()
        kill_group(self._process.pid)
        await self.close()

    async def close(self) -> None:
        """Hang up; debugpy ends its program and itself, and what is left after a while is killed."""
        await self._children.close()
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), GOODBYE)
        ended_well = self._process.returncode == 0
        kill_group(self._process.pid)
        if self._debuggee is not None and not ended_well:
            kill_group(self._debuggee)
        await self._process.wait()
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)

    async def _read(self) -> None:
        reader = MessageReader()
        out = self._process.stdout
        try:
            while out is not None and (data := await out.read(CHUNK)):
                for framed in reader.feed(data):
                    self._client.write(await self._passed(framed))
                await self._client.drain()
                if reader.broken:
                    log.error("debugpy's adapter broke the framing: %s", reader.broken)
                    break
            self._say_ended()
        finally:
            self.gone.set()

    async def _passed(self, framed: Framed) -> bytes:
        """The bytes for the client."""
        message = framed.message
        if isinstance(message, Request | Response | Event):
            self.seq = max(self.seq, message.seq)
        match message:
            case Response(command="initialize"):
                self._answered.set()
            case Event(event="terminated"):
                self._ended = True
            case Event(event="process", body={"startMethod": "launch", "systemProcessId": int(pid)}):
                self._debuggee = pid
            case Request() | Event() if framed.content is not None:
                changed = await self._children.announced(framed.content)
                return frame(changed) if changed is not None else framed.raw
        return framed.raw

    def _say_ended(self) -> None:
        """The adapter is gone; a client that has not heard why is told that the session is over."""
        if not self._ended:
            words: Mapping[str, Any] = {
                "category": "important",
                "output": "debugpy's adapter ended unexpectedly.\n",
            }
            for number, (event, body) in enumerate((("output", words), ("terminated", {})), self.seq + 1):
                self._client.write(frame(to_json(Event(number, event, body))))
