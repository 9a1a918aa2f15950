"""``cwm-lsp dap``: the debug adapter, built from its parts."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.debugging import services
from cwm_lsp.cli.loop import run
from cwm_lsp.cli.model import opened
from cwm_lsp.config import Loaded, load
from cwm_lsp.dap.session import serve_session
from cwm_lsp.dap.tcp import serve_tcp
from cwm_lsp.dap.upstream import ENDPOINTS
from cwm_lsp.transport.stdio import Chunks, FileSink, descriptors
from cwm_lsp.wire.loopback import require_loopback

if TYPE_CHECKING:
    from cwm_lsp.cli.options import Request


@dataclass(frozen=True, slots=True)
class Address:
    """Where to serve: ``port`` is ``None`` for stdio, 0 for any free one."""

    host: str = "127.0.0.1"
    port: int | None = None


def adapter_options(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What was given of the options of debugpy's own adapter, as it reads them."""
    options = [
        word
        for name in ("access_token", "server_access_token", "log_dir")
        if values.get(name)
        for word in (f"--{name.replace('_', '-')}", str(values[name]))
    ]
    return (*options, *(("--log-stderr",) if values.get("log_stderr") else ()))


def dap(request: Request, address: Address, adapter: tuple[str, ...], *, ghost: bool) -> int:
    """Serve until the client leaves (stdio) or until stopped (TCP)."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    require_loopback(address.host)
    gc.freeze()  # what is imported stays: to look through it would hold up a message for some 40 ms
    shell = Shell(as_json=request.as_json)
    if address.port is None:
        run(_over_stdio(request, adapter, ghost, *descriptors()))
    else:
        run(_over_tcp(request, adapter, ghost, address.host, address.port, shell))
    return 0


async def _over_stdio(
    request: Request, adapter: tuple[str, ...], ghost: bool, source: int, target: int
) -> None:
    loaded = _loaded(request)
    async with opened(loaded.settings) as model:
        sink = FileSink(target)
        try:
            await serve_session(Chunks(source), sink, services(loaded, model, adapter, ghost=ghost))
        finally:
            await asyncio.to_thread(sink.join)


async def _over_tcp(
    request: Request, adapter: tuple[str, ...], ghost: bool, host: str, port: int, shell: Shell
) -> None:
    def listening(host: str, port: int) -> None:
        where: Mapping[str, Any] = {"transport": "tcp", "host": host, "port": port}
        if shell.as_json:
            shell.line(where)
        else:
            shell.note(f"Listening for debuggers on {host}:{port}.")
        if endpoints is not None:
            endpoints.write_text(
                json.dumps({"client": {"host": host, "port": port}}) + "\n", encoding="utf-8"
            )

    named = os.environ.get(ENDPOINTS)
    endpoints = Path(named) if named else None
    loaded = _loaded(request)
    try:
        async with opened(loaded.settings) as model:
            await serve_tcp(services(loaded, model, adapter, ghost=ghost), host, port, listening)
    finally:
        if endpoints is not None:
            endpoints.unlink(missing_ok=True)


def _loaded(request: Request) -> Loaded:
    return load(Path.cwd(), options=request.options, trusted=request.trusted)
