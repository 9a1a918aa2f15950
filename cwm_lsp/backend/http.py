"""JSON over HTTP/1.1 to a model server, on asyncio's own streams: one request for each connection.

A connection of its own is what makes a cancel reach the server: it stops computing for whoever hung up.
"""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.client import parse_headers
from typing import Any
from urllib.parse import urlsplit

from cwm_lsp.errors import SettingsError

MAX_BODY = 256 << 20
"""Bytes of an answer that are taken: the scores of 130,000 tokens are about 40 MB."""


_VERSION = b"HTTP/1."


class Fault(StrEnum):
    """What can go wrong with a request, as a user is told."""

    DOWN = "down"  # nobody listens
    SLOW = "slow"  # no answer in time
    DROPPED = "dropped"  # the connection ended in the middle of an answer
    GARBAGE = "garbage"  # an answer that is no HTTP or no JSON
    BROKEN = "broken"  # 5xx
    REFUSED = "refused"  # 4xx


PASSING = frozenset({Fault.DOWN, Fault.DROPPED, Fault.BROKEN})
"""Faults that may be over when the same is asked again."""


class RequestFailed(Exception):
    """A request that brought no answer; ``status`` is 0 where none was read."""

    def __init__(self, fault: Fault, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.fault = fault
        self.status = status


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. ``root`` is the path before ``/v1``, without a slash at its end."""

    host: str
    port: int
    root: str
    secure: bool

    @classmethod
    def of(cls, url: str) -> Address:
        """Read ``url``. Raises :class:`~cwm_lsp.errors.SettingsError`."""
        try:
            parts = urlsplit(url)
            secure = parts.scheme == "https"
            port = parts.port or (443 if secure else 80)
        except ValueError as error:
            raise SettingsError(f"The endpoint {url!r} is no URL: {error}.") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"The endpoint {url!r} is no URL.", "Write it as http://127.0.0.1:8000.")
        return cls(parts.hostname, port, parts.path.rstrip("/").removesuffix("/v1"), secure)

    def __str__(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}{self.root}"


async def ask(
    address: Address, path: str, body: Mapping[str, Any] | None, *, within: float, key: str = ""
) -> Any:
    """The JSON that the server answers to a POST of ``body``, or to a GET where there is none.

    ``within`` is in seconds, ``key`` goes as a bearer token. Raises :class:`RequestFailed`.
    """
    try:
        async with asyncio.timeout(within):
            status, text = await _exchange(address, _request(address, path, body, key))
    except TimeoutError as error:
        raise RequestFailed(Fault.SLOW, f"no answer within {within:g} s") from error
    answer = _parsed(text)
    if status >= 500:
        raise RequestFailed(Fault.BROKEN, f"HTTP {status}: {_said(answer, text)}", status)
    if status >= 300:
        raise RequestFailed(Fault.REFUSED, f"HTTP {status}: {_said(answer, text)}", status)
    if answer is None:
        raise RequestFailed(Fault.GARBAGE, "the answer is no JSON", status)
    return answer


def _request(address: Address, path: str, body: Mapping[str, Any] | None, key: str) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{'GET' if body is None else 'POST'} {address.root}{path} HTTP/1.1",
        f"Host: {address.host}:{address.port}",
        "Connection: close",
        "Accept: application/json",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
        *([f"Authorization: Bearer {key}"] if key else []),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


async def _exchange(address: Address, request: bytes) -> tuple[int, bytes]:
    """Status and body of the answer."""
    secure = ssl.create_default_context() if address.secure else None
    try:
        reader, writer = await asyncio.open_connection(address.host, address.port, ssl=secure, limit=1 << 20)
    except OSError as error:
        raise RequestFailed(Fault.DOWN, f"no connection: {error}") from error
    try:
        writer.write(request)
        await writer.drain()
        return await _answer(reader)
    except asyncio.IncompleteReadError as error:
        raise RequestFailed(Fault.DROPPED, "the answer ends in the middle") from error
    except ConnectionError as error:
        raise RequestFailed(Fault.DROPPED, str(error)) from error
    except (ValueError, asyncio.LimitOverrunError, IndexError) as error:
        raise RequestFailed(Fault.GARBAGE, "the answer is no HTTP") from error
    finally:
        writer.transport.abort()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body. Raises ``ValueError`` for what is no HTTP, ``ConnectionError`` where nothing came."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            raise ConnectionResetError("it sent nothing") from error
        if not error.partial.startswith(_VERSION[: len(error.partial)]):
            raise ValueError("no HTTP") from error
        raise
    first, _, rest = head.partition(b"\r\n")
    version, status = first.split(None, 2)[:2]
    if not version.startswith(_VERSION):
        raise ValueError("no HTTP")
    headers = parse_headers(io.BytesIO(rest))
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        return int(status), await _chunks(reader)
    length = headers.get("Content-Length")
    if length is None:
        return int(status), await reader.read(MAX_BODY)
    if not 0 <= int(length) <= MAX_BODY:
        raise ValueError("an answer of no sensible length")
    return int(status), await reader.readexactly(int(length))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        if size < 0 or len(body) + size > MAX_BODY:
            raise ValueError("an answer of no sensible length")
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    return bytes(body)


def _parsed(text: bytes) -> Any:
    """The JSON of ``text``, or ``None``."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _said(answer: Any, text: bytes) -> str:
    """What a server says that refuses."""
    error = answer.get("error", answer) if isinstance(answer, dict) else None
    message = error.get("message", error) if isinstance(error, dict) else error
    return str(message if message is not None else text.decode("utf-8", "replace"))[:300]
