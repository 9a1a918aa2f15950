"""The same server over real pipes and sockets, and who is not let in."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from cwm_lsp.errors import SettingsError
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.lsp.tcp import serve_tcp
from cwm_lsp.lsp.websocket import serve_ws
from cwm_lsp.lsp.wiring import create_server
from cwm_lsp.wire.framing import Framer, frame
from cwm_lsp.wire.loopback import SUBPROTOCOL, is_loopback, make_token
from tests.lsp.engines import BelievingEngines, services

ROOT = Path(__file__).parents[2]
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"capabilities": {}, "processId": None},
}
SHUTDOWN = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
EXIT = {"jsonrpc": "2.0", "method": "exit"}
TOKEN = make_token()


def factory() -> CwmServer:
    return create_server(services(BelievingEngines()))


@asynccontextmanager
async def listening(serve: Callable[..., Awaitable[None]], *arguments: Any) -> AsyncIterator[int]:
    """A server on a free port, which is told."""
    ports: asyncio.Queue[int] = asyncio.Queue()
    task = asyncio.ensure_future(
        serve(factory, *arguments, listening=lambda host, port: ports.put_nowait(port))
    )
    yield await asyncio.wait_for(ports.get(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def messages(reader: asyncio.StreamReader) -> list[Any]:
    """All that a server says until it hangs up."""
    return Framer().feed(await asyncio.wait_for(reader.read(), 30))


# --- stdio -------------------------------------------------------------------------------------


async def stdio(*sent: bytes) -> tuple[list[Any], int]:
    """What a server process answers, and its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.lsp.stdio_server",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(b"".join(sent)), 60)
    assert process.returncode is not None
    return Framer().feed(output), process.returncode


async def test_stdio_serves_one_client_and_ends_well() -> None:
    heard, code = await stdio(frame(INITIALIZE), frame(SHUTDOWN), frame(EXIT))
    assert [message["id"] for message in heard] == [1, 2]
    assert heard[0]["result"]["serverInfo"]["name"] == "cwm-lsp"
    assert code == 0


@pytest.mark.parametrize("bad", [b"hello\r\n\r\n", b"x" * 20_000])
async def test_stdio_ends_at_a_header_that_cannot_be_read(bad: bytes) -> None:
    heard, code = await stdio(frame(INITIALIZE), bad, frame(SHUTDOWN))
    assert [message["id"] for message in heard] == [1, None]
    assert heard[1]["error"]["code"] == -32700
    assert code == 1


async def test_stdio_goes_on_after_a_bad_body_and_lenient_headers() -> None:
    body = json.dumps(SHUTDOWN).encode()
    lenient = b"content-length: %d\n\n" % len(body) + body
    heard, code = await stdio(frame(INITIALIZE), b"Content-Length: 4\r\n\r\n{no}", lenient, frame(EXIT))
    assert [message["id"] for message in heard] == [1, None, 2]
    assert code == 0


async def test_stdio_ends_when_the_client_vanishes_in_the_middle() -> None:
    heard, code = await stdio(frame(INITIALIZE), b"Content-Length: 50\r\n\r\n{")
    assert [message["id"] for message in heard] == [1]
    assert code == 1


# --- TCP ---------------------------------------------------------------------------------------


async def test_tcp_clients_have_servers_of_their_own() -> None:
    async with listening(serve_tcp) as port:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(frame(INITIALIZE) + frame(SHUTDOWN) + frame(EXIT))
            assert [message["id"] for message in await messages(reader)] == [1, 2]
            writer.close()


async def test_tcp_does_not_read_what_a_browser_sends() -> None:
    """A page can post a body that looks like a frame; the request line gives it away."""
    body = json.dumps(INITIALIZE).encode()
    request = b"POST /a:b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with listening(serve_tcp) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        assert await messages(reader) == []
        writer.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.example.org"])
