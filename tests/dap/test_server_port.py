"""The running language server as a debug adapter: a port, a token, the same sessions."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.wire.framing import Framer, frame
from tests.dap.client import PATIENCE, connected
from tests.dap.debugging import (
    SUM,
    configuration,
    configured,
    dead,
    endless,
    finished,
    launch,
    reported,
    written,
)


class Server:
    """``cwm-lsp serve`` over stdio, asked one thing after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._framer = Framer()
        self._id = 0

    async def request(self, method: str, params: Any) -> Any:
        self._id += 1
        assert self._process.stdin is not None
        message = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        self._process.stdin.write(frame(message))
        while True:
            assert self._process.stdout is not None
            data = await asyncio.wait_for(self._process.stdout.read(1 << 16), PATIENCE)
            assert data
            for fed in self._framer.feed(data):
                if isinstance(fed, dict) and fed.get("id") == self._id and "method" not in fed:
                    return fed

    async def address(self) -> tuple[str, int, str]:
        params = {"command": "cwm.debugAdapter", "arguments": []}
        result = (await self.request("workspace/executeCommand", params))["result"]
        return result["host"], result["port"], result["token"]


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cwm_lsp", "serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    try:
        server = Server(process)
        await server.request(
            "initialize", {"processId": None, "capabilities": {}, "initializationOptions": options}
        )
        yield server
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE)


async def test_a_session_at_the_port_of_the_server(tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with served() as server:
        host, port, token = await server.address()
        assert await server.address() == (host, port, token)
        for wrong in ({}, {"cwmToken": "guess"}, {"cwmToken": 7}):
            async with connected(host, port) as stranger:
                await stranger.ask("initialize", adapterID="debugpy")
                assert "cwmToken" in await stranger.refused("launch", **configuration(path), **wrong)
                await stranger.end()
        async with connected(host, port) as client:
            await client.ask("initialize", adapterID="debugpy")
            start = client.post("launch", configuration(path) | {"cwmToken": token})
            await configured(client, path, start, [{"line": 2}])
            await finished(client, (await client.event("stopped"))["threadId"])


async def test_a_server_that_ends_takes_its_debug_sessions_with_it(tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, listener):
        async with served() as server:
            host, port, token = await server.address()
            async with connected(host, port) as client:
                await launch(client, path, cwmToken=token)
                link = await reported(listener)
        await dead(link)


@pytest.mark.parametrize("options", [{"trusted": False}])
async def test_nothing_is_debugged_where_nothing_is_trusted(options: dict[str, Any]) -> None:
    async with served(**options) as server:
        params = {"command": "cwm.debugAdapter", "arguments": []}
        error = (await server.request("workspace/executeCommand", params))["error"]
        assert "not trusted" in error["message"]
