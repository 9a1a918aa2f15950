"""What a session has seen, to go back to: frames and variables as they were, marked as past. No input or
output.

What is kept is what was seen: every stop, if only its frames (:meth:`Past.glimpsed`), every line that was
stepped while a surprise was looked for, and every line that ran where a history is kept (:mod:`history`).
Of the frame that stood innermost all variables are known; those of its callers are as they were when they
last stood so. The program itself does not move. ``Past`` answers in debugpy's place while the client looks
back, and lets go of it when the client comes forward to the present again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cwm_lsp.codec.pure import Undecided, compute
from cwm_lsp.dap.arguments import not_computed, number
from cwm_lsp.dap.asking import PREFIX
from cwm_lsp.dap.journey import Stand
from cwm_lsp.dap.observer import Refuse, Reply
from cwm_lsp.dap.predicted_scope import References, row
from cwm_lsp.dap.shots import Frame
from cwm_lsp.features import display
from cwm_lsp.features.states import Placement
from cwm_lsp.features.text import clean
from cwm_lsp.trace.model import Value
from cwm_lsp.trace.render import render
from cwm_lsp.wire.dap import Json, Request

UNKNOWN = -1
"""The number of a thread that only the program itself knows."""

MOST = 20_000
"""Stops that are kept; the oldest go first."""

BACKWARDS = frozenset(("stepBack", "reverseContinue", "restartFrame"))
_FORWARDS = frozenset(("next", "stepIn", "stepOut", "continue"))
_STARTERS = ("<frozen runpy>", "runpy.py")
_REFUSED = frozenset(("setVariable", "setExpression", "goto", "gotoTargets", "stepInTargets", "completions"))
_NOT_HERE = "The program stands further on; this is its past. Continue to come back to the present."
_ANOTHER = "This thread is not looked back at. Continue to come back to the present."

Breakpoints = Callable[[str], frozenset[int]]
"""The lines of a file that carry breakpoints."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One stop as it was: frames, innermost first, each with its variables where they are known."""

    thread: int
    frames: tuple[Frame, ...]
    locals: tuple[Mapping[str, Value] | None, ...]

    @property
    def depth(self) -> int:
        """How many frames there were."""
        return len(self.frames)


@dataclass(frozen=True, slots=True)
class Look:
    """Where the client looks now. ``ago`` is 0 in the present; ``text`` says so to the user."""

    thread: int
    ago: int
    reason: str
    text: str


