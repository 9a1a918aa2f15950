"""What ran between the stops of a session: every line of the files that are watched, kept in the debuggee.

Breakpoints of ours that never stop keep each line there (``record/agent/history.py``); at a stop they are
fetched and become moments of the past. The program's file is watched from its first statement on, others from
the first stop or breakpoint in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.helper import Helper, loading, module
from cwm_lsp.dap.past import UNKNOWN, Moment
from cwm_lsp.dap.shots import Shot, frame_of
from cwm_lsp.dap.sources import first_lines
from cwm_lsp.trace.model import Value

OWNER = "history"
LONG = 60.0
"""Seconds that the lines of a long way may take to be told."""

_KEEP = f"({module('history')} and {module('history')}.keep())"


class History:
    """The lines that ran in one session."""

    def __init__(self, helper: Helper, breakpoints: Breakpoints) -> None:
        self._helper = helper
        self._breakpoints = breakpoints
        self._watched: set[str] = set()

    async def watch(self, path: str, *, first: bool = False) -> None:
        """Keep the lines of a file from now on. ``first`` says that the program begins in it.

        Raises ``AskFailed``. A file that cannot be read is left alone.
        """
        if path in self._watched:
            return
        self._watched.add(path)
        lines = dict.fromkeys(await first_lines(path), _KEEP)
        if first and lines:
            lines[min(lines)] = f"({loading()} or {_KEEP})"
        if lines:
            await self._breakpoints.plant(OWNER, path, lines)

    async def came(self, shot: Shot) -> list[Moment]:
        """What ran before this stop and was not fetched yet, oldest first.

        Raises ``AskFailed``, or ``RunError`` where the debuggee cannot be asked.
        """
        told = await self._helper.call("history", "drain()", shot.number, patience=LONG)
        found = list(_moments(told, shot.thread))
        last = found[-1].frames[0] if found else None
        if last is not None and (last.identity, last.line) == (shot.top.identity, shot.top.line):
            found.pop()  # the stop itself
        return found


def _moments(told: Mapping[str, Any], thread: int) -> Iterable[Moment]:
    stacks = [tuple(frame_of(one) for one in stack) for stack in told["stacks"]]
    held: dict[tuple[int, int], dict[str, Value]] = {}
    for own, frame, stack, changed, removed in told["lines"]:
        key = stack, frame["id"]
        values = {name: value for name, value in held.get(key, {}).items() if name not in removed}
        held[key] = values | {name: Value(*fields) for name, fields in changed.items()}
        frames = (frame_of(frame), *stacks[stack])
        yield Moment(thread if own else UNKNOWN, frames, (held[key],))
