"""An evaluation that does not end is interrupted, so that it does not take the session with it.

pydevd can interrupt an evaluation after a time that it reads anew for each. It is told that time before the
first evaluation of a stop, and whenever it is another one: what the editor evaluates on its own account
(watches, hovers) has :data:`GLANCE` seconds, what the user asks for at the prompt has as long as the
configuration's ``evaluateTimeout`` says, :data:`PROMPT` seconds if it says nothing, and for ever if 0.
"""

from __future__ import annotations

from typing import Any

from cwm_lsp.dap.observer import Desk, First
from cwm_lsp.wire.dap import Event, Request, Response

GLANCE = 2.0
PROMPT = 60.0
OPTION = "evaluateTimeout"

_SET = (
    "__import__('sys').modules['_pydevd_bundle.pydevd_constants']"
    ".__setattr__('PYDEVD_INTERRUPT_THREAD_TIMEOUT', {seconds!r})"
)


class EvaluationLimit:
    """Observes one session."""

    def __init__(self, _desk: Desk) -> None:
        self._prompt = PROMPT
        self._told: float | None = None

    def request(self, request: Request) -> First | None:
        """Have pydevd told before an evaluation, where it does not know yet."""
        arguments = request.arguments
        if request.command in ("launch", "attach"):
            self._prompt = _seconds(arguments.get(OPTION))
        if request.command != "evaluate":
            return None
        wanted = self._prompt if arguments.get("context") == "repl" else GLANCE
        if wanted == self._told:
            return None
        self._told = wanted
        place = {key: arguments[key] for key in ("frameId",) if key in arguments}
        return First("evaluate", {"expression": _SET.format(seconds=wanted), "context": "watch", **place})

    def response(self, request: Request, response: Response) -> None:
        """Answers stay as they are."""

    def event(self, event: Event) -> None:
        """A thread that has stopped may be in another process's hands: tell again."""
        if event.event == "stopped":
            self._told = None

    async def close(self) -> None:
        """Nothing was begun."""


def _seconds(given: Any) -> float:
    """The time at the prompt. pydevd takes a negative one for none."""
    if isinstance(given, bool) or not isinstance(given, int | float) or given < 0:
        return PROMPT
    return float(given) or -1.0