class Past:
    """The history of one thread's stops, and the place in it that the client looks at."""

    def __init__(self, references: References, breakpoints: Breakpoints) -> None:
        self._references = references
        self._breakpoints = breakpoints
        self._moments: list[Moment] = []
        self._known: dict[int, Mapping[str, Value]] = {}
        self._at: int | None = None
        self._scopes: dict[int, int] = {}

    # --- keeping ---

    def add(self, stand: Stand) -> None:
        """Keep a stop."""
        shot = stand.shot
        self.lived(Moment(shot.thread, shot.frames, (shot.locals,)))

    def glimpsed(self, thread: int, frames: tuple[Frame, ...]) -> None:
        """Keep a stop of which no more than the frames is known."""
        self.lived(Moment(thread, frames, (None,)))

    def lived(self, moment: Moment) -> None:
        """Keep a moment, of which the innermost frame's variables are known if it was looked at."""
        frames = tuple(
            frame for depth, frame in enumerate(moment.frames) if not _is_strange(frame, innermost=not depth)
        )
        known = moment.locals[0]
        if not frames:
            return
        self._known = {
            one.identity: self._known[one.identity] for one in frames if one.identity in self._known
        }
        if known is not None:
            self._known[frames[0].identity] = known
        callers = (self._known.get(one.identity) for one in frames[1:])
        self._moments.append(Moment(moment.thread, frames, (known, *callers)))
        if len(self._moments) > MOST:
            del self._moments[: MOST // 10]

    def leave(self) -> None:
        """Look at the present again."""
        self._at = None
        self._scopes.clear()

    @property
    def looking(self) -> bool:
        """Whether the client looks back."""
        return self._at is not None

    @property
    def ago(self) -> int:
        """How many stops back that is."""
        return len(self._moments) - 1 - self._at if self._at is not None else 0

    @property
    def moment(self) -> Moment | None:
        """The stop that is looked at, ``None`` in the present."""
        return self._moments[self._at] if self._at is not None else None

    def placements(self) -> tuple[Placement, ...]:
        """What the lines of the file show at the stop that is looked at: what the step to it had changed."""
        if self._at is None:
            return ()
        here = self._moments[self._at]
        before = self._moments[self._at - 1] if self._at else here
        same = before is not here and before.frames[0].identity == here.frames[0].identity
        earlier = (before.locals[0] if same else None) or {}
        changed = {
            name: value
            for name, value in (here.locals[0] or {}).items()
            if earlier.get(name) != value and display.shown(name, value)
        }
        fragments = [display.past(name, value, self.ago) for name, value in changed.items()]
        line = before.frames[0].line if same else here.frames[0].line
        shown = tuple(fragments[: display.VALUES_PER_LINE])
        return (Placement(line, 0, 1, 1, shown),) if shown else ()

    # --- moving ---

    def move(self, command: str) -> Look | Refuse:
        """Go to an earlier stop, or from there on to a later one."""
        last = len(self._moments) - 1
        at = self._at if self._at is not None else last
        if command in BACKWARDS and at <= 0:
            return Refuse("Nothing of this program was seen before this stop.")
        target, reason = self._target(command, at)
        if command == "stepBack" and target == at:
            return Refuse(
                "Nothing of this thread was seen before this stop; reverse continue goes on to others."
            )
        self._scopes.clear()
        if target >= last:
            self._at = None
            return Look(self._moments[last].thread, 0, reason, "The present: the program stands here.")
        self._at = target
        steps = f"{self.ago:,} step{'' if self.ago == 1 else 's'} ago"
        thread = self._moments[target].thread
        return Look(thread, self.ago, reason, f"{display.PAST} {steps}, as it was; nothing is run.")

    def _target(self, command: str, at: int) -> tuple[int, str]:
        """The index to go to, and the reason for stopping there."""
        here = self._moments[at]
        if command == "restartFrame":
            return self._first_of(at), "restart"
        backwards = command in BACKWARDS
        order = range(at - 1, -1, -1) if backwards else range(at + 1, len(self._moments))
        end = self._first_in(here.thread) if command == "stepBack" else 0
        end = end if backwards else len(self._moments) - 1
        deepest = {"stepBack": here.depth, "next": here.depth, "stepOut": here.depth - 1}.get(command)
        for index in order:
            moment = self._moments[index]
            if command in ("continue", "reverseContinue"):
                if self._carries_breakpoint(moment):
                    return index, "breakpoint"
            elif moment.thread == here.thread and (deepest is None or moment.depth <= deepest):
                return index, "step"
        return end, "entry" if backwards else "step"

    def _first_in(self, thread: int) -> int:
        return next(at for at, moment in enumerate(self._moments) if moment.thread == thread)

    def _first_of(self, at: int) -> int:
        """The earliest stop, without a gap, at which the frame that stands innermost was there."""
        frame = self._moments[at].frames[0].identity
        while at > 0 and frame in {one.identity for one in self._moments[at - 1].frames}:
            at -= 1
        return at

    def _carries_breakpoint(self, moment: Moment) -> bool:
        top = moment.frames[0]
        return top.line in self._breakpoints(top.path)

    # --- answering in debugpy's place ---

    def answer(self, request: Request) -> Reply | Refuse | None:
        """What a request about the stop that is looked at is answered; ``None`` for one that is not."""
        if self.moment is None:
            return None
        if request.command in _REFUSED:
            return Refuse(_NOT_HERE)
        handler = self._HANDLERS.get(request.command)
        return handler(self, request.arguments) if handler is not None else None

    def threads(self, body: Json) -> Json | None:
        """debugpy's answer to ``threads`` with the one that is looked at, should that have ended."""
        thread = self.moment.thread if self.moment is not None else UNKNOWN
        listed = body.get("threads") or []
        if thread == UNKNOWN or any(one.get("id") == thread for one in listed):
            return None
        return {**body, "threads": [*listed, {"id": thread, "name": f"Thread {thread} {display.PAST}"}]}

    def _stack(self, arguments: Json) -> Reply | Refuse:
        asked = number(arguments, "threadId")
        if self.moment is not None and self.moment.thread not in (asked, UNKNOWN):
            return Refuse(_ANOTHER)
        frames = [self._shown(frame, depth) for depth, frame in enumerate(self._frames)]
        start = number(arguments, "startFrame")
        levels = number(arguments, "levels") or len(frames)
        return Reply({"stackFrames": frames[start : start + levels], "totalFrames": len(frames)})

    @property
    def _frames(self) -> tuple[Frame, ...]:
        return self.moment.frames if self.moment is not None else ()

    def _shown(self, frame: Frame, depth: int) -> Json:
        if depth not in self._scopes:
            self._scopes[depth] = self._references.put(self._rows(depth))
        name = frame.path.replace("\\", "/").rpartition("/")[2]
        return {
            "id": self._scopes[depth],
            "name": f"{frame.function} {display.PAST}",
            "line": frame.line,
            "column": 1,
            "source": {"name": name, "path": frame.path},
        }

    def _rows(self, depth: int) -> list[dict[str, Any]]:
        known = self.moment.locals[depth] if self.moment is not None else None
        if known is None:
            return [row("(not seen)", "", "this frame's variables were not looked at then")]
        return [
            _variable(name, value, self.ago) for name, value in known.items() if display.shown(name, value)
        ]

    def _scopes_of(self, arguments: Json) -> Reply:
        scope = {
            "name": f"Locals {display.PAST} {self.ago:,} back",
            "variablesReference": arguments.get("frameId"),
            "presentationHint": "locals",
            "expensive": False,
        }
        return Reply({"scopes": [scope]})

    def _variables(self, arguments: Json) -> Reply | Refuse:
        reference = arguments.get("variablesReference")
        found = self._references.get(reference) if isinstance(reference, int) else None
        return Reply({"variables": found}) if found is not None else Refuse(_NOT_HERE)

    def _evaluate(self, arguments: Json) -> Reply | Refuse:
        expression = str(arguments.get("expression", "")).strip()
        known = self._state(arguments.get("frameId"))
        if expression.startswith(PREFIX):
            return Refuse("A what-if starts from the present. Continue to come back to it.")
        if expression in known:
            found = _variable(expression, known[expression], self.ago)
            return Reply({"result": found["value"], "type": found["type"], "variablesReference": 0})
        try:
            value = compute(expression, {name: value.text for name, value in known.items()})
        except Undecided as why:
            return Refuse(f"{not_computed(expression, why)} Nothing is run in the past.")
        text = f"{clean(render(value)[0])} {display.PAST} · computed"
        return Reply({"result": text, "type": "computed from observed values", "variablesReference": 0})

    def _state(self, frame: object) -> Mapping[str, Value]:
        depth = next((depth for depth, known in self._scopes.items() if known == frame), 0)
        return (self.moment.locals[depth] if self.moment is not None else None) or {}

    def _exception_info(self, arguments: Json) -> Refuse:
        return Refuse(_NOT_HERE)

    _HANDLERS: Mapping[str, Callable[[Past, Json], Reply | Refuse]] = {
        "stackTrace": _stack,
        "scopes": _scopes_of,
        "variables": _variables,
        "evaluate": _evaluate,
        "exceptionInfo": _exception_info,
    }

    @staticmethod
    def moves(command: str, *, looking: bool) -> bool:
        """Whether a command goes to another stop."""
        return command in BACKWARDS or (looking and command in _FORWARDS)


def _variable(name: str, value: Value, ago: int) -> dict[str, Any]:
    said = display.past("", value, ago)
    return row(name, said.text.removeprefix(" = "), said.words)


def _is_strange(frame: Frame, *, innermost: bool) -> bool:
    """Whether a frame is one that starts programs, or that debugpy does not show."""
    name = frame.path.replace("\\", "/").rpartition("/")[2]
    return (frame.hidden and not innermost) or name in _STARTERS
