"""The breakpoints of the files of one session: the client's, and ours that stand beside them unseen.

DAP sets all breakpoints of a file at once, and pydevd keeps one a line, of several the last. So ours go
first, those at a line of the client's become part of its condition, and whatever is set anew is answered
and told with the numbers that the client knows.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cwm_lsp.dap.observer import Desk
from cwm_lsp.wire.dap import Event, Json, Request


class Breakpoints:
    """The client's breakpoints and ours, by file. Ours map lines to conditions, "" for none, by owner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._theirs: dict[str, Json] = {}
        self._ours: dict[str, dict[str, Mapping[int, str]]] = {}
        self._asked: dict[int, int] = {}
        self._known: dict[str, list[Any]] = {}
        self._numbers: dict[Any, Any] = {}

    def request(self, request: Request) -> Request | None:
        """The client sets the breakpoints of a file; ours stay beside them."""
        key = _key(_path(request.arguments))
        self._theirs[key] = request.arguments
        self._asked[request.seq] = len(self._given(key))
        if not any(self._ours.get(key, {}).values()):
            return None
        return Request(request.seq, request.command, self._merged(key))

    def response(self, request: Request, body: Json) -> Json | None:
        """debugpy's answer, ours left out of it."""
        key = _key(_path(request.arguments))
        told = body.get("breakpoints") or []
        theirs = told[len(told) - self._asked.pop(request.seq, len(told)) :]
        self._known[key] = [one.get("id") for one in theirs]
        return {**body, "breakpoints": theirs} if len(theirs) != len(told) else None

    def event(self, event: Event) -> Event | None:
        """An event about breakpoints, with the numbers that the client knows."""
        body = event.body
        told = body.get("breakpoint")
        if event.event == "breakpoint" and isinstance(told, Mapping) and told.get("id") in self._numbers:
            return replace(event, body={**body, "breakpoint": {**told, "id": self._numbers[told["id"]]}})
        hit = body.get("hitBreakpointIds")
        if event.event == "stopped" and hit and self._numbers:
            return replace(
                event, body={**body, "hitBreakpointIds": [self._numbers.get(one, one) for one in hit]}
            )
        return None

    @property
    def paths(self) -> list[str]:
        """The files in which the client has breakpoints."""
        return [_path(given) for given in self._theirs.values() if given.get("breakpoints")]

    def lines(self, path: str) -> frozenset[int]:
        """The lines of a file at which the client has breakpoints."""
        return frozenset(one["line"] for one in self._given(_key(path)) if "line" in one)

    async def plant(self, owner: str, path: str, lines: Mapping[int, str]) -> Mapping[int, Json]:
        """Let ours in a file be these, beside those of other owners; debugpy's answers by line.

        Lines that are the client's as well have none. Raises ``AskFailed``.
        """
        key = _key(path)
        owners = self._ours.setdefault(key, {})
        if owners.get(owner, {}) == lines:
            return {}
        owners[owner] = dict(lines)
        self._theirs.setdefault(key, {"source": {"path": path}, "breakpoints": []})
        merged = self._merged(key)
        told = (await self._desk.ask("setBreakpoints", merged)).get("breakpoints") or []
        theirs = len(self._given(key))
        for known, one in zip(self._known.get(key, ()), told[len(told) - theirs :], strict=False):
            self._numbers[one.get("id")] = known
        return {
            one["line"]: answer
            for one, answer in zip(merged["breakpoints"][: -theirs or None], told, strict=False)
        }

    def _given(self, key: str) -> list[Json]:
        return list(self._theirs.get(key, {}).get("breakpoints") or ())

    def _merged(self, key: str) -> Json:
        ours = _together(self._ours[key].values())
        theirs = self._given(key)
        taken = {one.get("line") for one in theirs}
        free = [_breakpoint(line, condition) for line, condition in ours.items() if line not in taken]
        return {**self._theirs[key], "breakpoints": [*free, *(_joined(one, ours) for one in theirs)]}


def _together(owners: Iterable[Mapping[int, str]]) -> dict[int, str]:
    """The conditions of all owners: each is asked, and none is needed where one has none."""
    joined: dict[int, str] = {}
    for lines in owners:
        for line, condition in lines.items():
            other = joined.get(line, condition)
            joined[line] = (
                condition and other and (f"{other} or {condition}" if other != condition else other)
            )
    return joined


def _breakpoint(line: int, condition: str) -> Json:
    return {"line": line, "condition": condition} if condition else {"line": line}


def _joined(theirs: Json, ours: Mapping[int, str]) -> Json:
    """A breakpoint of the client's that asks our condition first.

    One that counts or logs stays as it is. So does one whose condition does not parse, which debugpy tells
    the user in its own words.
    """
    condition = ours.get(theirs.get("line", 0), "")
    stays = theirs.get("hitCondition") or theirs.get("logMessage") or not _parses(theirs.get("condition"))
    if not condition or stays:
        return theirs
    return {**theirs, "condition": f"({condition}) or ({theirs.get('condition') or 'True'}\n)"}


def _parses(condition: object) -> bool:
    try:
        ast.parse(str(condition or True).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _path(arguments: Json) -> str:
    return str((arguments.get("source") or {}).get("path", ""))


def _key(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))
