"""The breakpoints of the files of one session: the client's, and ours that stand beside them unseen.

DAP sets all breakpoints of a file at once, and pydevd keeps one a line, of several the last. So ours go
first, those at a line of the client's become part of its condition, and whatever is set anew is answered
and told with the numbers that the client knows.

Ours are conditions, "" for none. An owner may have two at a line: one that is asked before the client's own
condition, and one that is asked where that is false.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cwm_lsp.dap.observer import Desk
from cwm_lsp.wire.dap import Event, Json, Request


@dataclass(frozen=True, slots=True)
class Planted:
    """One owner's in a file: conditions by line, before the client's and ``after`` it."""

    before: Mapping[int, str]
    after: Mapping[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


_NONE = Planted({})


class Breakpoints:
    """The client's breakpoints and ours, by file and owner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._theirs: dict[str, Json] = {}
        self._ours: dict[str, dict[str, Planted]] = {}
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

    def unasked(self, path: str) -> frozenset[int]:
        """The lines of a file at which the client's must stay as it is, and ours is not asked."""
        return frozenset(one["line"] for one in self._given(_key(path)) if "line" in one and _stays(one))

    async def plant(
        self, owner: str, path: str, lines: Mapping[int, str], *, after: Mapping[int, str] | None = None
    ) -> Mapping[int, Json]:
        """Let ours in a file be these, beside those of other owners; debugpy's answers by line.

        Lines that are the client's as well have none. Raises ``AskFailed``.
        """
        key = _key(path)
        owners = self._ours.setdefault(key, {})
        planted = Planted(dict(lines), dict(after or {}))
        if owners.get(owner, _NONE) == planted:
            return {}
        owners[owner] = planted
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
        before = _together(one.before for one in self._ours[key].values())
        after = _together(one.after for one in self._ours[key].values())
        theirs = self._given(key)
        taken = {one.get("line") for one in theirs}
        ours = _together((before, after))
        free = [_breakpoint(line, condition) for line, condition in ours.items() if line not in taken]
        return {**self._theirs[key], "breakpoints": [*free, *(_joined(one, before, after) for one in theirs)]}


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


def _joined(theirs: Json, before: Mapping[int, str], after: Mapping[int, str]) -> Json:
    """A breakpoint of the client's that asks our conditions, too."""
    line, own = theirs.get("line", 0), theirs.get("condition")
    first, last = before.get(line, ""), after.get(line, "") if own else ""
    if not (first or last) or _stays(theirs):
        return theirs
    asked = [one for one in (first, f"{own or 'True'}\n", last) if one]
    return {**theirs, "condition": " or ".join(f"({one})" for one in asked)}


def _stays(theirs: Json) -> bool:
    """Whether a breakpoint of the client's counts or logs, or has a condition that does not parse.

    The latter debugpy tells the user in its own words.
    """
    return bool(theirs.get("hitCondition") or theirs.get("logMessage")) or not _parses(
        theirs.get("condition")
    )


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
