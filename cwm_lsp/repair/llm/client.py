"""Asks an OpenAI-compatible server for chat completions. Near by, unless told.

Source code and values of a run are sent: a server elsewhere must be named on purpose.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cwm_lsp.errors import ModelUnavailable, SettingsError

LARGEST = 4 << 20
"""Bytes of an answer that are read."""

Message = dict[str, str]
"""``{"role", "content"}``."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where to ask: the base URL (``http://127.0.0.1:8000/v1``), the model's name, seconds for one answer."""

    url: str
    model: str
    timeout: float = 60.0
    key: str = ""


def checked(url: str, anywhere: bool = False) -> str:
    """``url`` if the server may be asked. Raises ``SettingsError``.

    Every address that a name stands for must be of this machine or a private network, unless ``anywhere``.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{url!r} is no server's URL.", "Write it as http://127.0.0.1:8000/v1.")
    if not anywhere and not all(map(_near, _addresses(parts))):
        raise SettingsError(
            f"{parts.hostname} is not on this machine or a private network, and would be sent your code.",
            "Allow it with --llm-anywhere.",
        )
    return url.rstrip("/")


def _addresses(parts: SplitResult) -> list[str]:
    assert parts.hostname is not None
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SettingsError(f"{parts.hostname} has no address: {error}.") from error
    return [str(one[4][0]) for one in found]


def _near(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.is_loopback or (found.is_private and not found.is_unspecified)


class _Rejected(ModelUnavailable):
    """The server does not take the request as it is."""


def complete(server: Server, messages: Sequence[Message], temperature: float, seed: int) -> str:
    """The text of one answer. Raises ``ModelUnavailable``, naming what the server did instead.

    A server whose context has no room for as long an answer is asked for one that fits.
    """
    body = {
        "model": server.model,
        "messages": list(messages),
        "temperature": temperature,
        "seed": seed,
        "max_tokens": 2048,
        "stream": False,
    }
    try:
        data = _posted(server, json.dumps(body).encode("utf-8"))
    except _Rejected:
        del body["max_tokens"]
        data = _posted(server, json.dumps(body).encode("utf-8"))
    try:
        message = json.loads(data)["choices"][0]["message"]
        return _text(message)
    except (ValueError, LookupError, TypeError) as error:
        raise ModelUnavailable(f"{server.url} answered with something that is no chat completion.") from error


def _text(message: dict[str, Any]) -> str:
    """The content of a message, its separate reasoning left out."""
    content = message["content"]
    if not isinstance(content, str):
        raise TypeError("no text")
    return content


def _posted(server: Server, body: bytes) -> bytes:
    parts = urlsplit(server.url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if server.key:
        headers["Authorization"] = f"Bearer {server.key}"
    connection = kind(parts.hostname or "", parts.port, timeout=server.timeout)
    try:
        connection.request("POST", f"{parts.path}/chat/completions", body, headers)
        answer = connection.getresponse()
        data = answer.read(LARGEST)
    except TimeoutError as error:
        raise ModelUnavailable(f"{server.url} did not answer within {server.timeout:g} s.") from error
    except (OSError, http.client.HTTPException) as error:
        raise ModelUnavailable(
            f"{server.url} cannot be asked: {str(error) or type(error).__name__}."
        ) from error
    finally:
        connection.close()
    if answer.status != 200:  # a redirect is not followed: it may lead anywhere
        failure = _Rejected if answer.status == 400 else ModelUnavailable
        raise failure(f"{server.url} answered with status {answer.status}: {_reason(data)}.")
    return data


def _reason(data: bytes) -> str:
    return " ".join(data[:200].decode("utf-8", "replace").split()) or "no text"