async def test_addresses_that_others_reach_are_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="can be reached from other machines"):
        await serve_tcp(factory, 0, host)
    with pytest.raises(SettingsError, match="can be reached from other machines"):
        await serve_ws(factory, TOKEN, 0, host)


async def test_a_port_that_is_taken_is_named() -> None:
    async with listening(serve_tcp) as port:
        with pytest.raises(
            SettingsError, match=rf"^Cannot listen on 127\.0\.0\.1:{port}: [A-Za-z ]+\. Choose"
        ):
            await serve_tcp(factory, port)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_loopback_addresses(host: str) -> None:
    assert is_loopback(host)


# --- websocket ---------------------------------------------------------------------------------


async def test_websocket_clients_have_servers_of_their_own() -> None:
    async with listening(serve_ws, TOKEN) as port:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            connect(f"ws://127.0.0.1:{port}", additional_headers=headers) as first,
            connect(f"ws://localhost:{port}", additional_headers=headers) as second,
        ):
            for client in (first, second):
                await client.send(json.dumps(INITIALIZE))
                assert json.loads(await client.recv())["id"] == 1
            await first.send(json.dumps(SHUTDOWN))
            assert json.loads(await first.recv())["id"] == 2
            await first.send(json.dumps(EXIT))
            await asyncio.wait_for(first.wait_closed(), 30)
            await second.send("{no}")
            assert json.loads(await second.recv())["error"]["code"] == -32700
            await second.send(json.dumps(SHUTDOWN))
            assert json.loads(await second.recv())["id"] == 2


async def test_a_browser_offers_the_token_as_a_subprotocol() -> None:
    offered = [Subprotocol(SUBPROTOCOL + TOKEN)]
    async with (
        listening(serve_ws, TOKEN) as port,
        connect(f"ws://127.0.0.1:{port}", subprotocols=offered, origin=None) as client,
    ):
        assert client.subprotocol == offered[0]


CLOSED = 0
OWN_HOSTS = ["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT"]
HOSTS = dict.fromkeys(OWN_HOSTS, True) | dict.fromkeys(
    ["127.0.0.1", "127.0.0.1:1", "evil.example:PORT", "localhost:PORT.evil.example", "", "\x7f:PORT"], False
)
ORIGINS: dict[str | None, bool] = {None: True, "http://127.0.0.1:8080": True, "http://localhost": True}
ORIGINS |= dict.fromkeys(
    ["http://evil.example", "null", "http://localhost.evil.example", "http://[", "vscode-webview://x"], False
)
TOKENS: dict[str | None, bool] = {f"Bearer {TOKEN}": True, None: False}
TOKENS |= dict.fromkeys(
    [f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ", TOKEN, f"Basic {TOKEN}"], False
)


async def test_every_combination_of_host_origin_and_token() -> None:
    async with listening(serve_ws, TOKEN) as port:
        for (host, own), (origin, local), (token, right) in itertools.product(
            HOSTS.items(), ORIGINS.items(), TOKENS.items()
        ):
            status = await handshake(port, host.replace("PORT", str(port)), origin, token)
            assert (status == 101) == (own and local and right), (host, origin, token)
            assert status in {101, 403, CLOSED}, (host, origin, token)


async def handshake(port: int, host: str, origin: str | None, authorization: str | None) -> int:
    """The status that a raw handshake is answered with, ``CLOSED`` if it is not HTTP enough for one."""
    lines = [
        "GET / HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *([f"Origin: {origin}"] if origin is not None else []),
        *([f"Authorization: {authorization}"] if authorization is not None else []),
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    status = await asyncio.wait_for(reader.readline(), 30)
    writer.close()
    return int(status.split()[1]) if status else CLOSED


async def test_no_token_no_entry() -> None:
    async with listening(serve_ws, TOKEN) as port:
        with pytest.raises(InvalidStatus, match="403"):
            await connect(f"ws://127.0.0.1:{port}")
