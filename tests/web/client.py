"""The page's side of the websocket, without a browser."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from cwm_lsp.web.server import SOCKET_PATH, Pages
from cwm_lsp.web.view import View
from cwm_lsp.wire.loopback import SUBPROTOCOL

PATIENCE = 30.0


class Client:
    """Asks and is told. ``heads`` are all that the server said by itself."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heads: list[dict[str, Any]] = []

    async def head(self) -> dict[str, Any]:
        """The next head."""
        while True:
            message = await self._next()
            if message.get("say") == "head":
                return message

    async def ask(self, ask: str, run: int = 0, beside: int | None = None, **about: Any) -> dict[str, Any]:
        """A whole answer."""
        await self.socket.send(
            json.dumps({"id": 7, "ask": ask, "run": run, "beside": beside, "about": about})
        )
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        """The next answer."""
        while True:
            message = await self._next()
            if "id" in message:
                return message

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE))
        if message.get("say") == "head":
            self.heads.append(message)
        return message


@contextlib.asynccontextmanager
async def pages(port: int = 0) -> AsyncIterator[Pages]:
    """Pages that are closed at the end."""
    served = Pages(port)
    try:
        yield served
    finally:
        await served.close()


@contextlib.asynccontextmanager
async def client(served: Pages, view: View) -> AsyncIterator[Client]:
    """A client of one page, as a browser connects."""
    offered = [Subprotocol(SUBPROTOCOL + view.token)]
    address = f"ws://127.0.0.1:{served.port}{SOCKET_PATH}"
    async with connect(address, subprotocols=offered, max_size=None) as socket:
        assert socket.subprotocol == offered[0]
        yield Client(socket)
