"""A DAP client on the real command, over stdio or TCP, as an editor starts it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.wire.dap import Request, to_json
from cwm_lsp.wire.framing import Framer, frame

PATIENCE = 120.0
"""Seconds after which something counts as never coming."""

CWM = (sys.executable, "-m", "cwm_lsp", "dap")
DEBUGPY = (sys.executable, "-m", "debugpy.adapter")

Message = dict[str, Any]


@dataclass
class Client:
    """One connection. ``events`` are all events and reverse requests, in the order they came.

    Reverse requests are granted, but for those that it ``refuses``.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    process: asyncio.subprocess.Process | None = None
    events: list[Message] = field(default_factory=list)
    ended: bool = False
    refuses: tuple[str, ...] = ()
    _seq: int = 0
    _answers: dict[int, asyncio.Future[Message]] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _reading: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Begin to read."""
        self._reading = asyncio.create_task(self._read())

    async def ask(self, command: str, **arguments: Any) -> Message:
        """The body of a request's answer, which must be a success."""
        answer = await self.answer(self.post(command, arguments))
        assert answer["success"], answer
        body = answer.get("body")
        return body if isinstance(body, dict) else {}

    async def refused(self, command: str, **arguments: Any) -> str:
        """The message of a request that must be refused."""
        answer = await self.answer(self.post(command, arguments))
        assert not answer["success"], answer
        return str(answer["message"])

    def post(self, command: str, arguments: Mapping[str, Any] | None = None) -> int:
        """Send a request without waiting; its number."""
        self._seq += 1
        self._answers[self._seq] = asyncio.get_running_loop().create_future()
        self.writer.write(frame(to_json(Request(self._seq, command, arguments or {}))))
        return self._seq

    async def answer(self, seq: int) -> Message:
        """The answer to request ``seq``."""
        return await asyncio.wait_for(self._answers[seq], PATIENCE)

    async def refusal(self, seq: int, data: bytes) -> str:
        """Send bytes that are no message, under the number ``seq``; the message of their refusal."""
        held = self._answers.pop(seq, None)
        self._answers[seq] = asyncio.get_running_loop().create_future()
        self.writer.write(data)
        answer = await self.answer(seq)
        assert not answer["success"], answer
        if held is not None:
            self._answers[seq] = held
        return str(answer["message"])

    async def event(self, name: str, nth: int = 1) -> Message:
        """The body of the ``nth`` event of that name, of any time."""
        found = await self.until(lambda: self.named(name) if len(self.named(name)) >= nth else None)
        body = found[nth - 1].get("body")
        return body if isinstance(body, dict) else {}

    def count(self, name: str) -> int:
        """How many such events came so far."""
        return len(self.named(name))

    async def until(self, found: Callable[[], Any]) -> Any:
        """What ``found`` gives once it gives anything."""
        async with self._news, asyncio.timeout(PATIENCE):
            while not (result := found()):
                assert not self.ended, self.events
                await self._news.wait()
            return result

    async def until_asked(self, ask: Callable[[], Awaitable[Any]], found: Callable[[Any], object]) -> Any:
        """The answer that ``found`` accepts, asked for as often as it takes."""
        async with asyncio.timeout(PATIENCE):
            while not found(answer := await ask()):
                await asyncio.sleep(0.05)
            return answer

    async def end(self) -> None:
        """Wait until the other side has hung up."""
        assert self._reading is not None
        await asyncio.wait_for(asyncio.shield(self._reading), PATIENCE)

    async def stop(self, command: str = "", **arguments: Any) -> Message:
        """Do ``command`` and give the stop that it leads to."""
        before = self.count("stopped")
        if command:
            await self.ask(command, threadId=1, **arguments)
        return await self.event("stopped", before + 1)

    async def where(self, thread: int = 1) -> list[tuple[str, int]]:
        """Function and line of every frame, innermost first."""
        frames = (await self.ask("stackTrace", threadId=thread))["stackFrames"]
        return [(one["name"], one["line"]) for one in frames]

    async def variables(self, frame_id: int | None = None, thread: int = 1) -> dict[str, Message]:
        """The variables of a frame's first scope; of the innermost frame for none."""
        if frame_id is None:
            frame_id = (await self.ask("stackTrace", threadId=thread))["stackFrames"][0]["id"]
        scope = (await self.ask("scopes", frameId=frame_id))["scopes"][0]
        found = await self.ask("variables", variablesReference=scope["variablesReference"])
        return {one["name"]: one for one in found["variables"]}

    def named(self, name: str) -> list[Message]:
        """All such events and reverse requests so far."""
        return [one for one in self.events if name in (one.get("event"), one.get("command"))]

    async def _read(self) -> None:
        framer = Framer()
        try:
            while data := await self.reader.read(1 << 16):
                for message in framer.feed(data):
                    assert isinstance(message, dict), message
                    await self._take(message)
        except ConnectionError:
            pass
        finally:
            async with self._news:
                self.ended = True
                self._news.notify_all()

    async def _take(self, message: Message) -> None:
        if message["type"] == "response":
            future = self._answers.setdefault(
                message["request_seq"], asyncio.get_running_loop().create_future()
            )
            future.set_result(message)
            return
        if message["type"] == "request":
            answer = {"type": "response", "request_seq": message["seq"], "command": message["command"]}
            self._seq += 1
            self.writer.write(
                frame(answer | {"seq": self._seq, "success": message["command"] not in self.refuses})
            )
        async with self._news:
            self.events.append(message)
            self._news.notify_all()


