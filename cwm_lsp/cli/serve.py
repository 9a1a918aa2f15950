"""``cwm-lsp serve``: the language server, built from its parts."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.debug_port import DebugPort
from cwm_lsp.cli.engines import LocalEngines
from cwm_lsp.cli.loop import run
from cwm_lsp.cli.model import Model
from cwm_lsp.cli.viewer import PageViewer
from cwm_lsp.config import Loaded, Settings, load
from cwm_lsp.lsp.server import CwmServer, Services
from cwm_lsp.lsp.stdio import serve_stdio
from cwm_lsp.lsp.tcp import serve_tcp
from cwm_lsp.lsp.websocket import serve_ws
from cwm_lsp.lsp.wiring import create_server
from cwm_lsp.web.server import Pages
from cwm_lsp.wire.loopback import Listening, make_token

if TYPE_CHECKING:
    from cwm_lsp.cli.options import Request

TOKEN_VARIABLE = "CWM_LSP_TOKEN"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to serve: ``transport`` is ``stdio``, ``tcp`` or ``ws``; port 0 takes a free one."""

    transport: str = "stdio"
    host: str = "127.0.0.1"
    port: int = 0


class Workshop:
    """Makes engines for any number of connections, which share a model where their settings allow it."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._models: dict[Settings, Model] = {}
        self._viewer = PageViewer(Pages())
        self._debug_ports: dict[Settings, DebugPort] = {}

    def engines(self, settings: Mapping[str, object], trusted: bool) -> LocalEngines:
        """Engines for an editor's settings and its trust in the workspace."""
        loaded = self._loaded(settings, trusted)
        return LocalEngines(loaded, self._model(loaded.settings))

    async def debug_port(self, settings: Mapping[str, object], trusted: bool) -> tuple[str, int, str]:
        """Host, port and token of a debug adapter with the same model; one for all of the same settings."""
        loaded = self._loaded(settings, trusted)
        chosen = loaded.settings
        if chosen not in self._debug_ports:
            self._debug_ports[chosen] = DebugPort(loaded, self._model(chosen))
        return await self._debug_ports[chosen].address()

    def server(self) -> CwmServer:
        """A server for one connection."""
        return create_server(Services(self.engines, self._viewer, self.debug_port))

    async def close(self) -> None:
        """End the debug sessions, the models and the pages that were started."""
        for port in self._debug_ports.values():
            await port.close()
        await self._viewer.close()
        for model in self._models.values():
            await model.close()

    def _loaded(self, settings: Mapping[str, object], trusted: bool) -> Loaded:
        options = {**self._request.options, **settings}
        return load(Path.cwd(), options=options, trusted=trusted or self._request.trusted)

    def _model(self, settings: Settings) -> Model:
        return self._models.setdefault(settings, Model(settings))


def serve(request: Request, address: Address) -> int:
    """Serve until the client leaves (stdio) or until stopped."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    workshop = Workshop(request)
    if address.transport == "stdio":
        return serve_stdio(workshop.server, workshop.close)
    shell = Shell(as_json=request.as_json)
    run(_listen(workshop, address, shell))
    return 0


async def _listen(workshop: Workshop, address: Address, shell: Shell) -> None:
    try:
        if address.transport == "tcp":
            listening = _announcer(shell, "tcp")
            await serve_tcp(workshop.server, address.port, address.host, listening=listening)
            return
        with tempfile.TemporaryDirectory(prefix="cwm-lsp-") as folder:
            token = os.environ.get(TOKEN_VARIABLE) or make_token()
            listening = _announcer(shell, "ws", _write_token(Path(folder), token))
            await serve_ws(workshop.server, token, address.port, address.host, listening=listening)
    finally:
        await workshop.close()


def _write_token(folder: Path, token: str) -> Path:
    """The token in a file that only this user can read; ``folder`` is private already."""
    path = folder / "token"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token)
    return path


def _announcer(shell: Shell, transport: str, token: Path | None = None) -> Listening:
    def announce(host: str, port: int) -> None:
        where = {
            "transport": transport,
            "host": host,
            "port": port,
            "token_file": str(token) if token else None,
        }
        if shell.as_json:
            shell.line(where)
            return
        shell.note(f"Listening on {transport}://{host}:{port}.")
        if token is not None:
            shell.note(f"The token that a client must show is in {token}.")

    return announce
