"""Requests of DAP that debugpy does not serve are refused here: pydevd never answers them.

debugpy's adapter waits for that answer, deaf to all that follows, so that one ``restartFrame`` from a hasty
client ends a session of stock debugpy. What the capabilities promise passes, whoever made the promise; so
does what this table does not know.
"""

from __future__ import annotations

from collections.abc import Mapping

from cwm_lsp.dap.observer import Desk, Refuse
from cwm_lsp.wire.dap import Event, Json, Request, Response

CAPABILITY: Mapping[str, str] = {
    "breakpointLocations": "supportsBreakpointLocationsRequest",
    "cancel": "supportsCancelRequest",
    "dataBreakpointInfo": "supportsDataBreakpoints",
    "disassemble": "supportsDisassembleRequest",
    "loadedSources": "supportsLoadedSourcesRequest",
    "readMemory": "supportsReadMemoryRequest",
    "restart": "supportsRestartRequest",
    "restartFrame": "supportsRestartFrame",
    "reverseContinue": "supportsStepBack",
    "setDataBreakpoints": "supportsDataBreakpoints",
    "setInstructionBreakpoints": "supportsInstructionBreakpoints",
    "stepBack": "supportsStepBack",
    "terminateThreads": "supportsTerminateThreadsRequest",
    "writeMemory": "supportsWriteMemoryRequest",
}
"""The capability that promises each request."""


class Unserved:
    """The last observer of a session: it sees what the client was promised in the end."""

    def __init__(self, _desk: Desk) -> None:
        self._promised: Json = {}

    def request(self, request: Request) -> Refuse | None:
        """Refuse what was not promised."""
        needed = CAPABILITY.get(request.command)
        if needed is None or self._promised.get(needed):
            return None
        return Refuse(f"debugpy does not serve {request.command}.")

    def response(self, request: Request, response: Response) -> None:
        """Remember the promises."""
        if request.command == "initialize":
            self._promised = response.body

    def event(self, event: Event) -> None:
        """Remember a promise made later."""
        if event.event == "capabilities":
            self._promised = {**self._promised, **event.body.get("capabilities", {})}

    async def close(self) -> None:
        """Nothing was begun."""
