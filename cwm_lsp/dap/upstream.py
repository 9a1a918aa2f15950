"""The two places where a debugpy adapter is found: in a process of ours, and at a port of someone else's."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from cwm_lsp.dap.adapter_boot import VARIABLE
from cwm_lsp.errors import RunError
from cwm_lsp.record.client import kill_group, kill_session, mended_adapter
from cwm_lsp.transport import Offer
from cwm_lsp.transport.pipe import PipeReader
from cwm_lsp.transport.tcp import StreamSink

CHUNK = 1 << 16
GOODBYE = 8.0
"""Seconds that debugpy has to end its program and itself."""

CONNECTING = 10.0
"""Seconds to reach a port."""

ENDPOINTS = "DEBUGPY_ADAPTER_ENDPOINTS"
"""The variable that names a file in which an adapter says where it listens, for as long as it does."""

_BOOT = Path(__file__).with_name("adapter_boot.py")
_WATCHED = sys.platform != "win32"
"""Whether the loop can watch a pipe by itself."""

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class Upstream(Protocol):
    """A connection to an adapter. ``secret`` is what its port for child processes is to be shown, if any."""

    secret: bytes

    async def read(self) -> bytes:
        """Some bytes; none at its end."""
        ...

    def offer_to(self, offer: Offer) -> None:
        """Offer what arrives from here on while :meth:`read` waits, where that can be done."""
        ...

    @property
    def idle(self) -> bool:
        """Whether nothing that was written is queued."""
        ...

    def write(self, data: bytes) -> None:
        """Queue bytes; dropped once it has gone."""
        ...

    async def drain(self) -> None:
        """Wait while too much is queued."""
        ...

    def cut(self) -> None:
        """End it now; nothing it has launched is worth a goodbye."""
        ...

    async def close(self, debuggee: int | None) -> None:
        """Hang up, and see that nothing of ours runs on. ``debuggee`` is the program that it launched."""
        ...


class AdapterProcess:
    """debugpy's adapter, started by us and mended (``adapter_boot``), on its stdio."""

    def __init__(
        self, process: asyncio.subprocess.Process, out: PipeReader | asyncio.StreamReader, secret: str
    ) -> None:
        assert process.stdin is not None
        self._process = process
        self._in, self._out = StreamSink(process.stdin), out
        self.secret = secret.encode("ascii")

    @classmethod
    async def start(cls, options: Sequence[str] = ()) -> AdapterProcess:
        """Start it with ``options`` of its own command line. Raises ``RunError``."""
        secret = secrets.token_hex(32)
        python, isolated, boot, folder = mended_adapter()
        inherited = {name: value for name, value in os.environ.items() if name != ENDPOINTS}
        own_group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        reading, writing = os.pipe() if _WATCHED else (-1, subprocess.PIPE)
        try:
            process = await asyncio.create_subprocess_exec(
                *(python, isolated, str(_BOOT), boot, folder, *options),
                stdin=subprocess.PIPE,
                stdout=writing,
                env={**inherited, VARIABLE: secret},
                **own_group,
            )
        except OSError as error:
            if _WATCHED:
                os.close(reading)
            raise RunError(f"debugpy's adapter could not be started: {error.strerror or error}.") from error
        finally:
            if _WATCHED:
                os.close(writing)
        return cls(process, process.stdout or PipeReader(reading), secret)

    async def read(self) -> bytes:
        """Some bytes; none at its end."""
        return await self._out.read(CHUNK)

    def offer_to(self, offer: Offer) -> None:
        """Offer what arrives, where the loop can watch a pipe."""
        if isinstance(self._out, PipeReader):
            self._out.offer = offer

    @property
    def idle(self) -> bool:
        """Whether nothing that was written is queued."""
        return self._in.idle

    def write(self, data: bytes) -> None:
        """Queue bytes; dropped once it has gone."""
        self._in.write(data)

    async def drain(self) -> None:
        """Wait while too much is queued."""
        await self._in.drain()

    def cut(self) -> None:
        """Kill it."""
        kill_session(self._process.pid)

    async def close(self, debuggee: int | None) -> None:
        """Hang up; debugpy ends its program and itself, and what is left after a while is killed."""
        self._in.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), GOODBYE)
        ended_well = self._process.returncode == 0
        if debuggee is None:
            kill_session(self._process.pid)  # a program that it has started may not be announced yet
        else:
            kill_group(self._process.pid)
            if not ended_well:
                kill_group(debuggee)
        await self._process.wait()
        if isinstance(self._out, PipeReader):
            self._out.close()


class AdapterPort:
    """The adapter of a program that listens for a debugger: ``debugpy.listen``, ``debugpy --listen``."""

    secret = b""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._sink = reader, writer, StreamSink(writer)

    @classmethod
    async def connect(cls, host: str, port: int) -> AdapterPort:
        """Reach it. Raises ``RunError``."""
        try:
            async with asyncio.timeout(CONNECTING):
                return cls(*await asyncio.open_connection(host, port))
        except (OSError, TimeoutError) as error:
            why = getattr(error, "strerror", None) or "no answer"
            raise RunError(
                f"No program listens for a debugger at {host}:{port}: {why}.",
                "Start it with python -m debugpy --listen.",
            ) from error

    async def read(self) -> bytes:
        """Some bytes; none at its end. They are acknowledged at once: stock debugpy waits for it."""
        if _QUICKACK is not None:
            with suppress(OSError):
                self._writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        try:
            return await self._reader.read(CHUNK)
        except ConnectionError:
            return b""

    def offer_to(self, offer: Offer) -> None:
        """Nothing is offered: asyncio's streams hand on what arrives by turns of the loop."""

    @property
    def idle(self) -> bool:
        """Whether nothing that was written is queued."""
        return self._sink.idle

    def write(self, data: bytes) -> None:
        """Queue bytes; dropped once it has gone."""
        self._sink.write(data)

    async def drain(self) -> None:
        """Wait while too much is queued."""
        await self._sink.drain()

    def cut(self) -> None:
        """Hang up."""
        self._sink.close()

    async def close(self, debuggee: int | None) -> None:
        """Hang up. The program is not ours, and goes on."""
        self._sink.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


def listening_at(arguments: Mapping[str, Any]) -> tuple[str, int] | None:
    """Where an ``attach`` finds the adapter of a program that listens; ``None`` if it means anything else.

    debugpy's own adapter cannot go there: its clients connect to that port in its place.
    """
    where = arguments.get("connect", arguments)
    if not isinstance(where, Mapping) or "subProcessId" in arguments:
        return None
    host, port = where.get("host", "127.0.0.1"), where.get("port")
    if isinstance(port, str) and port.isdigit():
        port = int(port)
    if not isinstance(host, str) or not isinstance(port, int) or isinstance(port, bool):
        return None
    return host, port
