"""What is done in a stopped program by hand: values that are changed, and ways on that debugpy refuses.

A change makes what was seen of the stop doubtful from the moment that it is asked for. Nobody goes on until
it was looked at again, since a step is compared with what was foreseen from the values before it.
"""

from __future__ import annotations

from cwm_lsp.dap.course import Course
from cwm_lsp.dap.hold import Hold
from cwm_lsp.dap.phases import Phase, Sign
from cwm_lsp.dap.stops import Stops
from cwm_lsp.wire.dap import Request

RESUMING = frozenset(("next", "stepIn", "stepOut", "continue", "goto"))
"""Requests by which a program goes on."""

CHANGING = frozenset(("setVariable", "setExpression", "evaluate"))


class ByHand:
    """Of one session. What it is not told of an answer to, it never waits for longer than for a look."""

    def __init__(self, course: Course, stops: Stops) -> None:
        self._course = course
        self._stops = stops
        self._held: dict[int, Hold] = {}

    def asked(self, request: Request) -> None:
        """The client asks for something that passes on to debugpy."""
        typed = request.command != "evaluate" or request.arguments.get("context") == "repl"
        if request.command in CHANGING and typed and self._course.phase is Phase.STANDING:
            hold = self._held[request.seq] = self._stops.looked
            hold.take()

    def answered(self, request: Request, success: bool) -> None:
        """debugpy has answered: a refused change may have changed something, too."""
        hold = self._held.pop(request.seq, None)
        if hold is not None:
            self._course.spawn(self._look_again(hold))
        elif not success and request.command in RESUMING and request.command == self._course.command:
            self._stayed()

    async def _look_again(self, hold: Hold) -> None:
        try:
            other = hold is self._stops.looked and await self._stops.look_again()
        finally:
            hold.release()
        if other and self._course.phase is Phase.STANDING:
            self._stops.show()
            self._course.begin(self._stops.foretell())

    def _stayed(self) -> None:
        """The program does not go on after all."""
        if self._course.phase is Phase.RUNNING and self._stops.stand is not None:
            self._course.turn(Sign.STOPPED)
            self._stops.stayed()
            self._course.begin(self._stops.foretell())
