"""Child processes of the program: announced on a port of ours, and only for who heard the announcement.

debugpy tells the client of every child process and holds the child until a client has attached to it over
a port of the adapter. That port is guarded (``adapter_boot``); this one takes its place. A token goes out
with the announcement, and since a client attaches with the configuration that it was given, the token
comes back with ``attach``. Without it nothing but ``initialize`` reaches debugpy. Our own keys of the
client's configuration go out as well, so that a child's session is like its parent's.

A child for which no client comes, within ``CLAIM`` seconds or because it says that it will not, is minded.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from cwm_lsp.dap.channel import Channel
from cwm_lsp.dap.door import TOKEN, Door
from cwm_lsp.dap.minder import mind
from cwm_lsp.dap.observer import Watch
from cwm_lsp.dap.options import KEYS
from cwm_lsp.dap.stream import Framed, MessageReader, refusal
from cwm_lsp.wire.dap import Json, Malformed, Message, Request, Response, parse, to_json
from cwm_lsp.wire.framing import frame

CHUNK = 1 << 16
HOST = "127.0.0.1"
CLAIM = 10.0
"""Seconds in which a client is expected to attach to a child process."""

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
        self._minders: dict[int, asyncio.Task[None]] = {}
        self._asked: dict[int, Mapping[str, Any]] = {}
        self._keys: Json = {}

    def move(self, secret: bytes) -> None:
        """The adapter is another one from here on."""
        self._secret = secret

    @staticmethod
    def announces(framed: Framed) -> bool:
        """Whether this is the announcement of a child process."""
        return _configuration(framed.content) is not None

    async def announced(self, framed: Framed) -> Framed:
        """The announcement of a child process with our port and token in it; anything else as it is."""
        configuration = _configuration(framed.content)
        connect = configuration.get("connect") if configuration is not None else None
        if configuration is None or framed.content is None or not isinstance(connect, Mapping):
            return framed
        await self._open()
        if connect.get("port") != self._port:
            self._adapter = str(connect.get("host")), int(connect.get("port", 0))
        ours = {
            **configuration,
            **self._keys,
            "connect": {"host": HOST, "port": self._port},
            TOKEN: self._token,
        }
        if isinstance(framed.message, Request):
            self._asked[framed.message.seq] = configuration
        self._mind(configuration, CLAIM)
        changed = _with(framed.content, ours)
        return Framed(parse(changed), frame(changed), changed)

    def heard(self, message: Message | Malformed) -> None:
        """Take note of how a client begins, and what it says to an announcement: that it comes, or not."""
        match message:
            case Request(command="attach", arguments={"subProcessId": int(child)}):
                claimed = self._minders.pop(child, None)
                if claimed is not None:
                    claimed.cancel()
            case Request(command="launch" | "attach", arguments=arguments):
                self._keys = {key: arguments[key] for key in KEYS if key in arguments}
            case Response(command="startDebugging", request_seq=seq, success=success):
                configuration = self._asked.pop(seq, None)
                if configuration is not None and not success:
                    self._mind(configuration, 0)
            case _:
                return

    async def close(self) -> None:
        """Hang up on all clients."""
        if self._server is not None:
            self._server.close()
        tasks = (*self._clients, *self._minders.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _mind(self, configuration: Json, seconds: float) -> None:
        """Mind a child process unless a client comes for it in time."""
        child = configuration.get("subProcessId")
        if not isinstance(child, int):
            return

        async def wait_and_mind() -> None:
            await asyncio.sleep(seconds)
            await mind(self._connect, configuration, lambda inner: self._mind(inner, 0))

        known = self._minders.pop(child, None)
        if known is not None:
            known.cancel()
        self._minders[child] = asyncio.create_task(wait_and_mind(), name="dap-minder")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the adapter. Raises ``OSError``."""
        if self._adapter is None:
            raise ConnectionRefusedError
        reader, writer = await asyncio.open_connection(*self._adapter)
        writer.write(self._secret)
        return reader, writer

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
        from_adapter, to_adapter = await self._connect()
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
                self.heard(framed.message)
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
