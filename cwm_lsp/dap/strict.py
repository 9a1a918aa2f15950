"""Clients that end a session at an event which DAP does not define hear of none: debugpy sends such.

Others get every event as it is, as from debugpy itself: VS Code learns by ``debugpySockets`` which ports it
is not to forward.
"""

from __future__ import annotations

from cwm_lsp.dap.observer import HIDE, Desk, Hide
from cwm_lsp.wire.dap import Event, Json, Request, Response

STRICT = frozenset({"hx"})
"""The ``clientID`` of each: Helix."""

DEFINED = frozenset(
    "breakpoint capabilities continued exited initialized invalidated loadedSource memory module output "
    "process progressEnd progressStart progressUpdate stopped terminated thread".split()
)
"""The events of DAP, https://microsoft.github.io/debug-adapter-protocol/specification#Events."""


class Strict:
    """The first observer of a session."""

    def __init__(self, _desk: Desk) -> None:
        self._client = ""

    def request(self, request: Request) -> None:
        """Note who the client is."""
        if request.command == "initialize":
            self._client = str(request.arguments.get("clientID"))

    def response(self, request: Request, response: Response) -> Json | None:
        """Answers pass."""

    def event(self, event: Event) -> Hide | None:
        """Hide what it would end at."""
        return HIDE if self._client in STRICT and event.event not in DEFINED else None

    async def close(self) -> None:
        """Nothing was begun."""
