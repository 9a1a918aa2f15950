"""What-if in a proxied session: ``??`` in a console, ``cwm/whatIf`` for programs. Nothing is run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from cwm_lsp.dap import asking, extension
from cwm_lsp.dap.observer import LATER, Desk, Later, Refuse, settle
from cwm_lsp.dap.really import QUESTION
from cwm_lsp.dap.world import World
from cwm_lsp.features.foresight import what_if
from cwm_lsp.predict.standing import Standing
from cwm_lsp.wire.dap import Json, Request

_REAL = "This program does run: step it, and what was predicted is held against what came."

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Asker:
    """Answers what-ifs behind the session. ``standing`` is the present stop; ``ArgumentsError`` if none."""

    def __init__(
        self,
        desk: Desk,
        world: Callable[[], World],
        standing: Callable[[], Awaitable[Standing]],
        spawn: Spawn,
    ) -> None:
        self._desk = desk
        self._world = world
        self._standing = standing
        self._spawn = spawn

    def typed(self, request: Request) -> Later | Refuse | None:
        """``evaluate``: taken if it begins with ``??``."""
        expression = str(request.arguments.get("expression", ""))
        if expression.strip() == QUESTION:
            return self.real(request)
        if not expression.lstrip().startswith(asking.PREFIX):
            return None
        self._spawn(settle(self._desk, request, self._spoken(expression)))
        return LATER

    def asked(self, request: Request) -> Later:
        """``cwm/whatIf``."""
        self._spawn(settle(self._desk, request, self._in_full(request.arguments)))
        return LATER

    def real(self, request: Request) -> Refuse:
        """``really?`` and ``cwm/really``, which are for ghost sessions."""
        return Refuse(_REAL)

    async def _spoken(self, expression: str) -> Json:
        standing = await self._standing()
        world = self._world()
        changes = asking.typed(expression, standing.locals)
        base, branches = await what_if(world.predictor, standing, world.threshold, changes)
        return {
            "result": asking.spoken(base, branches),
            "type": "predicted, not run",
            "variablesReference": 0,
        }

    async def _in_full(self, arguments: Json) -> Json:
        standing = await self._standing()
        world = self._world()
        changes = asking.branches_of(arguments, standing.locals)
        return dict(extension.what_if(*await what_if(world.predictor, standing, world.threshold, changes)))
