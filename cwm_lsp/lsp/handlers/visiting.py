"""``cwm.visits`` and ``cwm.visit``: which time that a line ran is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cwm_lsp.lsp.extension import VisitState
from cwm_lsp.lsp.server import CwmServer


async def visits(ls: CwmServer, params: types.ExecuteCommandParams) -> list[VisitState]:
    """``cwm.visits``: the visits of a line, those of the latest result first."""
    given = object_of(params)
    line = line_of(params, given)
    uri = ls.session.snapshot(given["uri"]).uri
    found = await asyncio.to_thread(ls.session.stops, uri, line + 1)
    return [
        {
            "call": str(result.call),
            "visit": stop.placement.visit,
            "visits": stop.placement.visits,
            "text": stop.placement.text,
            "mark": stop.placement.mark,
            "focus": stop.focus,
        }
        for result, stop in found
    ]


async def visit(ls: CwmServer, params: types.ExecuteCommandParams) -> None:
    """``cwm.visit``: show all lines as they stood at the end of a visit."""
    given = object_of(params)
    call, focus = given.get("call"), given.get("focus")
    if not isinstance(call, str):
        raise JsonRpcInvalidParams(f"{params.command}: call must be text.")
    if focus is not None and (not isinstance(focus, int) or isinstance(focus, bool)):
        raise JsonRpcInvalidParams(f"{params.command}: focus must be a number or null.")
    uri = ls.session.snapshot(given["uri"]).uri
    ls.session.focus(uri, call, focus)
    await ls.publish(uri)


def line_of(params: types.ExecuteCommandParams, given: Mapping[str, Any]) -> int:
    """The member ``line``, from 0. Raises ``InvalidParams``."""
    line = given.get("line")
    if not isinstance(line, int) or isinstance(line, bool):
        raise JsonRpcInvalidParams(f"{params.command}: line must be a number.")
    return line


def object_of(params: types.ExecuteCommandParams) -> Mapping[str, Any]:
    """The one argument of a command, which has a ``uri``. Raises ``InvalidParams``."""
    given = list(params.arguments or [])
    if len(given) != 1 or not isinstance(given[0], Mapping) or not isinstance(given[0].get("uri"), str):
        raise JsonRpcInvalidParams(f"{params.command} takes one object with a uri.")
    found: Mapping[str, Any] = given[0]
    return found
