"""A session of the real debugpy, its messages passed on byte for byte in both directions.

What is changed is the announcement of a child process (``debugpyAttach``, or a ``startDebugging`` request),
which names a port of the adapter, where the client is to come to ours instead; and what observers change.

An ``attach`` to a program that listens moves the session from the adapter that was started to the one which
that program brought along. It is greeted with the client's own ``initialize``, whose answer the client has.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from cwm_lsp.dap.channel import Channel
from cwm_lsp.dap.children import ChildPort
from cwm_lsp.dap.evaluation import EvaluationLimit
from cwm_lsp.dap.interpreter import named, problem
from cwm_lsp.dap.observer import Watch
from cwm_lsp.dap.stream import Framed, MessageReader, whole
from cwm_lsp.dap.strict import Strict
from cwm_lsp.dap.unserved import Unserved
from cwm_lsp.dap.upstream import AdapterPort, AdapterProcess, Upstream, listening_at
from cwm_lsp.dap.well_formed import WellFormed
from cwm_lsp.errors import RunError
from cwm_lsp.transport import Sink
from cwm_lsp.wire.dap import Event, Json, Request, Response, to_json
from cwm_lsp.wire.framing import frame

log = logging.getLogger(__name__)


BEGINNING = frozenset(("initialize", "launch", "attach"))
"""Requests that decide what serves the client."""


class Proxy:
    """One client and the adapter that serves it. ``gone`` is set when the adapter has ended."""

    def __init__(self, upstream: Upstream, client: Sink, watches: Sequence[Watch]) -> None:
        watches = (Strict, WellFormed, EvaluationLimit, *watches, Unserved)
        self._upstream = upstream
        self._client = client
        self._children = ChildPort(upstream.secret, watches)
        self._channel = Channel(client.write, self._send, watches)
        self._greeting: Json | None = None
        self._answered = asyncio.Event()
        self.gone = asyncio.Event()
        self._ended = False
        self._debuggee: int | None = None
        self._begun = False
        self._pump: asyncio.Task[None] | None = None
        self._look: asyncio.Task[None] | None = None
        self._begin(greeted=True)

    @classmethod
    async def start(cls, client: Sink, options: Sequence[str] = (), watches: Sequence[Watch] = ()) -> Proxy:
        """Start an adapter with ``options`` of its own command line. Raises ``RunError``."""
        return cls(await AdapterProcess.start(options), client, watches)

    @property
    def seq(self) -> int:
        """The highest number that debugpy has used."""
        return self._channel.last_seq

    def take_at_once(self, framed: Framed) -> bool:
        """Take what the client sent, if nothing has to be awaited for that; else nothing is done."""
        message = framed.message
        if not isinstance(message, Request) or message.command in BEGINNING or not self._upstream.idle:
            return False
        self._channel.from_client(framed)
        return True

    async def take(self, framed: Framed) -> None:
        """Take what the client sent."""
        match framed.message:
            case Request(command="initialize", arguments=arguments):
                self._greeting = arguments
            case Request(command="attach") as request if where := listening_at(request.arguments):
                try:
                    await self._move(*where)
                except RunError as error:
                    self._channel.refuse(request, str(error))
                    return
            case Request(command="launch") as request if path := named(request.arguments):
                self._look = asyncio.create_task(self._look_at(request, path), name="dap-interpreter")
            case _:
                pass
        self._children.heard(framed.message)
        self._channel.from_client(framed)
        await self._upstream.drain()

    async def greeted(self) -> None:
        """Wait until the client has the answer to its ``initialize``, or the adapter is gone."""
        waiting = [asyncio.create_task(one.wait()) for one in (self._answered, self.gone)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def leave(self) -> None:
        """End an adapter that has launched nothing, and pass on no more of what it says."""
        await self._halt()
        self._upstream.cut()
        await self.close()

    async def close(self) -> None:
        """Hang up; nothing that debugpy launched runs on."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)
        await self._channel.close()
        await self._children.close()
        await self._upstream.close(self._debuggee)
        await self._halt()

    async def _move(self, host: str, port: int) -> None:
        """Go on with the adapter at a port. Raises ``RunError``, and then nothing has changed."""
        if self._greeting is None:
            raise RunError("Session is not initialized yet.")
        there = await AdapterPort.connect(host, port)
        await self.greeted()
        await self._halt()
        self._upstream.cut()
        await self._upstream.close(None)
        self._upstream = there
        self._children.move(there.secret)
        there.write(frame(to_json(Request(1, "initialize", self._greeting))))
        self._begin(greeted=False)

    async def _look_at(self, request: Request, path: str) -> None:
        """End a launch by an interpreter that cannot run debugpy; one that has begun all the same goes on."""
        why = await problem(path)
        if why and not self._begun and self._channel.awaits(request):
            self._channel.refuse(request, why)
            self._channel.announce("terminated", {})
            self._ended = True
            self._upstream.cut()

    def _begin(self, greeted: bool) -> None:
        """Read what the adapter says."""
        self._pump = asyncio.create_task(self._read(greeted), name="dap-proxy")

    async def _halt(self) -> None:
        """Read no more, which does not mean that the adapter is gone."""
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _read(self, greeted: bool) -> None:
        """Pass on what the adapter says, from its answer to the greeting on."""
        reader = MessageReader()
        if greeted:
            self._upstream.offer_to(lambda data: reader.idle and self._pass_at_once(data))
        try:
            while not reader.broken and (data := await self._upstream.read()):
                for framed in reader.feed(data):
                    if greeted:
                        await self._pass(framed)
                    greeted = greeted or isinstance(framed.message, Response)
                await self._client.drain()
            if reader.broken:
                log.error("debugpy's adapter broke the framing: %s", reader.broken)
            self._channel.ended()
            self._say_ended()
        finally:
            if self._pump is asyncio.current_task():
                self.gone.set()

    def _pass_at_once(self, data: bytes) -> bool:
        """Pass on what the adapter says, if it is one message and nothing has to be awaited for that."""
        framed = whole(data) if self._client.idle else None
        if framed is None or self._children.announces(framed):
            return False
        self._note(framed)
        self._channel.from_debugpy(framed)
        return True

    async def _pass(self, framed: Framed) -> None:
        self._note(framed)
        self._channel.from_debugpy(await self._children.announced(framed))

    def _send(self, data: bytes) -> None:
        self._upstream.write(data)

    def _note(self, framed: Framed) -> None:
        """What the end of the session hangs on."""
        match framed.message:
            case Response(command="initialize"):
                self._answered.set()
            case Event(event="initialized"):
                self._begun = True
            case Event(event="terminated"):
                self._ended = True
            case Event(event="process", body={"startMethod": "launch", "systemProcessId": int(pid)}):
                self._debuggee = pid

    def _say_ended(self) -> None:
        """The adapter is gone; a client that has not heard why is told that the session is over."""
        if not self._ended:
            words = {"category": "important", "output": "debugpy's adapter ended unexpectedly.\n"}
            self._channel.announce("output", words)
            self._channel.announce("terminated", {})
