"""What the client is about to ask at a stop, asked before it does. No input or output.

Theory of operation. A client asks the same at each stop: the threads, the stack, the scopes of the innermost
frame, the variables of some of them, each question made of the answer before. What it asked at one stop is
asked in its place at the next, so that the program answers while the client still reads the answer before.
The client's own question takes the answer, or the place of the question that is on its way.

An answer serves once. None serves after the client has asked for anything that may change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cwm_lsp.dap.stream import Framed
from cwm_lsp.wire.dap import Event, Json, Request, Response

Question = tuple[str, Json]
"""A command and its arguments."""


@dataclass(slots=True)
class Early:
    """A question asked ahead under ``number``. ``answer`` is debugpy's, once it is there."""

    number: int
    question: Question
    answer: Framed | None = None


@dataclass(slots=True)
class Habit:
    """What a client asks at a stop: ``stack`` are the arguments less the thread, ``variables`` the scopes."""

    threads: bool = False
    stack: Json | None = None
    scopes: bool = False
    variables: list[str] = field(default_factory=list)


class Prefetch:
    """The questions of one session, from stop to stop."""

    def __init__(self) -> None:
        self._early: list[Early] = []
        self._before = Habit()
        """Of the last stop."""
        self._here: Habit | None = None
        """Of this stop, so far; none where nobody stands."""
        self._thread = 0
        self._frame: object = None
        self._scopes: dict[object, str] = {}

    def stopped(self, event: Event) -> Iterator[Question]:
        """The client hears of a stop: what to ask at once."""
        thread = event.body.get("threadId")
        if not isinstance(thread, int) or event.body.get("allThreadsStopped") is not True:
            return
        self._before, self._here = self._here or self._before, Habit()
        self._thread, self._frame, self._scopes = thread, None, {}
        if self._before.threads:
            yield "threads", {}
        if self._before.stack is not None:
            yield "stackTrace", {**self._before.stack, "threadId": thread}

    def asked(self, number: int, question: Question) -> None:
        """A question was asked ahead under this number."""
        self._early.append(Early(number, question))

    def claimed(self, request: Request) -> Early | None:
        """The client asks: what was asked ahead of it, if that is the same."""
        self._learn(request)
        question = request.command, request.arguments
        for place, early in enumerate(self._early):
            if early.question == question:
                return self._early.pop(place)
        return None

    def settled(self, number: int, answer: Framed) -> bool:
        """debugpy answers: whether that is kept for the client, who has not asked yet."""
        for place, early in enumerate(self._early):
            if early.number != number:
                continue
            if isinstance(answer.message, Response) and answer.message.success:
                early.answer = answer
            else:
                del self._early[place]
            return True
        return False

    def following(self, request: Request, response: Response) -> Iterator[Question]:
        """debugpy has answered a question, the client's or one asked ahead: what to ask next."""
        asked, body, habit = request.arguments, response.body, self._before
        if self._here is None or not response.success:
            return
        if request.command == "stackTrace" and self._is_top(request) and self._frame is None:
            frames = body.get("stackFrames") or ()
            self._frame = frames[0].get("id") if frames else None
            if habit.scopes and self._frame is not None:
                yield "scopes", {"frameId": self._frame}
        elif request.command == "scopes" and asked.get("frameId") == self._frame and not self._scopes:
            self._scopes = {one.get("variablesReference"): one.get("name") for one in body.get("scopes", ())}
            for reference, name in self._scopes.items():
                if name in habit.variables:
                    yield "variables", {"variablesReference": reference}

    def void(self) -> list[int]:
        """Nothing that was asked ahead holds any more: the numbers under which it was asked."""
        gone, self._early = self._early, []
        return [one.number for one in gone]

    def left(self) -> None:
        """The program goes on."""
        self._before, self._here = self._here or self._before, None

    def _learn(self, request: Request) -> None:
        asked, here = request.arguments, self._here
        if here is None:
            return
        match request.command:
            case "threads":
                here.threads = True
            case "stackTrace" if here.stack is None and self._is_top(request):
                here.stack = {name: value for name, value in asked.items() if name != "threadId"}
            case "scopes" if asked.get("frameId") == self._frame:
                here.scopes = True
            case "variables" if name := self._scopes.get(asked.get("variablesReference")):
                here.variables.append(name)
            case _:
                pass

    def _is_top(self, request: Request) -> bool:
        asked = request.arguments
        return asked.get("threadId") == self._thread and not asked.get("startFrame")
