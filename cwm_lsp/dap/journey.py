"""From stop to stop of one thread: what a step turned out to be, and what is carried over it. Pure.

debugpy says where a thread stands, not what happened. A step that the user took by ``next`` or ``stepIn``
is one event of the frame that was left, and which one shows in the frames: the same one at another
statement, a callee that has just begun, or the caller, which ``next`` may have taken on to its next
statement. Anything else, a ``continue`` above all, is unknown and is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cwm_lsp.codec.flow import flow_of
from cwm_lsp.dap.shots import Left, Passed, Shot
from cwm_lsp.predict.standing import Standing, settled, stepped
from cwm_lsp.trace.model import Event, EventKind, Value
from cwm_lsp.trace.normalise import EXPRESSION_FRAMES
from cwm_lsp.trace.statements import statement_lines
from cwm_lsp.trace.suspending import suspending

STEPS = frozenset(("next", "stepIn"))
"""Commands after which one event of the frame has come."""

_WITHIN = (EventKind.LINE, EventKind.EXCEPTION)

LEAVING = STEPS | {"stepOut"}
"""Commands that may lead to the caller, and no further."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A stop: where the thread stands, and the innermost frame as a premise, if its source is known."""

    shot: Shot
    standing: Standing | None


class Journey:
    """One thread's stops. ``frames`` holds the last standing of each frame that is alive."""

    def __init__(self) -> None:
        self.last: Stand | None = None
        self._frames: dict[int, Standing] = {}

    def arrive(self, shot: Shot, standing: Standing | None, command: str) -> tuple[Stand, Event | None]:
        """Where the thread stands now that ``command`` has led here, and the event that this was."""
        before = self.last
        came: Event | None = None
        if before is not None and before.standing is not None and standing is not None:
            if command in STEPS:
                came = _came(before.shot, before.standing, shot, standing)
            if command in LEAVING and _is_left(before, shot, standing):
                standing = self._back(before, shot, standing)
            elif command in LEAVING and _is_from_afar(before, standing):
                standing = self._within(standing)
            else:
                standing = self._carried(before.standing, standing, came, command)
        alive = {frame.identity for frame in shot.frames}
        self._frames = {one: held for one, held in self._frames.items() if one in alive}
        if standing is not None:
            self._frames[standing.frame] = standing
        self.last = Stand(shot, standing)
        return self.last, None if came is not None and _came_back(before, came) else came

    def passed(self, by: Passed) -> tuple[Stand, Event | None]:
        """The frame that stands innermost has run to the line ``by``, unstopped."""
        before = self.last
        assert before is not None
        assert before.standing is not None
        known = {name: value for name, value in before.shot.locals.items() if name not in by.removed}
        names = {**known, **by.changed}
        frames = (replace(before.shot.top, line=by.line), *before.shot.frames[1:])
        shot = replace(before.shot, frames=frames, locals=names, returned={}, raised=None, way=None)
        standing = replace(
            before.standing,
            line=by.line,
            locals=names,
            passes={},
            returned=(),
            midway=False,
            raised=None,
            handled=None,
        )
        return self.arrive(shot, standing, "stepIn")

    def changed(self, names: Mapping[str, Value]) -> None:
        """Somebody has put other values into the frame that stands innermost, which has not moved."""
        assert self.last is not None
        assert self.last.standing is not None
        standing = replace(settled(self.last.standing), locals=names)
        self._frames[standing.frame] = standing
        self.last = Stand(replace(self.last.shot, locals=names), standing)

    def forget(self) -> None:
        """The thread went where nobody watched: nothing is carried over."""
        self.last = None
        self._frames.clear()

    def _back(self, before: Stand, shot: Shot, now: Standing) -> Standing:
        """``now``, the caller's, with what its callee gave back: on the line of the call, or past it."""
        assert before.standing is not None
        caller = self._frames.get(now.frame, now)
        value = _given_back(shot.returned, before.standing.function)
        if not _is_at_call(before.shot, now):
            return stepped(caller, now) if value is not None else now
        left = _left(shot, before.standing)
        now = replace(now, closing=caller.closing)
        if left is not None and left.raises:
            return replace(now, raising=True)
        if _is_part(before.standing, now):
            return self._within(now)
        if left is not None and left.made is not None and not _is_told(now, before.standing.function):
            value = left.made
        given = (value,) if value is not None else ()
        unknown = caller.midway or not given
        passes = settled(caller).passes
        return replace(now, passes=passes, returned=(*caller.returned, *given), midway=unknown)

    def _within(self, now: Standing) -> Standing:
        """``now`` in the midst of a line, of which it is not known what its calls gave so far."""
        caller = self._frames.get(now.frame, now)
        return replace(
            now,
            passes=settled(caller).passes,
            returned=caller.returned,
            midway=True,
            closing=caller.closing,
        )

    def _carried(self, before: Standing, now: Standing, came: Event | None, command: str) -> Standing:
        """``now`` with what is known from the stops before."""
        if came is not None and came.kind is EventKind.LINE:
            body = suspending(now.source.text).bodies.get(now.statement, ())
            return replace(stepped(before, now), closing=before.statement if before.statement in body else 0)
        if command in STEPS and now.frame == before.frame and now.statement == before.statement:
            passes = settled(before).passes
            return replace(
                now,
                passes=passes,
                returned=before.returned,
                midway=before.midway,
                closing=before.closing,
            )
        return now


