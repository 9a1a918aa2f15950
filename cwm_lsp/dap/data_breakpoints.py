"""Data breakpoints: the program stops where a value that is watched has become another.

debugpy has none. What is watched is remembered in the debuggee (``record/agent/watch.py``) the moment the
client asks about it, since a frame is known at its stop only. Once it is set, breakpoints of ours stand on
the lines at which a change can be seen; their condition compares, and where nothing changed the program runs
on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.helper import Helper, module
from cwm_lsp.dap.observer import AskFailed, Desk, Why
from cwm_lsp.errors import ArgumentsError, RunError
from cwm_lsp.features.text import preview
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.statements import statement_lines
from cwm_lsp.wire.dap import Json, Request

OWNER = "data"
FIRST_NUMBER = 1 << 28
"""The numbers of our breakpoints begin here; debugpy counts from 0."""

_HITS = re.compile(r"\s*(==|>=|<=|>|<|%)?\s*([1-9]\d*)\s*")

Way = tuple[str, tuple[tuple[str, Any], ...], bool]
"""A name, the steps from its value to a part of it, and whether a global is meant."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A value that the debuggee remembers; ``lines`` are those of ``path`` at which a change can be seen.

    ``function`` is "" unless the value is a local of one.
    """

    number: int
    expression: str
    path: str
    function: str
    lines: frozenset[int]


class DataBreakpoints:
    """Those of one session. ``frame`` gives a frame to ask in, ``None`` while the program runs."""

    def __init__(
        self,
        desk: Desk,
        helper: Helper,
        breakpoints: Breakpoints,
        source: Callable[[str], Awaitable[SourceFile | None]],
        frame: Callable[[], Awaitable[int | None]],
    ) -> None:
        self._desk = desk
        self._helper = helper
        self._breakpoints = breakpoints
        self._source = source
        self._frame = frame
        self._rows = Rows()
        self._known: dict[str, Watched] = {}
        self._set: dict[str, Json] = {}
        self._next = FIRST_NUMBER

    @property
    def any(self) -> bool:
        """Whether a stop may be one of ours."""
        return bool(self._set)

    def stack(self, request: Request, body: Json) -> None:
        """Note where frames stand."""
        self._rows.stack(request, body)

    def scopes(self, request: Request, body: Json) -> None:
        """Note the scopes of a frame."""
        self._rows.scopes(request, body)

    def variables(self, request: Request, body: Json) -> None:
        """Note what the client has been shown."""
        self._rows.variables(request, body)

    def void(self) -> None:
        """The program goes on; references mean nothing any more."""
        self._rows = Rows()

    # --- asking and setting ---

    async def info(self, arguments: Json) -> Json:
        """The answer to ``dataBreakpointInfo``. Raises ``AskFailed``."""
        try:
            frame, expression, way = self._rows.found(arguments)
            watched = await self._remembered(frame, expression, way)
        except AskFailed:
            raise
        except (ArgumentsError, RunError) as error:
            return {"dataId": None, "description": str(error)}
        where = f" in {watched.function}()" if watched.function else ""
        data_id = str(watched.number)
        self._known[data_id] = watched
        return {
            "dataId": data_id,
            "description": f"{watched.expression}{where}",
            "accessTypes": ["write"],
            "canPersist": False,
        }

    async def _remembered(self, frame: int, expression: str, way: Way) -> Watched:
        self._next += 1
        name, steps, outer = way
        place = self._rows.place(frame)
        call = f"know({self._next}, {place!r}, {name!r}, {[*steps]!r}, {outer})"
        told = await self._helper.call("watch", call, frame)
        if problem := told.get("problem"):
            raise ArgumentsError(f"{expression} cannot be watched: {problem}.")
        source = await self._source(told["file"])
        first, last = told["first"], told["last"]
        starts = frozenset(statement_lines(source.text).values()) if source is not None else frozenset()
        lines = frozenset(line for line in starts if first == 0 or first <= line <= last)
        if not lines:
            raise ArgumentsError(f"{expression} cannot be watched: its source cannot be read.")
        return Watched(self._next, expression, told["file"], told["function"] if first else "", lines)

    async def set(self, arguments: Json) -> Json:
        """The answer to ``setDataBreakpoints``, which replaces all. Raises ``AskFailed``."""
        wanted = [one for one in arguments.get("breakpoints") or () if isinstance(one, Mapping)]
        problems = {index: self._problem(one) for index, one in enumerate(wanted)}
        good = {str(one["dataId"]): one for index, one in enumerate(wanted) if not problems[index]}
        frame = await self._frame()
        if frame is not None:
            told = await self._armed(good, frame)
        else:
            held = {key for key, one in good.items() if self._set.get(key) == one}
            told = {key: "" if key in held else "The program runs. Pause it first." for key in good}
        self._set = {key: one for key, one in good.items() if not told[key]}
        await self._plant()
        rows = []
        for index, one in enumerate(wanted):
            message = problems[index] or told[str(one["dataId"])]
            rows.append(self._row(one, message))
        return {"breakpoints": rows}

    def _problem(self, one: Json) -> str:
        if str(one.get("dataId")) not in self._known:
            return "This value is not known: ask dataBreakpointInfo in this session first."
        if one.get("accessType", "write") != "write":
            return "A change can be seen; that a value is read cannot."
        if one.get("hitCondition") and _HITS.fullmatch(str(one["hitCondition"])) is None:
            return f"{one['hitCondition']!r} is no hit condition; one is like 3, >= 3 or % 3."
        return ""

    async def _armed(self, good: Mapping[str, Json], frame: int) -> dict[str, str]:
        """Let the debuggee watch these from their present values on; a problem for each, "" for none."""
        if not good and not self._set:
            return {}
        asked = [
            (self._known[key].number, str(one.get("condition") or ""), _hits(one))
            for key, one in good.items()
        ]
        told = await self._helper.call("watch", f"arm({asked!r})", frame)
        said = {key: str(told.get(str(self._known[key].number), "")) for key in good}
        return {key: f"{self._known[key].expression}: {why}." if why else "" for key, why in said.items()}

    def _row(self, one: Json, message: str) -> Json:
        known = self._known.get(str(one.get("dataId")))
        row: dict[str, Any] = {"verified": not message}
        if known is not None:
            row["id"] = known.number
        return row | ({"message": message} if message else {})

    async def _plant(self) -> None:
        """Let our breakpoints stand where a change of what is set can be seen, and nowhere else."""
        numbers: dict[str, dict[int, list[int]]] = {known.path: {} for known in self._known.values()}
        for key in self._set:
            known = self._known[key]
            for line in sorted(known.lines):
                numbers[known.path].setdefault(line, []).append(known.number)
        for path, lines in numbers.items():
            asked = {
                line: f"{module('watch')}.probe({', '.join(map(str, sorted(who)))})"
                for line, who in sorted(lines.items())
            }
            await self._breakpoints.plant(OWNER, path, asked)

    # --- stopping ---

    async def reason(self, stop: Json) -> Json:
        """``stop`` with its reason, if that is a change of ours. Raises ``AskFailed`` if it is over."""
        try:
            return await self._reason(stop)
        except AskFailed as error:
            if error.why in (Why.CONTINUED, Why.GONE):
                raise
            return stop
        except RunError:
            return stop

    async def _reason(self, stop: Json) -> Json:
        where = {"threadId": stop.get("threadId"), "startFrame": 0, "levels": 1}
        frames = (await self._desk.ask("stackTrace", where)).get("stackFrames") or []
        if not frames:
            return stop
        told = await self._helper.call("watch", "hits()", frames[0]["id"])
        by_number = {known.number: known for known in self._known.values()}
        await self._let_go([by_number[one] for one in told["over"] if one in by_number])
        hits = [one for one in told["hits"] if one[0] in by_number]
        if not hits or stop.get("reason") != "breakpoint":
            return stop
        said = [_said(by_number[number].expression, *rest) for number, *rest in hits]
        names = ", ".join(by_number[one[0]].expression for one in hits)
        return {
            **stop,
            "reason": "data breakpoint",
            "description": f"{names} changed",
            "text": "; ".join(said),
            "hitBreakpointIds": [one[0] for one in hits],
        }

    async def _let_go(self, over: list[Watched]) -> None:
        """The functions of these have returned."""
        for one in over:
            if self._set.pop(str(one.number), None) is not None:
                message = f"{one.function}() has returned."
                row = {"id": one.number, "verified": False, "message": message}
                self._desk.announce("breakpoint", {"reason": "changed", "breakpoint": row})
        if over:
            await self._plant()


class Rows:
    """What the client was shown at one stop, by reference: from a row to an expression in a frame."""

    def __init__(self) -> None:
        self._frames: dict[int, tuple[int, int, str, int]] = {}
        self._places: dict[int, tuple[int, str]] = {}
        self._scopes: dict[int, bool] = {}
        self._names: dict[tuple[int, str], str] = {}

    def stack(self, request: Request, body: Json) -> None:
        """Note where frames stand: thread, place in the stack, file and line."""
        thread, start = request.arguments.get("threadId", 0), request.arguments.get("startFrame") or 0
        for at, one in enumerate(body.get("stackFrames") or (), start):
            path = str((one.get("source") or {}).get("path", ""))
            file = path.replace("\\", "/").rpartition("/")[2]
            self._frames[one["id"]] = thread, at, file, one.get("line", 0)

    def place(self, frame: int) -> tuple[str, int, int]:
        """File and line at which a frame stands, and how many frames further in stand there as well.

        Raises ``ArgumentsError``.
        """
        if frame not in self._frames:
            raise ArgumentsError("This is no frame of the present stop.")
        thread, at, file, line = self._frames[frame]
        others = [one for one in self._frames.values() if one[0] == thread and one[1] < at]
        return file, line, sum(one[2:] == (file, line) for one in others)

    def scopes(self, request: Request, body: Json) -> None:
        """Note the scopes of a frame."""
        for one in body.get("scopes") or ():
            reference = one.get("variablesReference")
            self._places[reference] = int(request.arguments.get("frameId") or 0), ""
            self._scopes[reference] = one.get("name") == "Globals"

    def variables(self, request: Request, body: Json) -> None:
        """Note the variables behind a reference."""
        parent = request.arguments.get("variablesReference", 0)
        if parent not in self._places:
            return
        frame = self._places[parent][0]
        for one in body.get("variables") or ():
            expression = str(one.get("evaluateName") or "")
            self._names[parent, str(one.get("name"))] = expression
            if one.get("variablesReference"):
                self._places[one["variablesReference"]] = frame, expression

    def found(self, arguments: Json) -> tuple[int, str, Way]:
        """Frame, expression and way of what ``dataBreakpointInfo`` is about. Raises ``ArgumentsError``."""
        name, reference = str(arguments.get("name", "")), arguments.get("variablesReference")
        if arguments.get("asAddress"):
            raise ArgumentsError("Python has no addresses to watch.")
        if not reference:
            frame = arguments.get("frameId")
            if not isinstance(frame, int):
                raise ArgumentsError("An expression is watched in a frame.", "Send a frameId.")
            return frame, name, way(name)
        if reference not in self._places:
            raise ArgumentsError("This is no variable of the present stop.")
        frame = self._places[reference][0]
        if reference in self._scopes:
            return frame, name, (way(name)[0], way(name)[1], self._scopes[reference])
        expression = self._names.get((reference, name), "")
        if not expression:
            raise ArgumentsError(f"{name} has no expression of its own.")
        return frame, expression, way(expression)


def way(expression: str) -> Way:
    """How a value is reached: names, attributes and constant subscripts. Raises ``ArgumentsError``."""
    try:
        node = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ArgumentsError(f"{expression} is no expression.") from None
    steps: list[tuple[str, Any]] = []
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute(value=value, attr=name):
                steps.append(("attribute", name))
            case ast.Subscript(
                value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(name))
            ):
                return name, tuple(reversed(steps)), True
            case ast.Subscript(value=value, slice=key):
                steps.append(("item", _constant(key, expression)))
            case _:
                raise ArgumentsError(
                    f"{expression} cannot be watched: it would have to be run.",
                    "Names, attributes and constant subscripts can be.",
                )
        node = value
    return node.id, tuple(reversed(steps)), False


def _constant(node: ast.expr, expression: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ArgumentsError(f"{expression} cannot be watched: its subscript would have to be run.") from None


def _hits(one: Json) -> tuple[str, int] | None:
    found = _HITS.fullmatch(str(one.get("hitCondition") or ""))
    return (found[1] or "==", int(found[2])) if found is not None else None


def _said(expression: str, old: list[Any] | None, new: list[Any] | None, problem: str) -> str:
    words = f"{expression}: {_shown(old, '(unset)')} → {_shown(new, '(deleted)')}"
    return f"{words} (the condition raised {problem})" if problem else words


def _shown(value: list[Any] | None, missing: str) -> str:
    return preview(str(value[0])) if value is not None else missing
