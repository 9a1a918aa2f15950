"""Websocket on the loopback interface: Host, Origin and token checked, one server object per connection."""

from __future__ import annotations

import asyncio
import http
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from cwm_lsp.lsp.connection import serve_messages
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.wire.framing import MAX_BODY, Fed, Framer
from cwm_lsp.wire.loopback import SUBPROTOCOL, Listening, deaf, refusal, require_loopback, tokens

CLIENTS = 32
"""Connections at a time."""


async def serve_ws(
    factory: Callable[[], CwmServer],
    token: str,
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    listening: Listening | None = None,
) -> None:
    """Serve clients until cancelled. ``listening`` is told the address, the port being chosen for 0.

    A client proves itself by ``Authorization: Bearer TOKEN`` or the subprotocol ``cwm-lsp.token.TOKEN``.
    Raises :class:`SettingsError` for a host that other machines can reach or a port that is taken.
    """
    require_loopback(host)
    door = _Door(token)
    try:
        server = await serve(
            lambda socket: door.client(factory, socket),
            host,
            port,
            process_request=door.check,
            select_subprotocol=door.subprotocol,
            max_size=MAX_BODY,
            server_header=None,
        )
    except OSError as error:
        raise deaf(host, port, error) from error
    async with server:
        door.port = next(iter(server.sockets)).getsockname()[1]
        if listening is not None:
            listening(host, door.port)
        await server.serve_forever()


class _Door:
    """Lets clients in. ``port`` is known once the server listens."""

    def __init__(self, token: str) -> None:
        self.port = 0
        self._token = token
        self._inside = 0

    def check(self, socket: ServerConnection, request: Request) -> Response | None:
        """Refuse a handshake with 403, or let it go on."""
        headers = request.headers
        reason = refusal(
            headers.get_all("Host"),
            headers.get_all("Origin"),
            tokens(headers.get_all("Authorization"), headers.get_all("Sec-WebSocket-Protocol")),
            port=self.port,
            token=self._token,
        )
        if reason is not None:
            return socket.respond(http.HTTPStatus.FORBIDDEN, f"{reason}\n")
        if self._inside >= CLIENTS:
            return socket.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections.\n")
        return None

    def subprotocol(self, socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Accept the subprotocol that carried the token, as a browser requires."""
        return next((one for one in offered if one == SUBPROTOCOL + self._token), None)

    async def client(self, factory: Callable[[], CwmServer], socket: ServerConnection) -> None:
        """Serve one client to its end."""
        self._inside += 1
        sink = _Sink(socket)
        try:
            await serve_messages(factory(), _messages(socket), sink)
            await sink.drained()
        finally:
            self._inside -= 1
            sink.stop()


async def _messages(socket: ServerConnection) -> AsyncIterator[Fed]:
    try:
        async for data in socket:
            body = data if isinstance(data, bytes) else data.encode("utf-8")
            # A message is a frame whose length the websocket has counted already.
            for message in Framer().feed(b"Content-Length: %d\r\n\r\n" % len(body) + body):
                yield message
    except ConnectionClosed:
        return


class _Sink:
    """Messages to a websocket, one text frame each, sent in order by a task."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = asyncio.ensure_future(self._run())

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue one message."""
        self._queue.put_nowait(json.dumps(message, allow_nan=False))

    def close(self) -> None:
        """Send what is queued, then close."""
        self._queue.put_nowait(None)

    async def drained(self) -> None:
        """Wait until all is sent."""
        await self._task

    def stop(self) -> None:
        """Send no more."""
        self._task.cancel()

    async def _run(self) -> None:
        try:
            while (text := await self._queue.get()) is not None:
                await self._socket.send(text)
        except ConnectionClosed:
            return
