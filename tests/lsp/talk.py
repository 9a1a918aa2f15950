"""A conversation with a server object: raw messages in, raw messages out, no process and no socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from cwm_lsp.lsp.connection import serve_messages
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.lsp.wiring import create_server
from cwm_lsp.wire.framing import Fed
from tests.lsp.engines import BelievingEngines, services

MEAN = """\
def mean_above(xs, floor):
    total = 0
    for x in xs:
        if x > floor:
            total += x
    return total / len(xs)

# cwm: mean_above([4, 9, 2, 7], 3)
"""
BELIEFS = {10: {"line": ("5", 0.64)}, 15: {"return": ("6.67", 0.58)}}
FULL_CLIENT: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-8", "utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {
        "codeLens": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
    },
    "experimental": {"cwmStates": True},
}

Wanted = Callable[[dict[str, Any]], bool]


class Talk:
    """One client's side. Edits from the server are applied, other requests answered with ``null``."""

    def __init__(self, folder: Path, engines: BelievingEngines | None = None) -> None:
        self.path = folder / "work space" / "shop.py"
        self.uri = self.path.as_uri()
        self.call = {"uri": self.uri, "function": "mean_above", "arguments": "[4, 9, 2, 7], 3"}
        self.hover = {"textDocument": {"uri": self.uri}, "position": {"line": 2, "character": 8}}
        self.engines = engines or BelievingEngines(BELIEFS)
        self.server: CwmServer = create_server(services(self.engines))
        self.heard: list[dict[str, Any]] = []
        self.closed = False
        self._inbox: asyncio.Queue[Fed | None] = asyncio.Queue()
        self._waiting: list[tuple[Wanted, asyncio.Future[dict[str, Any]]]] = []
        self._ids = 0
        self._task = asyncio.ensure_future(serve_messages(self.server, self._messages(), self))

    async def _messages(self) -> AsyncIterator[Fed]:
        while (message := await self._inbox.get()) is not None:
            yield message

    # --- the sink that the server writes to ---

    def send(self, message: Mapping[str, Any]) -> None:
        self.heard.append(dict(message))
        if "method" in message and "id" in message:
            result = {"applied": True} if message["method"] == "workspace/applyEdit" else None
            self.say({"jsonrpc": "2.0", "id": message["id"], "result": result})
        for wanted, future in self._waiting:
            if not future.done() and wanted(self.heard[-1]):
                future.set_result(self.heard[-1])

    def close(self) -> None:
        self.closed = True

    # --- what a client does ---

    def say(self, message: Fed) -> None:
        """Send anything."""
        self._inbox.put_nowait(message)

    def notify(self, method: str, params: Any) -> None:
        self.say({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any = None) -> int:
        """Send a request without waiting; its id."""
        self._ids += 1
        self.say({"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params})
        return self._ids

    async def answer(self, request: object) -> dict[str, Any]:
        """The answer to a request: the whole message."""
        return await self.until(lambda message: "method" not in message and message.get("id") == request)

    async def request(self, method: str, params: Any = None) -> Any:
        """A request that is expected to succeed; its result."""
        message = await self.answer(self.ask(method, params))
        assert "error" not in message, message
        return message["result"]

    async def refused(self, method: str, params: Any = None) -> dict[str, Any]:
        """A request that is expected to fail; its error."""
        error: dict[str, Any] = (await self.answer(self.ask(method, params)))["error"]
        return error

    async def until(self, wanted: Wanted) -> dict[str, Any]:
        """The first message heard, by now or later, that ``wanted`` says yes to."""
        for message in self.heard:
            if wanted(message):
                return message
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        return await asyncio.wait_for(future, timeout=120)

    def last(self, method: str) -> Any:
        """The parameters of the latest notification of a method, ``None`` if there was none."""
        found = [message["params"] for message in self.heard if message.get("method") == method]
        return found[-1] if found else None

    async def initialize(self, capabilities: dict[str, Any] | None = None, options: Any = None) -> Any:
        result = await self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": None,
                "capabilities": FULL_CLIENT if capabilities is None else capabilities,
                "initializationOptions": options,
            },
        )
        self.notify("initialized", {})
        return result

    def open(self, text: str = MEAN) -> None:
        """Open the document, saved."""
        self.save(text)
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def save(self, text: str) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_bytes(text.encode("utf-8"))

    async def command(self, name: str, argument: Any = None) -> Any:
        arguments = [] if argument is None else [argument]
        return await self.request("workspace/executeCommand", {"command": name, "arguments": arguments})

    async def end(self) -> int:
        """Hang up; the exit code that was earned."""
        self._inbox.put_nowait(None)
        return await self._task


WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
"""All of a document, as a range."""


def texts(params: Any) -> dict[int, str]:
    """What ``cwm/states`` shows, by 1-based line."""
    lines = params["lines"]
    return {line["at"]["line"] + 1: " · ".join(part["text"] for part in line["fragments"]) for line in lines}


def edit(talk: Talk, version: int, text: str, line: int = 0, character: int = 0) -> None:
    place = {"line": line, "character": character}
    change = {"range": {"start": place, "end": place}, "text": text}
    params = {"textDocument": {"uri": talk.uri, "version": version}, "contentChanges": [change]}
    talk.notify("textDocument/didChange", params)
