"""Who may debug at a port: the client that shows the token, in the configuration that it starts with.

A client knows the token from where it learnt of the port. Until it is shown, nothing but ``initialize``
is answered, since ``launch`` and ``attach`` run code.
"""

from __future__ import annotations

import hmac
from typing import Any

from cwm_lsp.dap.stream import Framed
from cwm_lsp.wire.dap import Request, Response

TOKEN = "cwmToken"
"""The key of the token in a configuration."""


class Door:
    """The door of one connection. ``learnt`` says where the token is found, for who has none."""

    def __init__(self, token: str, learnt: str) -> None:
        self._token = token.encode("ascii")
        self._learnt = learnt
        self._open = False

    def refusal(self, framed: Framed) -> Response | None:
        """The answer to a request that must not pass; the connection is of no more use then."""
        request = framed.message
        if not isinstance(request, Request) or request.command == "initialize":
            return None
        starts = request.command in ("launch", "attach")
        self._open = self._open or (starts and self._known(request.arguments.get(TOKEN)))
        if self._open:
            return None
        words = f"{request.command[:80]} needs {TOKEN}, {self._learnt}."
        return Response(1, request.seq, request.command, False, message=words)

    def _known(self, shown: Any) -> bool:
        return isinstance(shown, str) and hmac.compare_digest(shown.encode("utf-8", "replace"), self._token)
