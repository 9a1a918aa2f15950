"""The scope of the present stop as the client asks for it: at once, or as soon as there is something."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from cwm_lsp.dap.observer import Desk, Refuse, Reply
from cwm_lsp.dap.predicted_scope import SCOPE, References, is_ours
from cwm_lsp.wire.dap import Json, Request

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds for which a client that cannot be told later waits for the variables of the scope."""


class Shown:
    """One stop after another. ``invalidates`` says that the client can be told of what comes later."""

    def __init__(self, desk: Desk, references: References) -> None:
        self._desk = desk
        self._references = references
        self._scope = 0
        self.ready = asyncio.Event()
        """Set once there is nothing more to come."""
        self.invalidates = False

    def clear(self) -> None:
        """The stop is over: nothing that was shown holds any more."""
        self._references.clear()
        self._scope = 0
        self.again()

    def again(self) -> None:
        """There is more to come."""
        self.ready = asyncio.Event()

    def show(self, rows: list[dict[str, Any]], thread: int) -> None:
        """Let these be the variables of the scope, and the client know of it."""
        self._references.replace(self._reference(), rows)
        if self.invalidates:
            self._desk.announce("invalidated", {"areas": ["variables"], "threadId": thread})

    def scopes(self, body: Json) -> Json | None:
        """debugpy's answer with our scope behind its own; ``None`` while there is nothing to show."""
        if not self._scope and self.invalidates:
            return None  # it will be told when there is something
        ours = {"name": SCOPE, "variablesReference": self._reference(), "expensive": False}
        return {**body, "scopes": [*(body.get("scopes") or ()), ours]}

    def rows(self, reference: int) -> Reply | Refuse:
        """The variables behind a reference of ours."""
        found = self._references.get(reference)
        return Reply({"variables": found}) if found is not None else Refuse("This is of an earlier stop.")

    def is_awaited(self, reference: object) -> bool:
        """Whether the answer must wait, since the client cannot be told of it later."""
        return reference == self._scope and not self.ready.is_set() and not self.invalidates

    async def rows_later(self, request: Request, reference: int) -> None:
        """Answer when the prediction is there, or with what there is after a while."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.ready.wait()
        except TimeoutError:
            log.info("the prediction took longer than %g s", PATIENCE)
        answer = self.rows(reference)
        if isinstance(answer, Refuse):
            self._desk.refuse(request, answer.message)
        else:
            self._desk.answer(request, answer.body)

    @staticmethod
    def owns(reference: object) -> bool:
        """Whether a reference is one of ours."""
        return is_ours(reference)

    def _reference(self) -> int:
        self._scope = self._scope or self._references.put([])
        return self._scope
