"""The debug adapter inside a running language server: a loopback port, opened when it is first asked for."""

from __future__ import annotations

import asyncio

from cwm_lsp.cli.debugging import services
from cwm_lsp.cli.model import Model
from cwm_lsp.config import Loaded
from cwm_lsp.dap.tcp import serve_tcp
from cwm_lsp.wire.loopback import make_token

HOST = "127.0.0.1"


class DebugPort:
    """Debug sessions over TCP that predict with a model of the server's."""

    def __init__(self, loaded: Loaded, model: Model) -> None:
        self._token = make_token()
        self._services = services(loaded, model, token=self._token)
        self._serving: asyncio.Task[None] | None = None
        self._where: asyncio.Future[tuple[str, int]] | None = None

    async def address(self) -> tuple[str, int, str]:
        """Host, port and token, once clients can connect. Raises ``SettingsError`` where none can be had."""
        if self._where is None:
            self._where = asyncio.get_running_loop().create_future()
            self._serving = asyncio.create_task(serve_tcp(self._services, HOST, 0, self._listening))
            self._serving.add_done_callback(self._ended)
        host, port = await asyncio.shield(self._where)
        return host, port, self._token

    async def close(self) -> None:
        """End all sessions."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)

    def _listening(self, host: str, port: int) -> None:
        if self._where is not None:
            self._where.set_result((host, port))

    def _ended(self, serving: asyncio.Task[None]) -> None:
        """It could not listen: whoever asked is told, and the next who asks tries again."""
        where, self._where = self._where, None
        if where is None or where.done():
            return
        error = None if serving.cancelled() else serving.exception()
        if error is None:
            where.cancel()
        else:
            where.set_exception(error)
