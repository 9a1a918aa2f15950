"""One client and one connection to debugpy: :class:`Traffic` with the wires and the clock that it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from cwm_lsp.dap.observer import PATIENCE, AskFailed, Observer, Watch, Why
from cwm_lsp.dap.stream import Framed
from cwm_lsp.dap.traffic import Action, Settled, ToClient, ToDebugpy, Traffic
from cwm_lsp.wire.dap import Json, Request, Response

LINE_HELD = 90.0
"""Seconds for which a request may keep others from being sent; then it is as with debugpy alone.

Long, since debugpy's adapter itself waits for what it has passed on, deaf meanwhile to ``disconnect``.
"""

Write = Callable[[bytes], None]


class Channel:
    """The ``Desk`` of one session. Writing to either side must not block."""

    def __init__(self, to_client: Write, to_debugpy: Write, watches: Sequence[Watch] = ()) -> None:
        self._to_client = to_client
        self._to_debugpy = to_debugpy
        self._traffic = Traffic()
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timed: int | None = None
        self._gone = False
        self._observers: list[Observer] = [watch(self) for watch in watches]
        self._traffic.watch(self._observers)

    @property
    def last_seq(self) -> int:
        """The highest number that debugpy has used."""
        return self._traffic.last_seq

    def from_client(self, framed: Framed) -> None:
        """Take what the client sent."""
        self._do(self._traffic.from_client(framed))

    def from_debugpy(self, framed: Framed) -> None:
        """Take what debugpy sent."""
        self._do(self._traffic.from_debugpy(framed))

    async def ask(self, command: str, arguments: Json | None = None, *, patience: float = PATIENCE) -> Json:
        """See ``Desk.ask``."""
        if self._gone:
            raise AskFailed(command, Why.GONE)
        ticket, actions = self._traffic.ask(command, arguments or {})
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = future
        self._do(actions)
        try:
            async with asyncio.timeout(patience):
                answer = await future
        except TimeoutError as error:
            raise AskFailed(command, Why.TIMED_OUT) from error
        except _Dropped as dropped:
            raise AskFailed(command, dropped.why) from None
        finally:
            del self._waiting[ticket]
            self._do(self._traffic.withdraw(ticket))
        if not answer.success:
            raise AskFailed(command, Why.REFUSED, answer.message.rstrip("."))
        return answer.body

    def awaits(self, request: Request) -> bool:
        """Whether debugpy has a request of the client and the client no answer yet."""
        return self._traffic.awaits(request)

    def answer(self, request: Request, body: Json) -> None:
        """See ``Desk.answer``."""
        self._do(self._traffic.answer(request, body))

    def refuse(self, request: Request, message: str) -> None:
        """See ``Desk.refuse``."""
        self._do(self._traffic.refuse(request, message))

    def forward(self, request: Request) -> None:
        """See ``Desk.forward``."""
        self._do(self._traffic.forward(request))

    def announce(self, event: str, body: Json) -> None:
        """See ``Desk.announce``."""
        self._do(self._traffic.announce(event, body))

    def ended(self) -> None:
        """debugpy is gone; whoever waits is told, and nothing can be asked any more."""
        self._gone = True
        self._do(self._traffic.ended())

    async def close(self) -> None:
        """End the observers and fail what they still wait for."""
        self.ended()
        for observer in self._observers:
            await observer.close()

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case ToClient(data):
                    self._to_client(data)
                case ToDebugpy(data):
                    self._to_debugpy(data)
                case Settled(ticket, outcome):
                    self._settle(ticket, outcome)
        self._watch_the_line()

    def _settle(self, ticket: int, outcome: Response | Why) -> None:
        future = self._waiting.get(ticket)
        if future is None or future.done():
            return
        if isinstance(outcome, Why):
            future.set_exception(_Dropped(outcome))
        else:
            future.set_result(outcome)

    def _watch_the_line(self) -> None:
        """See that no request keeps the others waiting for ever."""
        number = self._traffic.in_flight
        if number == self._timed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timed = number
        self._timer = None
        if number is not None:
            self._timer = asyncio.get_running_loop().call_later(LINE_HELD, self._lapse, number)

    def _lapse(self, number: int) -> None:
        self._do(self._traffic.lapse(number))


class _Dropped(Exception):
    def __init__(self, why: Why) -> None:
        self.why = why
