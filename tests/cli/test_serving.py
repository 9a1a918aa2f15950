"""``cwm-lsp model serve``: a server that is started, waited for, started again, and ended with us."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from cwm_lsp.backend.backoff import Backoff
from cwm_lsp.cli.serving import Wish, serve
from cwm_lsp.errors import ModelUnavailable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="vLLM is for Linux; the stand-in is a script")

# Answers as vLLM does and ends, like a server that crashes, when it is asked to.
PROGRAM = f"""#!{sys.executable}
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(9)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{{}}")
print("starting", *sys.argv[1:])
place = sys.argv.index("--port")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[place + 1])), Handler).serve_forever()
"""


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    program = tmp_path / "vllm"
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return Wish(tmp_path, port, program=str(program))


async def test_it_is_started_again_when_it_dies_and_ends_with_us(wish: Wish) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.ensure_future(serve(wish, said.put_nowait, Backoff(most=0.0)))
    assert str(wish.address) in await said.get()
    _, writer = await asyncio.open_connection(wish.address.host, wish.address.port)
    writer.write(b"GET /die HTTP/1.0\r\n\r\n")
    assert "code 9" in await said.get()
    assert "Ready" in await said.get()
    writer.close()
    task.cancel()
    await asyncio.wait([task])
    with pytest.raises(OSError, match=r"refused|failed"):
        await asyncio.open_connection(wish.address.host, wish.address.port)


async def test_one_that_never_answered_is_not_started_again(tmp_path: Path) -> None:
    failing = tmp_path / "vllm"
    failing.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    failing.chmod(0o755)
    with pytest.raises(ModelUnavailable, match="code 3 before it answered"):
        await serve(Wish(tmp_path, 1, program=str(failing)), print)
    with pytest.raises(ModelUnavailable, match="cannot be started"):
        await serve(Wish(tmp_path, 1, program=os.devnull), print)


def test_the_words_it_is_started_with(tmp_path: Path) -> None:
    wish = Wish(tmp_path, 8000, "fp8", 2, 8192, "vllm", ("--enforce-eager",))
    assert wish.command() == [
        *("vllm", "serve", str(tmp_path), "--host", "127.0.0.1", "--port", "8000"),
        *("--served-model-name", tmp_path.name, "--load-format", "safetensors", "--quantization", "fp8"),
        *("--tensor-parallel-size", "2", "--max-model-len", "8192", "--enforce-eager"),
    ]


def test_without_vllm_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ModelUnavailable, match="not installed"):
        Wish(tmp_path, 8000).command()
