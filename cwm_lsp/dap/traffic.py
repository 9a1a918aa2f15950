"""What goes where between a client, debugpy, and us who ask questions beside the client. No input or output.

Theory of operation. :class:`Traffic` is fed messages and returns :data:`Action`\\ s, in order. Every request
on its way to debugpy stands in one table under its number there. The client's keep their own numbers, ours
count from ``OWN``; a number of the client's that is taken is exchanged and put back in the answer.

pydevd wakes for one command that a suspended thread is to serve, then sleeps 200 ms before it looks for
another. ``kinds.KINDS`` says which commands those are. They go one at a time: the next is sent when the one
before is answered, the client's in the order they came, ours when none of the client's waits. Commands that
make the program go on stand in the same line, so that what was asked before them is answered before them. As
the program goes on, questions of ours about where it stood are dropped. All else is passed on at once.

What the client asked at one stop is asked in its place at the next (:mod:`prefetch`): its own question then
takes that answer, or the place of the question that is on its way. To the observers it is the client's.

A thread that goes on may never serve what it was asked, so ``continued`` frees the line, and whoever owns
this object frees it by :meth:`Traffic.lapse` when the answer takes too long.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from cwm_lsp.dap.kinds import KINDS, READING, RESUMED, Kind
from cwm_lsp.dap.observer import HIDE, LATER, First, Observer, Refuse, Reply, Why
from cwm_lsp.dap.prefetch import Prefetch, Question
from cwm_lsp.dap.stream import Framed
from cwm_lsp.wire.dap import Event, Json, Request, Response, to_json
from cwm_lsp.wire.framing import frame

log = logging.getLogger(__name__)

OWN = 1 << 30
"""Where our own numbers begin, to both sides."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ToClient:
    """Bytes for the client."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ToDebugpy:
    """Bytes for debugpy."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """A question of ours is over: with debugpy's answer, or the reason why there is none."""

    ticket: int
    outcome: Response | Why


Action = ToClient | ToDebugpy | Settled


@dataclass(slots=True)
class _Asked:
    """A request on its way. ``raw`` are the client's bytes, where they still say the same."""

    request: Request
    raw: bytes | None = None
    ours: bool = False
    silent: bool = False
    """Nobody waits for the answer, or not any more."""

    @property
    def kind(self) -> Kind:
        return KINDS.get(self.request.command, Kind.FREE)


