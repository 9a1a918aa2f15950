"""Real debugpy, plain and through the proxy: the same story; and nothing is left running."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.dap.observer import Watch
from cwm_lsp.dap.session import Services
from cwm_lsp.dap.tcp import serve_tcp
from tests.dap.client import CWM, DEBUGPY, PATIENCE, Client, child_of, connected, over_stdio
from tests.dap.programs import line

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


async def launch(client: Client, path: Path, breakpoints: list[dict[str, Any]] | None = None) -> None:
    """Start ``path`` under debugpy."""
    await client.ask("initialize", adapterID="debugpy", supportsStartDebuggingRequest=True)
    await configured(client, path, client.post("launch", _configuration(path)), breakpoints or [])


async def configured(client: Client, path: Path, start: int, breakpoints: list[dict[str, Any]]) -> None:
    await client.event("initialized")
    await client.ask("setBreakpoints", source={"path": str(path)}, breakpoints=breakpoints)
    await client.ask("configurationDone")
    assert (await client.answer(start))["success"]


def _configuration(path: Path) -> dict[str, Any]:
    return {"program": str(path), "console": "internalConsole", "python": [sys.executable]}


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


@pytest.mark.parametrize("command", [DEBUGPY, CWM], ids=["plain", "proxied"])
async def test_the_story_is_the_same(command: tuple[str, ...], tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        body = line("result + x", source=SUM)
        await launch(client, path, [{"line": body, "condition": "x == 9"}])
        stop = await client.event("stopped")
        assert stop["reason"] == "breakpoint"
        thread = stop["threadId"]
        assert (await client.where(thread))[0] == ("total", body)
        found = await client.variables(thread=thread)
        assert (found["result"]["value"], found["x"]["value"]) == ("4", "9")
        frame_id = (await client.ask("stackTrace", threadId=thread))["stackFrames"][0]["id"]
        scope = (await client.ask("scopes", frameId=frame_id))["scopes"][0]["variablesReference"]
        await client.ask("setVariable", variablesReference=scope, name="x", value="10")
        asked = [
            client.post("evaluate", {"expression": f"x + {extra}", "frameId": frame_id}) for extra in range(8)
        ]
        results = [(await client.answer(seq))["body"]["result"] for seq in asked]
        assert results == [str(10 + extra) for extra in range(8)]
        await client.ask("next", threadId=thread)
        assert (await client.event("stopped", 2))["reason"] == "step"
        assert (await client.where(thread))[0] == ("total", body - 1)
        await client.ask("continue", threadId=thread)
        assert (await client.event("exited"))["exitCode"] == 0
        await client.event("terminated")
        assert "total: 14" in printed(client)
        await client.ask("disconnect")


async def test_a_child_process_is_debugged_through_our_port(tmp_path: Path) -> None:
    path = written(tmp_path, PARENT)
    stops = [{"line": line("print(word)", source=PARENT)}]
    async with over_stdio() as parent:
        await launch(parent, path, stops)
        announced = await parent.until(
            lambda: next((one for one in parent.events if one.get("command") == "startDebugging"), None)
        )
        given = announced["arguments"]["configuration"]
        address = given["connect"]["host"], given["connect"]["port"]
        async with connected(*address) as stranger:
            await stranger.ask("initialize", adapterID="debugpy")
            for wrong in (given | {"cwmToken": "guess"}, _configuration(path)):
                command = "attach" if "subProcessId" in wrong else "launch"
                async with connected(*address) as other:
                    await other.ask("initialize", adapterID="debugpy")
                    assert "announced" in await other.refused(command, **wrong)
                    await other.end()
        async with connected(*address) as child:
            await child.ask("initialize", adapterID="debugpy")
            await configured(child, path, child.post("attach", given), stops)
            stop = await child.event("stopped")
            assert (await child.variables(thread=stop["threadId"]))["word"]["value"] == "'hello'"
            await child.ask("continue", threadId=stop["threadId"])
            await parent.event("terminated")
        assert "parent read hello" in printed(parent)
        await parent.ask("disconnect")


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


async def test_a_client_that_goes_takes_the_program_with_it(tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server):
        async with over_stdio() as client:
            await launch(client, path)
            link = await reported(server)
        await dead(link)
        assert client.process is not None
        assert client.process.returncode == 0


@posix
async def test_a_program_that_is_killed_ends_the_session(tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), over_stdio() as client:
        await launch(client, path)
        link = await reported(server)
        os.kill((await client.event("process"))["systemProcessId"], signal.SIGKILL)
        await client.event("terminated")
        await dead(link)


@posix
async def test_an_adapter_that_is_killed_ends_session_and_program(tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), over_stdio() as client:
        await launch(client, path)
        link = await reported(server)
        assert client.process is not None
        os.kill(child_of(client.process.pid), signal.SIGKILL)
        await client.event("terminated")
        await client.end()
        await dead(link)
