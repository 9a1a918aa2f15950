"""The pages of one process: one port of this machine, static files for everyone, data for who has a token.

The files hold nothing of the user's. The token stands in the address behind ``#``, which a browser sends to
nobody; the page shows it when it opens its websocket. Host is checked on every request, so that a name
that was bound to this machine leads nowhere, and Origin on every websocket: no page but ours may open one.
"""

from __future__ import annotations

import asyncio
import http
import json
import time
from collections.abc import Sequence
from importlib import resources
from types import MappingProxyType
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from cwm_lsp.web.view import View
from cwm_lsp.wire.loopback import SUBPROTOCOL, deaf, holds, is_own_host, own_hosts, tokens

HOST = "127.0.0.1"
SOCKET_PATH = "/live"
CLIENTS = 32
"""Pages that are looked at, at a time."""

LONGEST_QUESTION = 1 << 16
REST = 4.0
"""After a change was told, the next waits so many times as long as that took: a growing run costs a share."""

TYPES = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
)

FRAMES = "'self' vscode-webview: vscode-file: http://127.0.0.1:* http://localhost:* https://*.vscode-cdn.net"
"""Who may show the page inside itself: editors on this machine."""


class Pages:
    """All pages of this process. The port is opened with the first page; 0 takes a free one."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self._views: dict[str, View] = {}
        self._server: Server | None = None
        self._starting = asyncio.Lock()
        self._inside = 0
        self._files: dict[str, tuple[str, bytes]] = {}

    async def open(self, key: str, title: str) -> View:
        """The page of ``key``, made if there is none. Raises :class:`SettingsError` for a taken port."""
        async with self._starting:
            if self._server is None:
                await self._start()
        return self._views.setdefault(key, View(title))

    def find(self, key: str) -> View | None:
        """The page of ``key``, if it was opened."""
        return self._views.get(key)

    def url(self, view: View) -> str:
        """The address of a page, with its token."""
        return f"http://{HOST}:{self.port}/#{view.token}"

    async def close(self) -> None:
        """Hang up on all pages."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _start(self) -> None:
        self._files = await asyncio.to_thread(_static_files)
        try:
            self._server = await serve(
                self._client,
                HOST,
                self.port,
                process_request=self._check,
                select_subprotocol=self._subprotocol,
                max_size=LONGEST_QUESTION,
                compression=None,  # it would cost more than it saves on the way to the same machine
                server_header=None,
            )
        except OSError as error:
            raise deaf(HOST, self.port, error) from error
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    # --- who comes in ---

    def _check(self, socket: ServerConnection, request: Request) -> Response | None:
        headers = request.headers
        if not is_own_host(headers.get_all("Host"), self.port):
            return _text(http.HTTPStatus.FORBIDDEN, "The Host header is not this server's.")
        path = urlsplit(request.path).path
        if path != SOCKET_PATH:
            return self._file(path)
        if not all(self._is_own_page(origin) for origin in headers.get_all("Origin")):
            return _text(http.HTTPStatus.FORBIDDEN, "The Origin is not allowed.")
        if self._view_for(request) is None:
            return _text(http.HTTPStatus.FORBIDDEN, "The token is missing or wrong.")
        if self._inside >= CLIENTS:
            return _text(http.HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages are open.")
        return None

    def _is_own_page(self, origin: str) -> bool:
        return origin.lower() in {f"http://{host}" for host in own_hosts(self.port)}

    def _view_for(self, request: Request) -> View | None:
        headers = request.headers
        offered = tokens(headers.get_all("Authorization"), headers.get_all("Sec-WebSocket-Protocol"))
        return next((view for view in self._views.values() if holds(offered, view.token)), None)

    def _subprotocol(self, socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Accept the subprotocol that carried the token, as a browser requires."""
        known = {SUBPROTOCOL + view.token for view in self._views.values()}
        return next((one for one in offered if one in known), None)

    def _file(self, path: str) -> Response:
        found = self._files.get(path)
        if found is None:
            return _text(http.HTTPStatus.NOT_FOUND, "There is no such file.")
        kind, body = found
        return _response(http.HTTPStatus.OK, kind, body, policy(self.port))

    # --- who is in ---

    async def _client(self, socket: ServerConnection) -> None:
        view = None if socket.request is None else self._view_for(socket.request)
        if view is None:
            return
        self._inside += 1
        telling = asyncio.ensure_future(_tell(view, socket))
        try:
            async for message in socket:
                await socket.send(json.dumps(await view.answer(_read(message)), allow_nan=False))
        except ConnectionClosed:
            return
        finally:
            self._inside -= 1
            telling.cancel()


async def _tell(view: View, socket: ServerConnection) -> None:
    """Say what the page shows, now and after every change."""
    seen = -1
    try:
        while True:
            await view.newer(seen)
            began = time.monotonic()
            head = await view.head()
            seen = head["revision"]
            await socket.send(json.dumps(head, allow_nan=False))
            await asyncio.sleep(REST * (time.monotonic() - began))
    except ConnectionClosed:
        return


def _read(message: str | bytes) -> object:
    """A message as JSON; what is none is answered like any question that makes no sense."""
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


def policy(port: int) -> str:
    """The page may load its own files and talk to its own server, and nothing else."""
    sockets = " ".join(f"ws://{host}" for host in own_hosts(port) if "[" not in host)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src {sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {FRAMES}",
        )
    )


def _static_files() -> dict[str, tuple[str, bytes]]:
    """Paths of the address with type and content; the page itself is at ``/``."""
    found = {}
    for file in (resources.files("cwm_lsp.web") / "static").iterdir():
        kind = TYPES.get(file.name.rpartition(".")[2])
        if kind is not None:
            path = "/" if file.name == "index.html" else f"/{file.name}"
            found[path] = (kind, file.read_bytes())
    return found


def _text(status: http.HTTPStatus, text: str) -> Response:
    return _response(status, "text/plain; charset=utf-8", f"{text}\n".encode(), "default-src 'none'")


def _response(status: http.HTTPStatus, kind: str, body: bytes, allowed: str) -> Response:
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": allowed,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
