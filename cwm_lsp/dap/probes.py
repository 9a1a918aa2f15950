"""A stretch of a run that is held against what is expected of it while it runs, by breakpoints of ours.

The debuggee is given the expected lines (``record/agent/expect.py``) and goes on by ``stepOut``: breakpoints
on every line compare, and stop it at the first that is not as expected; where the frame ends first, so does
the step, with what was given back. Statements that share a line, or have several, are to be stepped.
"""

from __future__ import annotations

import ast
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.helper import Helper, module
from cwm_lsp.dap.observer import AskFailed
from cwm_lsp.dap.shots import Shot
from cwm_lsp.dap.sources import first_lines
from cwm_lsp.features.following import is_plain
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.predicted import PredictedStep
from cwm_lsp.trace.statements import blocks, first_line, parse

OWNER = "surprise"
MOST_FILES = 100
"""Files that are looked at from the beginning of a search; others are when it comes to them."""

_LOOK, _DUE = (f"{module('expect')}.{name}()" for name in ("look", "due"))
_INNER = (ast.stmt, ast.ExceptHandler, ast.match_case)


class Probes:
    """Those of one session."""

    def __init__(self, helper: Helper, breakpoints: Breakpoints) -> None:
        self._helper = helper
        self._breakpoints = breakpoints
        self._watched: set[str] = set()

    async def begin(self, frame: int) -> None:
        """Look at the files of the user's that are loaded. Raises ``RunError``."""
        for path in (await self._helper.call("loaded", "files()", frame))[:MOST_FILES]:
            await self.watch(path)

    async def watch(self, path: str) -> None:
        """Look at a file from here on. Raises ``AskFailed``; a file that cannot be read is left alone."""
        if path in self._watched:
            return
        self._watched.add(path)
        lines = await first_lines(path)
        if lines:
            before, after = dict.fromkeys(lines, _LOOK), dict.fromkeys(lines, _DUE)
            await self._breakpoints.plant(OWNER, path, before, after=after)

    def end(self) -> Coroutine[Any, Any, None]:
        """Look at nothing any more, from here on. What is left to do, beside another search. Never raises."""
        watched, self._watched = self._watched, set()
        return self._lift(watched)

    async def _lift(self, watched: set[str]) -> None:
        for path in watched:
            if path in self._watched:
                continue
            with suppress(AskFailed):
                await self._breakpoints.plant(OWNER, path, {})

    def reach(self, standing: Standing, course: Sequence[PredictedStep]) -> int:
        """How many lines of ``course`` can be run at one go."""
        if standing.line != standing.statement:
            return 0
        text, at = standing.source.text, standing.statement
        hidden = _lines(text).shared | self._breakpoints.unasked(standing.source.path)
        for run, expected in enumerate(course):
            leads_to = expected.line if is_plain(expected) else at
            if at in _lines(text).imports or {at, leads_to} & hidden:
                return run
            at = leads_to
        return len(course)

    async def load(self, shot: Shot, course: Sequence[PredictedStep]) -> None:
        """Let the lines of ``course`` run, and whatever comes then stop the program. Raises ``RunError``."""
        steps = [
            (
                one.line,
                {name: guess.text for name, guess in one.changed.items()},
                list(one.removed),
            )
            for one in course
        ]
        await self._helper.call("expect", f"load({shot.number}, {shot.top.line}, {steps!r})", shot.number)


@dataclass(frozen=True, slots=True)
class _Lines:
    """``shared``: lines of statements that do not have one line for themselves alone."""

    shared: frozenset[int]
    imports: frozenset[int]


@lru_cache(maxsize=64)
def _lines(text: str) -> _Lines:
    tree = parse(text)
    nodes = list(blocks(tree)) if tree is not None else []
    starts = [first_line(node) for node in nodes]
    shared = {line for node, line in zip(nodes, starts, strict=True) if _head_end(node) > line}
    several = {line for line in starts if starts.count(line) > 1}
    imports = {node.lineno for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)}
    return _Lines(frozenset(shared | several), frozenset(imports))


def _head_end(node: ast.stmt | ast.ExceptHandler | ast.match_case) -> int:
    """The last line of a statement without the statements in it."""
    parts = [one for one in ast.iter_child_nodes(node) if not isinstance(one, _INNER)]
    ends = [getattr(inner, "end_lineno", None) or 0 for one in parts for inner in ast.walk(one)]
    return max([getattr(node, "lineno", 0), *ends])