def _came(was: Shot, before: Standing, shot: Shot, now: Standing) -> Event | None:
    """The event of the frame that was left."""
    if now.frame == before.frame:
        return _in_frame(before, shot, now)
    if len(shot.frames) > 1 and shot.frames[1].identity == before.frame:
        return _entered(before, shot, now)
    if not _is_left(Stand(was, before), shot, now):
        return None
    left = _left(shot, before)
    if (left is not None and left.raises) or _is_caught(was, now):
        return replace(before.event, kind=EventKind.EXCEPTION) if before.raised is None else None
    if before.statement in suspending(before.source.text).awaiting:
        return None  # it waits, or what it waited for is given back: which, does not show
    if _yields(before):  # debugpy keeps no value of it, and it may have gone on unseen to the frame's end
        waits = left is not None and left.yields
        return replace(before.event, kind=EventKind.RETURN, value=None, yielded=True) if waits else None
    value = _given_back(shot.returned, before.function)
    if value is None and not _is_at_call(was, now):
        return None  # a caller that caught an exception stands elsewhere, too
    yielded = left is not None and left.yields
    return replace(before.event, kind=EventKind.RETURN, value=value, yielded=yielded)


def _yields(standing: Standing) -> bool:
    """Whether the statement hands a value to whoever goes through the generator that stands there."""
    return standing.statement in suspending(standing.source.text).yielding


def _came_back(before: Stand | None, came: Event) -> bool:
    """Whether a generator has given a value and been asked for the next, both unseen, before ``came``."""
    was = before.standing if before is not None else None
    return was is not None and came.frame == was.frame and came.kind in _WITHIN and _yields(was)


def _is_part(left: Standing, now: Standing) -> bool:
    """Whether the frame that was ``left`` has given a part of what the line is made from, not a call's value.

    So do lambdas and generators, but for one that is the end of a loop at its head.
    """
    shapes = suspending(left.source.text)
    at_head = left.source.path == now.source.path and now.statement in shapes.heads
    return left.function in EXPRESSION_FRAMES or (left.first in shapes.generators and not at_head)


def _left(shot: Shot, before: Standing) -> Left | None:
    """How the frame that stood ``before`` was left, if it is on its way out just now."""
    return shot.left if shot.left is not None and shot.left.identity == before.frame else None


def _is_told(now: Standing, function: str) -> bool:
    """Whether the line names ``function``: what gives back an object where it is called by its class."""
    return f".{function}(" in now.source.lines[now.statement - 1]


def _is_left(before: Stand, shot: Shot, now: Standing) -> bool:
    """Whether the frame is gone, and its caller stands in its place."""
    frames = before.shot.frames
    gone = frames[0].identity not in {frame.identity for frame in shot.frames}
    return gone and shot.raised is None and len(frames) > 1 and frames[1].identity == now.frame


def _is_from_afar(before: Stand, now: Standing) -> bool:
    """Whether a call is over that the line made by way of other code, a library's or a comprehension's."""
    outer = next((one for one in before.shot.frames[1:] if one.identity == now.frame), None)
    return outer is not None and statement_lines(now.source.text).get(outer.line) == now.statement


def _is_at_call(was: Shot, now: Standing) -> bool:
    """Whether the caller still stands at the statement that made the call."""
    line = was.frames[1].line
    return statement_lines(now.source.text).get(line, line) == now.statement


def _is_caught(was: Shot, now: Standing) -> bool:
    """Whether the caller stands where nothing but an exception leads to from the statement of the call.

    debugpy has ``None`` as the value of a frame that an exception has taken out.
    """
    line = was.frames[1].line
    line = statement_lines(now.source.text).get(line, line)
    flow = flow_of(now.source.text)
    return now.statement in flow.handlers(line) - flow.successors(line)


def _in_frame(before: Standing, shot: Shot, now: Standing) -> Event | None:
    if shot.raised is not None:
        return _exception(before, now, shot.raised)
    within = before.line != before.statement or now.line != now.statement
    if now.statement == before.statement and within:
        return None  # a statement of several lines is still under way
    flow = flow_of(now.source.text)
    after, caught = flow.successors(before.statement), flow.handlers(before.statement)
    if before.raised is not None:
        return now.event if now.statement in caught else None
    if now.statement in caught - after:
        return _exception(before, now, shot.handled)
    return now.event if now.statement in after else None  # a frame that begins where the last one ended


def _exception(before: Standing, now: Standing, value: Value | None) -> Event:
    """An exception of the statement that stood ``before``, in the same frame."""
    return replace(now.event, kind=EventKind.EXCEPTION, line=before.statement, value=value)


def _entered(before: Standing, shot: Shot, now: Standing) -> Event | None:
    """A call, if it is one of code that the model is shown; a lambda is part of the line that calls it."""
    if now.source.path != before.source.path or now.function in EXPRESSION_FRAMES:
        return None
    line = statement_lines(now.source.text).get(now.first, now.first)
    return Event(EventKind.CALL, line, now.function, 1, now.locals, frame=now.frame)


def _given_back(returned: Mapping[str, Value], function: str) -> Value | None:
    """What ``function`` gave back; debugpy names methods with their class."""
    found = [value for name, value in returned.items() if name.rpartition(".")[2] == function]
    return found[-1] if found else None