class Traffic:
    """The table and the line of one session. ``last_seq`` is the highest number that debugpy has used."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []
        self._table: dict[int, _Asked] = {}
        self._theirs: deque[int] = deque()
        self._ours: deque[int] = deque()
        self._next = OWN
        self._prefetch = Prefetch()
        self.in_flight: int | None = None
        self.last_seq = 0

    def watch(self, observers: Sequence[Observer]) -> None:
        """Let these be told of everything from here on."""
        self._observers += observers

    def from_client(self, framed: Framed) -> list[Action]:
        """The client has sent something."""
        message = framed.message
        if not isinstance(message, Request):
            return [ToDebugpy(framed.raw)]
        request, before = message, list[First]()
        for observer in tuple(self._observers):
            verdict = self._guarded(observer, observer.request, request)
            if isinstance(verdict, Request):
                request = verdict
            elif isinstance(verdict, First):
                before.append(verdict)
            elif verdict is not None:
                return self._instead(request, verdict)
        first = [
            self._submit(_Asked(Request(OWN, one.command, one.arguments), silent=True)) for one in before
        ]
        asked = _Asked(request, framed.raw if request is message else None)
        return [action for actions in (*first, self._take(asked)) for action in actions]

    def from_debugpy(self, framed: Framed) -> list[Action]:
        """debugpy has sent something."""
        message = framed.message
        if isinstance(message, Request | Response | Event):
            self.last_seq = max(self.last_seq, message.seq)
        if isinstance(message, Response):
            return self._answered(framed, message)
        if isinstance(message, Event):
            return self._happened(framed, message)
        return [ToClient(framed.raw)]

    def ask(self, command: str, arguments: Json) -> tuple[int, list[Action]]:
        """A question of ours: its ticket, which ``Settled`` will name, and what to do."""
        ticket = self._next
        return ticket, self._submit(_Asked(Request(ticket, command, arguments), ours=True))

    def withdraw(self, ticket: int) -> list[Action]:
        """Nobody waits for this question any more; one that was sent still holds its place in the line."""
        asked = self._table.get(ticket)
        if asked is not None:
            asked.silent = True
            if ticket in self._ours:
                self._ours.remove(ticket)
                del self._table[ticket]
        return []

    def lapse(self, number: int) -> list[Action]:
        """The request under this number has held the line long enough: the next may go."""
        if self.in_flight != number:
            return []
        self.in_flight = None
        return self._pump()

    def awaits(self, request: Request) -> bool:
        """Whether debugpy has a request of the client and the client no answer yet."""
        asked = self._table.get(request.seq)
        if asked is None or asked.ours or asked.silent:
            return False
        return asked.request.command == request.command

    def answer(self, request: Request, body: Json) -> list[Action]:
        """Answer a request of the client in debugpy's place."""
        return [self._tell(Response(self._number(), request.seq, request.command, True, body))]

    def refuse(self, request: Request, message: str) -> list[Action]:
        """Refuse a request of the client in debugpy's place, also one that debugpy has and may yet answer."""
        if self.awaits(request):
            self._table[request.seq].silent = True
        refused = Response(self._number(), request.seq, request.command, False, message=message)
        return [self._tell(refused)]

    def forward(self, request: Request) -> list[Action]:
        """Pass a request that an observer had taken on to debugpy."""
        return self._take(_Asked(request))

    def announce(self, event: str, body: Json) -> list[Action]:
        """Tell the client of an event of ours; what it is promised is of concern to all observers."""
        told = Event(self._number(), event, body)
        for observer in tuple(self._observers) if event == "capabilities" else ():
            self._guarded(observer, observer.event, told)
        return [self._tell(told)]

    def ended(self) -> list[Action]:
        """debugpy is gone: whoever still waits is told."""
        self._void_early()
        actions: list[Action] = []
        for number, asked in self._table.items():
            if asked.ours and not asked.silent:
                actions.append(Settled(number, Why.GONE))
            elif not asked.silent:
                actions += self.refuse(asked.request, "debugpy is gone.")
        self._table.clear()
        self._theirs.clear()
        self._ours.clear()
        self.in_flight = None
        return actions

    def _instead(self, request: Request, verdict: object) -> list[Action]:
        """An observer's answer goes to the client and nothing to debugpy."""
        if isinstance(verdict, Reply):
            return self.answer(request, verdict.body)
        if isinstance(verdict, Refuse):
            return self.refuse(request, verdict.message)
        assert verdict is LATER
        return []

    def _take(self, asked: _Asked) -> list[Action]:
        """Answer the client by what was asked ahead of it, or ask debugpy."""
        early = self._prefetch.claimed(asked.request)
        if asked.request.command not in READING:
            self._void_early()
        if early is None:
            return self._submit(asked)
        if early.answer is not None:
            assert isinstance(early.answer.message, Response)
            return [self._passed(early.answer, asked.request, early.answer.message)]
        self._table[early.number] = _Asked(asked.request)
        if early.number in self._ours:
            self._ours.remove(early.number)
            self._theirs.append(early.number)
        return self._pump()

    def _ask_early(self, questions: Iterable[Question]) -> list[Action]:
        """Ask ahead of the client, and before anything of ours that waits."""
        actions: list[Action] = []
        waiting: list[int] = []
        for command, arguments in questions:
            number = self._number()
            self._prefetch.asked(number, (command, arguments))
            asked = self._table[number] = _Asked(Request(number, command, arguments), ours=True)
            if asked.kind is Kind.FREE:
                actions.append(ToDebugpy(_bytes(number, asked)))
            else:
                waiting.append(number)
        self._ours.extendleft(reversed(waiting))
        return actions + self._pump()

    def _void_early(self) -> None:
        for number in self._prefetch.void():
            self.withdraw(number)

    def _submit(self, asked: _Asked) -> list[Action]:
        number = asked.request.seq
        if asked.ours or number in self._table or number >= OWN:
            number = self._number()
        self._table[number] = asked
        if asked.kind is Kind.FREE:
            return [ToDebugpy(_bytes(number, asked))]
        (self._ours if asked.ours else self._theirs).append(number)
        dropped = self._drop_ours() if asked.kind is Kind.RESUMING and not asked.ours else []
        return [*dropped, *self._pump()]

    def _pump(self) -> list[Action]:
        """Send the next in line, if the line is free and anybody waits."""
        line = self._theirs or self._ours
        if self.in_flight is not None or not line:
            return []
        self.in_flight = line.popleft()
        return [ToDebugpy(_bytes(self.in_flight, self._table[self.in_flight]))]

    def _answered(self, framed: Framed, response: Response) -> list[Action]:
        asked = self._table.pop(response.request_seq, None)
        if asked is None:
            return [ToClient(framed.raw)]
        actions: list[Action] = []
        if response.request_seq == self.in_flight:
            self.in_flight = None
        if asked.kind is Kind.RESUMING and response.success:
            actions += self._drop_ours()
        if self._prefetch.settled(response.request_seq, framed):
            pass
        elif asked.ours and not asked.silent:
            actions.append(Settled(response.request_seq, response))
        elif not asked.silent:
            actions.append(self._passed(framed, asked.request, response))
        return actions + self._ask_early(self._prefetch.following(asked.request, response))

    def _passed(self, framed: Framed, request: Request, response: Response) -> ToClient:
        """debugpy's answer as the client is to see it."""
        same = response.request_seq == request.seq
        shown = response if same else replace(response, request_seq=request.seq)
        for observer in tuple(self._observers):
            body = self._guarded(observer, observer.response, request, shown)
            shown = shown if body is None else replace(shown, body=body)
        if shown is response or shown == response or framed.content is None:
            return ToClient(framed.raw)
        changed = {**framed.content, "request_seq": shown.request_seq}
        return ToClient(frame(changed if shown.body is response.body else changed | {"body": shown.body}))

    def _happened(self, framed: Framed, event: Event) -> list[Action]:
        actions: list[Action] = []
        if event.event in RESUMED:
            actions += self._drop_ours()
            self.in_flight = None
        shown = event
        for observer in tuple(self._observers):
            verdict = self._guarded(observer, observer.event, shown)
            if verdict is HIDE:
                return actions + self._pump()
            shown = verdict if isinstance(verdict, Event) else shown
        actions.append(ToClient(framed.raw) if shown is event else self._tell(shown))
        if event.event == "stopped":
            self._void_early()
            actions += self._ask_early(self._prefetch.stopped(event))
        return actions + self._pump()

    def _drop_ours(self) -> list[Action]:
        """Our questions about where the program stood are over."""
        self._void_early()
        self._prefetch.left()
        dropped: list[Action] = []
        for number in [number for number, asked in self._table.items() if asked.ours]:
            asked = self._table[number]
            waits = number in self._ours
            if asked.silent or (asked.kind is not Kind.BOUND and not waits):
                continue
            asked.silent = True
            dropped.append(Settled(number, Why.CONTINUED))
            if waits:
                self._ours.remove(number)
                del self._table[number]
        return dropped

    def _guarded(
        self, observer: Observer, tell: Callable[P, T], *told: P.args, **by_name: P.kwargs
    ) -> T | None:
        """What an observer says. A debug session outlives a defect of ours."""
        try:
            return tell(*told, **by_name)
        except Exception:
            log.exception("%s failed and watches no more", type(observer).__name__)
            self._observers.remove(observer)
            return None

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _tell(self, message: Response | Event) -> ToClient:
        return ToClient(frame(to_json(message)))


def _bytes(number: int, asked: _Asked) -> bytes:
    """A request for debugpy: as it came, where nothing of it was changed."""
    if asked.raw is not None and number == asked.request.seq:
        return asked.raw
    return frame(to_json(replace(asked.request, seq=number)))
