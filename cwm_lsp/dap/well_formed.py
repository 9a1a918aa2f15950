"""Arguments of another kind than DAP gives them are refused in words, before anybody reads them.

debugpy answers some of them with an error of Python's, and ends the program over others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cwm_lsp.dap.observer import Desk, Refuse
from cwm_lsp.wire.dap import Event, Request, Response

_SHOWN = 60


def _all(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(one, kind) for one in value)


def _is(*kinds: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kinds) and not isinstance(value, bool)


Kind = tuple[str, Callable[[object], bool]]

NUMBER: Kind = "a number", _is(int, float)
TEXT: Kind = "a text", _is(str)
OBJECT: Kind = "an object", _is(dict)
OBJECTS: Kind = "a list of objects", _all(dict)
TEXTS: Kind = "a list of texts", _all(str)

_OF_THREAD = {"threadId": NUMBER}
_OF_VARIABLE = {"variablesReference": NUMBER, "name": TEXT, "value": TEXT}

KINDS: Mapping[str, Mapping[str, Kind]] = {
    **dict.fromkeys(
        (
            "continue",
            "exceptionInfo",
            "next",
            "pause",
            "reverseContinue",
            "stepBack",
            "stepIn",
            "stepOut",
        ),
        _OF_THREAD,
    ),
    "dataBreakpointInfo": {"name": TEXT, "variablesReference": NUMBER, "frameId": NUMBER},
    "evaluate": {"expression": TEXT, "frameId": NUMBER, "context": TEXT},
    "restartFrame": {"frameId": NUMBER},
    "scopes": {"frameId": NUMBER},
    "setBreakpoints": {"source": OBJECT, "breakpoints": OBJECTS},
    "setDataBreakpoints": {"breakpoints": OBJECTS},
    "setExceptionBreakpoints": {"filters": TEXTS, "filterOptions": OBJECTS},
    "setFunctionBreakpoints": {"breakpoints": OBJECTS},
    "setVariable": _OF_VARIABLE,
    "stackTrace": {**_OF_THREAD, "startFrame": NUMBER, "levels": NUMBER},
    "variables": {"variablesReference": NUMBER},
}
"""What the arguments are that somebody reads; one that is missing is left to who reads it."""


def problem(request: Request) -> str:
    """What is wrong with the arguments of a request, "" if nothing is."""
    for name, (words, fits) in KINDS.get(request.command, {}).items():
        value: Any = request.arguments.get(name)
        if value is not None and not fits(value):
            return f'"{name}" of {request.command} is {words}, not {repr(value)[:_SHOWN]}.'
    return ""


class WellFormed:
    """The first observer of a session."""

    def __init__(self, _desk: Desk) -> None:
        pass

    def request(self, request: Request) -> Refuse | None:
        """Refuse what cannot be read."""
        why = problem(request)
        return Refuse(why) if why else None

    def response(self, request: Request, response: Response) -> None:
        """Answers stay as they are."""

    def event(self, event: Event) -> None:
        """Events stay as they are."""

    async def close(self) -> None:
        """Nothing was begun."""
