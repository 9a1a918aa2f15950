"""Programs under the real debugpy, plain or through the proxy: how the stories start them and look on."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.dap.observer import Watch
from cwm_lsp.dap.session import Services
from cwm_lsp.dap.tcp import serve_tcp
from tests.dap.client import CWM, DEBUGPY, PATIENCE, Client, connected, over_stdio, over_tcp

both = pytest.mark.parametrize("command", [DEBUGPY, CWM], ids=["plain", "proxied"])
everywhere = pytest.mark.parametrize(
    "connect",
    [partial(over_stdio, command=DEBUGPY), over_stdio, over_tcp],
    ids=["plain", "proxied", "proxied-tcp"],
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

SUM = """\
def total(xs):
    result = 0
    for x in xs:
        result = result + x
    return result


print("total:", total([4, 9]))
"""

PARENT = """\
import subprocess
import sys

if len(sys.argv) == 1:
    done = subprocess.run([sys.executable, __file__, "child"], capture_output=True, text=True)
    print("parent read", done.stdout)
else:
    word = "hello"
    print(word)
"""

LISTENS = """\
import socket

import debugpy

where = debugpy.listen(("127.0.0.1", 0))
with socket.create_connection(("127.0.0.1", PORT)) as link:
    link.sendall(f"{where[1]}\\n".encode())
    debugpy.wait_for_client()
    seen = "attached"
    print(seen)
    link.recv(1)
"""

ENDLESS = """\
import socket

link = socket.create_connection(("127.0.0.1", PORT))
link.sendall(b"running")
while True:
    pass
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "program.py"
    path.write_text(text, encoding="utf-8")
    return path


async def launch(
    client: Client, path: Path, breakpoints: list[dict[str, Any]] | None = None, **options: Any
) -> None:
    """Start ``path`` under debugpy. ``functions`` and ``exceptions`` are breakpoints of these kinds.

    ``filter_options`` are exceptions too, as a client writes them that sends conditions along.
    """
    await client.ask("initialize", adapterID="debugpy", supportsStartDebuggingRequest=True)
    others = {kind: options.pop(kind, []) for kind in ("functions", "exceptions", "filter_options")}
    start = client.post("launch", configuration(path) | options)
    await configured(client, path, start, breakpoints or [], **others)


async def configured(
    client: Client,
    path: Path,
    start: int,
    breakpoints: list[dict[str, Any]],
    functions: list[str] | None = None,
    exceptions: list[str] | None = None,
    filter_options: list[dict[str, Any]] | None = None,
) -> None:
    """Set breakpoints, and wait until ``start`` is answered."""
    await client.event("initialized")
    await client.ask("setBreakpoints", source={"path": str(path)}, breakpoints=breakpoints)
    if functions:
        await client.ask("setFunctionBreakpoints", breakpoints=[{"name": name} for name in functions])
    if exceptions:
        await client.ask("setExceptionBreakpoints", filters=exceptions)
    if filter_options:
        await client.ask("setExceptionBreakpoints", filters=[], filterOptions=filter_options)
    await client.ask("configurationDone")
    assert (await client.answer(start))["success"]


def configuration(path: Path) -> dict[str, Any]:
    return {"program": str(path), "console": "internalConsole", "python": [sys.executable]}


async def went_on(client: Client, command: str, thread: int, **arguments: Any) -> dict[str, Any]:
    """Resume by ``command`` and give the stop that it leads to."""
    before = client.count("stopped")
    await client.ask(command, threadId=thread, **arguments)
    return await client.event("stopped", before + 1)


async def top(client: Client, thread: int) -> dict[str, Any]:
    """The innermost frame."""
    frames: list[dict[str, Any]] = (await client.ask("stackTrace", threadId=thread))["stackFrames"]
    return frames[0]


async def finished(client: Client, thread: int) -> None:
    """Let the program run to its end."""
    await client.ask("continue", threadId=thread)
    await client.event("terminated")


def order(client: Client, *names: str) -> list[str]:
    """Those of the events named, as they came."""
    heard = [str(one.get("event") or one.get("command")) for one in client.events]
    return [name for name in heard if name in names]


def printed(client: Client) -> str:
    outputs = [one["body"] for one in client.events if one.get("event") == "output"]
    return "".join(body["output"] for body in outputs if body.get("category") == "stdout")


@asynccontextmanager
async def served(watches: tuple[Watch, ...]) -> AsyncIterator[tuple[str, int]]:
    """The address of an adapter in this process, with observers of the test's."""
    where: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
    services = Services(lambda: pytest.fail("no ghost is asked for"), watches=watches)
    serving = asyncio.create_task(
        serve_tcp(services, "127.0.0.1", 0, lambda host, port: where.set_result((host, port)))
    )
    try:
        yield await where
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@asynccontextmanager
async def endless(folder: Path) -> AsyncIterator[tuple[Path, socket.socket]]:
    """A program that reports to a socket of ours and then never ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield written(folder, ENDLESS.replace("PORT", str(server.getsockname()[1]))), server


async def reported(server: socket.socket) -> socket.socket:
    """The connection of the program, once it runs. It closes when the program dies, and only then."""
    link, _ = await asyncio.to_thread(server.accept)
    link.settimeout(PATIENCE)
    assert await asyncio.to_thread(link.recv, 7) == b"running"
    return link


async def dead(link: socket.socket) -> None:
    """Wait for the program's end."""
    with link:
        try:
            assert await asyncio.to_thread(link.recv, 1) == b""
        except ConnectionResetError:
            return


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[tuple[Path, int, socket.socket]]:
    """A program that waits for a debugger at a port, and ends once the link to it is written to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        path = written(folder, LISTENS.replace("PORT", str(server.getsockname()[1])))
        program = await asyncio.create_subprocess_exec(sys.executable, str(path))
        link, _ = await asyncio.to_thread(server.accept)
        with link, link.makefile("r") as lines:
            yield path, int(await asyncio.to_thread(lines.readline)), link
        assert await asyncio.wait_for(program.wait(), PATIENCE) == 0


@asynccontextmanager
async def at_port(command: tuple[str, ...], port: int) -> AsyncIterator[Client]:
    """The client of a listening program: itself at the port, or through the proxy."""
    async with over_stdio(command=command) if command is CWM else connected("127.0.0.1", port) as client:
        yield client
