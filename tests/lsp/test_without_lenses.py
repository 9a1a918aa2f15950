"""Clients that have no place for code lenses: what these do is among the code actions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lsp.talk import FULL_CLIENT, Talk

SOURCE = '''\
import os


def double(n):
    """
    >>> double(2)
    4
    """
    return n + n


def other(n):
    # cwm: other(1)
    return n
'''
PLAIN: dict[str, Any] = {"textDocument": {"codeAction": {}}}


async def titles(talk: Talk, line: int, only: list[str] | None = None) -> list[str]:
    """What is offered at a 0-based line."""
    return [one["title"] for one in await actions(talk, line, only)]


async def actions(talk: Talk, line: int, only: list[str] | None = None) -> list[dict[str, Any]]:
    """The same, whole."""
    at = {"line": line, "character": 0}
    context: dict[str, Any] = {"diagnostics": []} | ({"only": only} if only else {})
    params = {"textDocument": {"uri": talk.uri}, "range": {"start": at, "end": at}, "context": context}
    found: list[dict[str, Any]] = await talk.request("textDocument/codeAction", params)
    return found


async def test_a_function_is_compared_and_cleared_by_its_actions(talk: Talk) -> None:
    await talk.initialize(capabilities=PLAIN)
    talk.open(SOURCE)
    offered = ["Compare double(2)", "Predict double(2)"]
    assert [one for one in await titles(talk, 8) if "find a fix" not in one] == offered
    assert await titles(talk, 0) == []
    assert not set(offered) & set(await titles(talk, 8, only=["quickfix"]))
    compare = next(one for one in await actions(talk, 8) if one["title"] == offered[0])
    assert (await talk.request("workspace/executeCommand", compare["command"]))["call"] == "double(2)"
    clear = next(one for one in await actions(talk, 8) if one["title"].endswith("clear"))
    await talk.request("workspace/executeCommand", clear["command"])
    assert not any(one.endswith("clear") for one in await titles(talk, 8))


async def test_what_runs_no_code_is_offered_where_the_workspace_is_not_trusted(talk: Talk) -> None:
    await talk.initialize(PLAIN, {"trusted": False})
    talk.open(SOURCE)
    assert await titles(talk, 13) == ["Predict other(1)"]


@pytest.mark.parametrize("capabilities", [FULL_CLIENT, {"textDocument": {"codeLens": {}}}])
async def test_a_client_with_lenses_has_them_there_alone(talk: Talk, capabilities: dict[str, Any]) -> None:
    await talk.initialize(capabilities=capabilities)
    talk.open(SOURCE)
    assert all("find a fix" in one for one in await titles(talk, 8))
