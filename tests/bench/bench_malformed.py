"""How long the adapter takes to answer what is no message, and a header that cannot be read."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from statistics import quantiles

from cwm_lsp.wire.framing import frame
from tests.bench.registry import Row, benchmark

ADAPTER = (sys.executable, "-m", "cwm_lsp", "dap", "--port", "0", "--json")
ROUNDS = 50
ALLOWED = 100.0
"""Milliseconds to the error."""

NO_MESSAGE = b"Content-Length: 2\r\n\r\n[]"
UNREADABLE = b"Content-Length: many\r\n\r\n{}"
GREETING = {"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "bench"}}
_PATIENCE = 60.0


@benchmark("malformed")
def malformed() -> Iterator[Row]:
    """Sessions of the real debugpy through the proxy, over TCP."""
    error, broken = asyncio.run(answered())
    what = "debugging through the proxy: 95th percentile, against what is allowed, from a malformed"
    yield Row(f"{what} message to its error", error, "ms", ALLOWED, "lower")
    yield Row(f"{what} header to its error", broken, "ms", ALLOWED, "lower")


async def answered() -> tuple[float, float]:
    """Milliseconds to either error, at the 95th percentile."""
    process = await asyncio.create_subprocess_exec(*ADAPTER, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        where = json.loads(await asyncio.wait_for(process.stdout.readline(), _PATIENCE))
        address = where["host"], where["port"]
        reader, writer = await _greeted(*address)
        errors = [await _timed(reader, writer, NO_MESSAGE) for _ in range(ROUNDS)]
        writer.close()
        broken = []
        for _ in range(ROUNDS // 5):
            reader, writer = await _greeted(*address)
            broken.append(await _timed(reader, writer, UNREADABLE))
            writer.close()
    finally:
        process.terminate()
        await process.wait()
    return quantiles(errors, n=20)[-1], quantiles(broken, n=20)[-1]


async def _greeted(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(frame(GREETING))
    await _heard(reader, b'"initialize"')
    return reader, writer


async def _heard(reader: asyncio.StreamReader, words: bytes) -> None:
    text = b""
    while words not in text:
        data = await asyncio.wait_for(reader.read(1 << 16), _PATIENCE)
        if not data:
            raise RuntimeError(f"hung up before {words!r}")
        text += data


async def _timed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> float:
    """Milliseconds to the error."""
    start = time.perf_counter()
    writer.write(data)
    await _heard(reader, b"Not a DAP message")
    return 1e3 * (time.perf_counter() - start)
