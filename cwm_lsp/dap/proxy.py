"""A session of the real debugpy, its messages passed on byte for byte in both directions.

What is changed is the announcement of a child process (``debugpyAttach``, or a ``startDebugging`` request),
which names a port of the adapter, where the client is to come to ours instead; and what observers change.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cwm_lsp.dap.adapter_boot import VARIABLE
from cwm_lsp.dap.channel import Channel
from cwm_lsp.dap.children import ChildPort
from cwm_lsp.dap.observer import Watch
from cwm_lsp.dap.stream import Framed, MessageReader, Sink
from cwm_lsp.errors import RunError
from cwm_lsp.record.client import kill_group, mended_adapter
from cwm_lsp.wire.dap import Event, Response

log = logging.getLogger(__name__)

CHUNK = 1 << 16
GOODBYE = 8.0
"""Seconds that debugpy has to end its program and itself."""

_BOOT = Path(__file__).with_name("adapter_boot.py")


class Proxy:
    """One adapter process and the client that it serves."""

    def __init__(
        self, process: asyncio.subprocess.Process, client: Sink, children: ChildPort, watches: Sequence[Watch]
    ) -> None:
        self._process = process
        self._client = client
        self._children = children
        self._channel = Channel(client.write, self._send, watches)
        self._answered = asyncio.Event()
        self.gone = asyncio.Event()
        self._ended = False
        self._debuggee: int | None = None
        self._pump = asyncio.create_task(self._read(), name="dap-proxy")

    @classmethod
    async def start(cls, client: Sink, options: Sequence[str] = (), watches: Sequence[Watch] = ()) -> Proxy:
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
        return cls(process, client, ChildPort(secret, watches), watches)

    @property
    def seq(self) -> int:
        """The highest number that debugpy has used."""
        return self._channel.last_seq

    async def take(self, framed: Framed) -> None:
        """Take what the client sent."""
        self._channel.from_client(framed)
        if self._process.stdin is not None:
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
        await self._channel.close()
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
                    self._note(framed)
                    self._channel.from_debugpy(await self._children.announced(framed))
                await self._client.drain()
                if reader.broken:
                    log.error("debugpy's adapter broke the framing: %s", reader.broken)
                    break
            self._channel.ended()
            self._say_ended()
        finally:
            self.gone.set()

    def _send(self, data: bytes) -> None:
        if self._process.stdin is not None and not self.gone.is_set():
            self._process.stdin.write(data)

    def _note(self, framed: Framed) -> None:
        """What the end of the session hangs on."""
        match framed.message:
            case Response(command="initialize"):
                self._answered.set()
            case Event(event="terminated"):
                self._ended = True
            case Event(event="process", body={"startMethod": "launch", "systemProcessId": int(pid)}):
                self._debuggee = pid

    def _say_ended(self) -> None:
        """The adapter is gone; a client that has not heard why is told that the session is over."""
        if not self._ended:
            words = {"category": "important", "output": "debugpy's adapter ended unexpectedly.\n"}
            self._channel.announce("output", words)
            self._channel.announce("terminated", {})