@asynccontextmanager
async def over_stdio(*options: str, command: tuple[str, ...] = CWM) -> AsyncIterator[Client]:
    """A client that has started the adapter itself."""
    process = await asyncio.create_subprocess_exec(
        *command,
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    client = Client(process.stdout, process.stdin, process)
    client.listen()
    try:
        yield client
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE)


@asynccontextmanager
async def over_tcp(*options: str, command: tuple[str, ...] = CWM) -> AsyncIterator[Client]:
    """A client that has connected to an adapter which listens."""
    process = await asyncio.create_subprocess_exec(
        *command, "--port", "0", "--json", *options, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    where = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE))
    try:
        async with connected(where["host"], where["port"]) as client:
            client.process = process
            yield client
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)


Connect = Callable[..., AbstractAsyncContextManager[Client]]

ways = pytest.mark.parametrize("connect", [over_stdio, over_tcp], ids=["stdio", "tcp"])
"""Both ways in which a client reaches the adapter."""


@asynccontextmanager
async def connected(host: str, port: int) -> AsyncIterator[Client]:
    """A client of a port."""
    client = Client(*await asyncio.open_connection(host, port))
    client.listen()
    try:
        yield client
    finally:
        client.writer.close()


async def ghost(client: Client, path: Path, function: str, **options: Any) -> Message:
    """Start a ghost session and give its first stop."""
    breakpoints = options.pop("breakpoints", None)
    await client.ask("initialize", adapterID="cwm", supportsVariableType=True)
    await client.ask("launch", ghost=True, program=str(path), function=function, **options)
    await client.event("initialized")
    if breakpoints is not None:
        await client.ask("setBreakpoints", source={"path": str(path)}, breakpoints=breakpoints)
    await client.ask("configurationDone")
    return await client.stop()


def child_of(pid: int, part: str) -> int:
    """The one process that ``pid`` has started with ``part`` in its command line."""
    (child,) = children_of(pid, part)
    return child


def children_of(pid: int, part: str) -> list[int]:
    """The processes that ``pid`` has started with ``part`` in their command lines.

    The lines must be asked for in full (``-ww``): pytest's readline and xdist set ``COLUMNS``, at which
    ``ps`` cuts them, so that a longer path of the checkout would hide the part.
    """
    words = ["ps", "-e", "-ww", "-o", "pid=,ppid=,args="]
    listed = subprocess.run(words, capture_output=True, text=True, check=True)
    rows = [row.split(None, 2) for row in listed.stdout.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == pid and part in row[-1]]
