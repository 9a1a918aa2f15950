"""Child processes of the program: announced on a port of ours, and only for who heard the announcement.

debugpy tells the client of every child process and holds the child until a client has attached to it over
a port of the adapter. That port is guarded (``adapter_boot``); this one takes its place. A token goes out
with the announcement, and since a client attaches with the configuration that it was given, the token
comes back with ``attach``. Without it nothing but ``initialize`` reaches debugpy.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from cwm_lsp.dap.channel import Channel
from cwm_lsp.dap.door import TOKEN, Door
from cwm_lsp.dap.observer import Watch
from cwm_lsp.dap.stream import Framed, MessageReader, refusal
from cwm_lsp.wire.dap import Json, Malformed, parse, to_json
from cwm_lsp.wire.framing import frame

CHUNK = 1 << 16
HOST = "127.0.0.1"
_LEARNT = "from the configuration that the child process was announced with"


class ChildPort:
    """The port for clients of child processes; opened with the first announcement."""

    def __init__(self, secret: bytes, watches: Sequence[Watch] = ()) -> None:
        self._watches = watches
        self._secret = secret
        self._token = secrets.token_urlsafe(32)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._adapter: tuple[str, int] | None = None
        self._clients: set[asyncio.Task[None]] = set()

    def move(self, secret: bytes) -> None:
        """The adapter is another one from here on."""
        self._secret = secret

    async def announced(self, framed: Framed) -> Framed:
        """The announcement of a child process with our port and token in it; anything else as it is."""
        configuration = _configuration(framed.content)
        connect = configuration.get("connect") if configuration is not None else None
        if configuration is None or framed.content is None or not isinstance(connect, Mapping):
            return framed
        await self._open()
        if connect.get("port") != self._port:
            self._adapter = str(connect.get("host")), int(connect.get("port", 0))
        ours = {**configuration, "connect": {"host": HOST, "port": self._port}, TOKEN: self._token}
        changed = _with(framed.content, ours)
        return Framed(parse(changed), frame(changed), changed)

    async def close(self) -> None:
        """Hang up on all clients."""
        if self._server is not None:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accepted, HOST, 0)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
        try:
            await self._relayed(reader, writer)
        except (ConnectionError, OSError):
            return
        finally:
            writer.close()
            if task is not None:
                self._clients.discard(task)

    async def _relayed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client and the adapter, until either leaves."""
        if self._adapter is None:
            return
        from_adapter, to_adapter = await asyncio.open_connection(*self._adapter)
        to_adapter.write(self._secret)
        channel = Channel(writer.write, to_adapter.write, self._watches)
        ways = (
            asyncio.create_task(self._from_client(reader, writer, to_adapter, channel)),
            asyncio.create_task(self._from_adapter(from_adapter, writer, channel)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await channel.close()
            to_adapter.close()
            with suppress(ConnectionError):
                await writer.drain()

    async def _from_client(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        adapter: asyncio.StreamWriter,
        channel: Channel,
    ) -> None:
        messages = MessageReader()
        door = Door(self._token, _LEARNT)
        while not messages.broken and (data := await reader.read(CHUNK)):
            for framed in messages.feed(data):
                malformed = framed.message if isinstance(framed.message, Malformed) else None
                refused = refusal(malformed, 1) if malformed else door.refusal(framed)
                if refused is not None:
                    writer.write(frame(to_json(refused)))
                    return
                channel.from_client(framed)
            await adapter.drain()

    async def _from_adapter(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel: Channel
    ) -> None:
        messages = MessageReader()
        while not messages.broken and (data := await reader.read(CHUNK)):
            for framed in messages.feed(data):
                channel.from_debugpy(await self.announced(framed))
            await writer.drain()


def _configuration(message: Json | None) -> Mapping[str, Any] | None:
    """The configuration in the announcement of a child process, ``None`` in any other message."""
    match message:
        case {"type": "event", "event": "debugpyAttach", "body": dict(body)}:
            return body
        case {"type": "request", "command": "startDebugging", "arguments": {"configuration": dict(inner)}}:
            return inner
    return None


def _with(message: Json, configuration: Json) -> dict[str, Any]:
    """An announcement with another configuration in it."""
    if message.get("type") == "event":
        return {**message, "body": configuration}
    return {**message, "arguments": {**message["arguments"], "configuration": configuration}}
