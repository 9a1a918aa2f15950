"""What may watch a session of the real debugpy, and what it may do there: the seam for features.

An :class:`Observer` is told of every event, every request of the client and every answer to one, and may
pass each on as it is, change it, or answer in debugpy's place. Through its :class:`Desk` it asks debugpy
questions of its own, beside the client's and always behind them.

Observers are called in the order in which messages came, before a message is passed on, and return at once:
what takes time belongs into a task of theirs, which :meth:`Observer.close` ends. What an observer does not
touch is passed on with the bytes it came with. An observer that raises is let go, and the session goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from cwm_lsp.errors import CwmError, RunError
from cwm_lsp.wire.dap import Event, Json, Request, Response

PATIENCE = 5.0
"""Seconds that a question of ours may take unless it says otherwise."""


class Why(Enum):
    """Why a question of ours got no answer."""

    REFUSED = "debugpy refused it"
    TIMED_OUT = "it took too long"
    CONTINUED = "the program went on"
    GONE = "debugpy is gone"


class AskFailed(RunError):
    """A question of ours that got no answer. ``why`` is the kind; the text has debugpy's words, if any."""

    def __init__(self, command: str, why: Why, words: str = "") -> None:
        super().__init__(f"{command} got no answer: {words or why.value}.")
        self.why = why


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request, in debugpy's place."""

    body: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The refusal of a request, in debugpy's place. ``message`` is shown to the user."""

    message: str


@dataclass(frozen=True, slots=True)
class First:
    """The request passes, and right before it goes one of ours, whose answer nobody hears."""

    command: str
    arguments: Json


class Later(Enum):
    """The observer has taken the request: it will ``answer``, ``refuse`` or ``forward`` it at its desk."""

    LATER = "later"


class Hide(Enum):
    """The client does not hear of this event."""

    HIDE = "hide"


LATER = Later.LATER
HIDE = Hide.HIDE


class Observer(Protocol):
    """Watches one session. Each method may return ``None``: let it pass as it is."""

    def request(self, request: Request) -> Request | First | Reply | Refuse | Later | None:
        """The client asks. A ``Request`` returned (same ``seq``) goes to debugpy in its place.

        The observers after this one see what it returned; a request that is answered or taken here they
        do not see.
        """
        ...

    def response(self, request: Request, response: Response) -> Json | None:
        """debugpy answers ``request`` of the client, as it was sent on; return another body for it.

        Not called for what observers answered themselves, nor for questions of ours.
        """
        ...

    def event(self, event: Event) -> Event | Hide | None:
        """debugpy tells of something. Questions that hang on a stop may be asked from here on."""
        ...

    async def close(self) -> None:
        """The session is over: end what was begun."""
        ...


class Desk(Protocol):
    """What an observer can do in its session. All but :meth:`ask` happens at once, in order."""

    async def ask(self, command: str, arguments: Json | None = None, *, patience: float = PATIENCE) -> Json:
        """Ask debugpy; the body of its answer. The client hears nothing of it.

        Commands that a suspended thread serves (``evaluate``, ``variables``, ... see ``kinds.KINDS``) wait
        in a line of one at a time, behind all of the client's; they fail with ``Why.CONTINUED`` when the
        program goes on. ``patience`` is in seconds, the waiting included. Raises ``AskFailed``.
        """
        ...

    def answer(self, request: Request, body: Json) -> None:
        """Answer a request that was taken with ``LATER``."""
        ...

    def refuse(self, request: Request, message: str) -> None:
        """Refuse a request that was taken with ``LATER``."""
        ...

    def forward(self, request: Request) -> None:
        """Pass a request that was taken with ``LATER`` on to debugpy, changed or not (same ``seq``)."""
        ...

    def announce(self, event: str, body: Json) -> None:
        """Tell the client of an event."""
        ...


async def settle(desk: Desk, request: Request, work: Awaitable[Json]) -> None:
    """Answer a request that was taken with ``LATER`` by what ``work`` gives, or refuse it by why not."""
    try:
        body = await work
    except CwmError as error:
        desk.refuse(request, str(error))
    else:
        desk.answer(request, body)


Watch = Callable[[Desk], Observer]
"""Makes the observer of one session."""
