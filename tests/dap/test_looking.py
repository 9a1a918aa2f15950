"""What debugpy is asked by us at a stop, beside what the client asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.dap import stops
from cwm_lsp.dap.observer import Desk
from cwm_lsp.dap.predicting import Predicting
from cwm_lsp.dap.world import World
from cwm_lsp.errors import BackendError
from tests.dap.client import connected
from tests.dap.debugging import SUM, finished, launch, printed, served, top, went_on, written


class Listened:
    """A desk, and the commands that are asked at it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.asked: list[str] = []

    async def ask(self, command: str, *arguments: Any, **by_name: Any) -> Any:
        self.asked.append(command)
        return await self._desk.ask(command, *arguments, **by_name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)


def no_model() -> World:
    raise BackendError("no model here")


async def test_the_stack_is_asked_for_once_and_nobody_waits_for_a_client_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "ASKING", 3600)
    path = written(tmp_path, SUM)
    desks: list[Listened] = []

    def watch(desk: Desk) -> Predicting:
        desks.append(Listened(desk))
        return Predicting(desks[0], no_model)

    async with served((watch,)) as where, connected(*where) as client:
        await launch(client, path, [{"line": 2}])
        thread = (await client.event("stopped"))["threadId"]
        (listened,) = desks
        await top(client, thread)
        await went_on(client, "next", thread)
        assert listened.asked.count("stackTrace") == 0, "the client's own answer says it"
        looks = listened.asked.count("evaluate")
        assert looks
        await went_on(client, "next", thread)
        assert listened.asked.count("stackTrace") == 1, "a client that goes on at once asks for none"
        assert listened.asked.count("evaluate") > looks
        await finished(client, thread)
        assert "total: 13" in printed(client)
