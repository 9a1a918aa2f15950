"""One client, from its first byte to its end: routed to debugpy or to a ghost session.

Theory of operation. ``initialize`` says nothing of the kind of session, so it goes to debugpy at once, which
makes a proxied session start as fast as debugpy itself. ``launch`` or ``attach`` decides. A ghost session
then takes over from an adapter that has launched nothing, and tells the client what it can do. ``ROUTES`` is
the whole of it: where a message goes, by route and kind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeGuard

from cwm_lsp.dap.door import Door
from cwm_lsp.dap.ghost import GhostAdapter
from cwm_lsp.dap.launch import is_ghost, unclear
from cwm_lsp.dap.observer import Watch
from cwm_lsp.dap.proxy import Proxy
from cwm_lsp.dap.really import Recorder
from cwm_lsp.dap.stream import Framed, MessageReader, refusal, whole
from cwm_lsp.dap.world import World
from cwm_lsp.errors import CwmError
from cwm_lsp.transport import Sink
from cwm_lsp.transport.stdio import Chunks
from cwm_lsp.wire.dap import Malformed, Message, Request, Response, to_json
from cwm_lsp.wire.framing import frame

log = logging.getLogger(__name__)

_LEARNT = "from the answer of the language server's cwm.debugAdapter"


class Route(Enum):
    """Where the session's messages go."""

    UNDECIDED = auto()
    PROXY = auto()
    GHOST = auto()


class Kind(Enum):
    """What a message means for the route."""

    GHOST_START = auto()
    REAL_START = auto()
    OTHER = auto()


ROUTES: Mapping[tuple[Route, Kind], Route] = {
    (Route.UNDECIDED, Kind.GHOST_START): Route.GHOST,
    (Route.UNDECIDED, Kind.REAL_START): Route.PROXY,
    (Route.UNDECIDED, Kind.OTHER): Route.UNDECIDED,
    (Route.PROXY, Kind.GHOST_START): Route.PROXY,
    (Route.PROXY, Kind.REAL_START): Route.PROXY,
    (Route.PROXY, Kind.OTHER): Route.PROXY,
    (Route.GHOST, Kind.GHOST_START): Route.GHOST,
    (Route.GHOST, Kind.REAL_START): Route.GHOST,
    (Route.GHOST, Kind.OTHER): Route.GHOST,
}


@dataclass(frozen=True, slots=True)
class Services:
    """What sessions need. ``world`` is the model; ``adapter`` are options for debugpy's adapter.

    ``ghost`` makes every session a ghost session: debugpy is not started at all. ``watches`` make the
    observers of each proxied session, the first being told first. ``recorder`` runs what a ghost session is
    asked to run for comparison. Where there is a ``token``, a client has to show it (``door``).
    """

    world: Callable[[], World]
    adapter: tuple[str, ...] = ()
    ghost: bool = False
    watches: tuple[Watch, ...] = ()
    recorder: Recorder | None = None
    token: str = ""


async def serve_session(chunks: AsyncIterator[bytes], sink: Sink, services: Services) -> None:
    """Serve one client until it leaves, breaks the framing, or its session is over; nothing stays behind."""
    session = _Session(sink, services)
    reading = asyncio.create_task(session.read(chunks), name="dap-client")
    over = asyncio.create_task(session.over.wait())
    try:
        await asyncio.wait((reading, over), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
    finally:
        reading.cancel()
        over.cancel()
        await asyncio.gather(reading, over, return_exceptions=True)
        await asyncio.shield(session.close())
        sink.close()


class _Session:
    def __init__(self, sink: Sink, services: Services) -> None:
        self._sink = sink
        self._services = services
        self._route = Route.GHOST if services.ghost else Route.UNDECIDED
        self._proxy: Proxy | None = None
        self._ghost: GhostAdapter | None = None
        self._watching: set[asyncio.Task[None]] = set()
        self._door = Door(services.token, _LEARNT) if services.token else None
        self.over = asyncio.Event()
        if services.ghost:
            self._ghost = self._haunted(
                GhostAdapter(services.world(), self._send, recorder=services.recorder)
            )

    async def read(self, chunks: AsyncIterator[bytes]) -> None:
        """Take what the client sends, to its end."""
        reader = MessageReader()
        if isinstance(chunks, Chunks):
            chunks.offer_to(lambda data: reader.idle and self._pass_at_once(data))
        async for chunk in chunks:
            for framed in reader.feed(chunk):
                try:
                    await self._take(framed)
                except CwmError as error:
                    log.error("%s", error)
                    self._send(refusal(Malformed(str(error)), self._last_seq() + 1))
                    return
            if reader.broken:
                self._send(refusal(Malformed(reader.broken), self._last_seq() + 1))
                return

    async def close(self) -> None:
        """End whatever serves the client."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        if self._ghost is not None:
            await self._ghost.close()
        if self._proxy is not None:
            await self._proxy.close()

    def _pass_at_once(self, data: bytes) -> bool:
        """Give one message of a session that is under way to its proxy, if that can be done at once."""
        if self._route is not Route.PROXY or self._proxy is None or self._door is not None:
            return False
        framed = whole(data)
        return framed is not None and self._proxy.take_at_once(framed)

    async def _take(self, framed: Framed) -> None:
        message = framed.message
        if isinstance(message, Malformed):
            self._send(refusal(message, self._last_seq() + 1))
            return
        refused = self._door.refusal(framed) if self._door is not None else None
        if refused is not None:
            self._send(refused)
            self.over.set()
            return
        if _starts(message) and (why := unclear(message.arguments)):
            seq = self._last_seq() + 1
            self._send(Response(seq, message.seq, message.command, False, message=why))
            return
        route = ROUTES[self._route, _kind(message)]
        if route is Route.GHOST and self._ghost is None:
            await self._to_ghost()
        self._route = route
        if self._ghost is not None:
            if isinstance(message, Request):
                await self._ghost.take(message)
            return
        if self._proxy is None:
            self._proxy = await Proxy.start(self._sink, self._services.adapter, self._services.watches)
            self._watch(self._proxy.gone)
        await self._proxy.take(framed)

    async def _to_ghost(self) -> None:
        """Let a ghost session take over from an adapter that has only been greeted."""
        seq, greeted = 0, self._proxy is not None
        if self._proxy is not None:
            await self._proxy.greeted()
            for task in self._watching:
                task.cancel()
            await self._proxy.leave()
            seq, self._proxy = self._proxy.seq, None
        self._ghost = self._haunted(
            GhostAdapter(
                self._services.world(),
                self._send,
                seq=seq,
                initialized=greeted,
                recorder=self._services.recorder,
            )
        )

    def _haunted(self, ghost: GhostAdapter) -> GhostAdapter:
        self._watch(ghost.over)
        return ghost

    def _watch(self, end: asyncio.Event) -> None:
        async def watch() -> None:
            await end.wait()
            self.over.set()

        task = asyncio.create_task(watch())
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def _send(self, message: Message) -> None:
        self._sink.write(frame(to_json(message)))

    def _last_seq(self) -> int:
        return self._proxy.seq if self._proxy is not None else 0


def _kind(message: Message) -> Kind:
    if not _starts(message):
        return Kind.OTHER
    return Kind.GHOST_START if is_ghost(message.arguments) else Kind.REAL_START


def _starts(message: Message) -> TypeGuard[Request]:
    return isinstance(message, Request) and message.command in ("launch", "attach")
