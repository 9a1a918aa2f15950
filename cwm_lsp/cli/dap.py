"""``cwm-lsp dap``: the debug adapter, built from its parts."""

from __future__ import annotations

import asyncio
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
from cwm_lsp.lsp.stdio import FileWriter, read_chunks
from cwm_lsp.wire.loopback import require_loopback

if TYPE_CHECKING:
    from cwm_lsp.cli.main import Request


@dataclass(frozen=True, slots=True)
class Address:
    """Where to serve: ``port`` is ``None`` for stdio, 0 for any free one."""

    host: str = "127.0.0.1"
    port: int | None = None


class StdioSink(FileWriter):
    """Bytes to a file descriptor, written by a thread in the order in which they were queued."""

    def write(self, data: bytes) -> None:
        """Queue bytes."""
        self._queue.put(data)

    async def drain(self) -> None:
        """Nothing to wait for: the queue is as long as it has to be."""


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
    shell = Shell(as_json=request.as_json)
    if address.port is None:
        source, target = _streams()
        run(_over_stdio(request, adapter, ghost, source, target))
    else:
        run(_over_tcp(request, adapter, ghost, address.host, address.port, shell))
    return 0


def _streams() -> tuple[int, int]:
    """The descriptors of the protocol. ``print`` goes to standard error from here on."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (sys.stdin.fileno(), output):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return sys.stdin.fileno(), output


async def _over_stdio(
    request: Request, adapter: tuple[str, ...], ghost: bool, source: int, target: int
) -> None:
    loaded = _loaded(request)
    async with opened(loaded.settings) as model:
        sink = StdioSink(target)
        try:
            await serve_session(read_chunks(source), sink, services(loaded, model, adapter, ghost=ghost))
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

    loaded = _loaded(request)
    async with opened(loaded.settings) as model:
        await serve_tcp(services(loaded, model, adapter, ghost=ghost), host, port, listening)


def _loaded(request: Request) -> Loaded:
    return load(Path.cwd(), options=request.options, trusted=request.trusted)
