"""What a CWM trace has described so far, and which line of the source a frame can mean.

The format names no line and no frame. Both follow from the state: the line is one of those that control
flow allows after the line before it in the same frame, the frame is the innermost that has not returned.
Where two lines have the same text and both can follow, both are kept until what comes next tells them apart.
States are immutable, so that one can be kept for every event and gone back to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cwm_lsp.codec.cwm_names import ProgramNames, names_of
from cwm_lsp.codec.cwm_text import unmarked, write_exception
from cwm_lsp.codec.flow import EXIT, Flow, flow_of
from cwm_lsp.codec.scopes import Scope, Scopes, scopes_of
from cwm_lsp.trace.model import Event, EventKind
from cwm_lsp.trace.statements import statement_lines


@dataclass(frozen=True, slots=True)
class Slot:
    """The value of a local. ``probability`` is ``None`` for one that was observed."""

    text: str
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Activation:
    """One frame. ``lines`` are the lines that it can be at, normally one.

    ``entered`` until its first line; ``hidden`` for comprehensions and lambdas, which a normalised trace
    does not show; ``raised`` is where an exception came up that is still on its way, ``passed`` the
    clauses that it passed, at which an interpreter may report that it leaves; ``fresh`` when the
    next line frame lists all values (after a call returned); ``inside`` while a statement of several lines
    is below its first one; ``depth`` counts visible frames, the entry having 0; ``error`` is the
    exception that ``raised`` stands for, as the format writes it.
    """

    frame: int
    function: str
    scope: int
    lines: frozenset[int]
    slots: Mapping[str, Slot] = field(default_factory=dict)
    entered: bool = True
    hidden: bool = False
    raised: frozenset[int] = frozenset()
    passed: frozenset[int] = frozenset()
    fresh: bool = False
    inside: bool = False
    depth: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """All frames: running ones with the innermost last, and those that may be resumed."""

    stack: tuple[Activation, ...] = ()
    suspended: tuple[Activation, ...] = ()
    last_frame: int = 0

    @property
    def top(self) -> Activation | None:
        """The running frame."""
        return self.stack[-1] if self.stack else None

    @property
    def depth(self) -> int:
        """Depth of the innermost visible frame, the entry having 0; -1 where there is none."""
        return sum(not one.hidden for one in self.stack) - 1

    def with_top(self, top: Activation) -> State:
        """This state with another innermost frame."""
        return replace(self, stack=(*self.stack[:-1], top))

    def entered(self, activation: Activation) -> State:
        """``activation`` called, or resumed where it was suspended."""
        suspended = tuple(one for one in self.suspended if one.frame != activation.frame)
        last = max(self.last_frame, activation.frame)
        return State((*self.stack, replace(activation, depth=self.depth + 1)), suspended, last)

    def left(self, keep: bool) -> State:
        """The innermost frame returned; ``keep`` says that it may be resumed."""
        *below, gone = self.stack
        if below:
            below[-1] = replace(below[-1], fresh=True)
        suspended = (*self.suspended, gone) if keep else self.suspended
        return State(tuple(below), suspended, self.last_frame)


class Program:
    """A source text, as far as resolving frames needs it."""

    def __init__(self, source: str) -> None:
        self.texts = source.split("\n")
        self.flow: Flow = flow_of(source)
        self.scopes: Scopes = scopes_of(source)
        self.names: ProgramNames = names_of(source)
        self._parts: dict[int, list[int]] = {}
        for line, first in statement_lines(source).items():
            self._parts.setdefault(first, []).append(line)

    def text(self, line: int) -> str:
        """The text of a line as a frame shows it, without the newline; "" for a line that is not there."""
        return unmarked(self.texts[line - 1]) if 0 < line <= len(self.texts) else ""

    def matching(self, text: str, lines: Iterable[int]) -> frozenset[int]:
        """Those of ``lines`` that read ``text``; if none does, those that do but for indentation."""
        candidates = [line for line in lines if line != EXIT]
        exact = frozenset(line for line in candidates if self.text(line) == text)
        return exact or frozenset(line for line in candidates if self.text(line).strip() == text.strip())

    def parts(self, lines: Iterable[int]) -> dict[int, int]:
        """The further lines of the statements that begin at ``lines``, each with its first line."""
        return {part: first for first in lines for part in self._parts.get(first, ()) if part != first}

    def follow(self, activation: Activation, line: int) -> frozenset[int]:
        """Where the frame can go from ``line``."""
        if activation.raised:
            passed = self.flow.successors(line) if self.passing(frozenset({line})) else frozenset()
            return self.flow.handlers(line) | passed
        if activation.entered:
            return self.flow.entry(activation.scope) or self.flow.successors(line)
        return self.flow.successors(line)

    def next_lines(self, activation: Activation) -> frozenset[int]:
        """Where the frame can go from any line that it can be at, ``EXIT`` left out."""
        reached = (self.follow(activation, line) for line in activation.lines)
        return frozenset[int]().union(*reached) - {EXIT}

    def passing(self, lines: frozenset[int]) -> bool:
        """Whether all of ``lines`` run while an exception goes on its way."""
        return lines <= self.scopes.passing

    def moved(self, top: Activation, lines: frozenset[int], slots: Mapping[str, Slot]) -> Activation:
        """The frame after it came to one of ``lines``."""
        raised = top.raised if self.passing(lines) else frozenset[int]()
        clauses = lines - self.scopes.closing
        passed = top.passed | clauses if raised else frozenset[int]()
        return replace(
            top,
            lines=lines,
            slots=slots,
            entered=False,
            raised=raised,
            passed=passed,
            fresh=False,
            inside=False,
        )

    def suspends(self, activation: Activation) -> bool:
        """Whether the frame can be resumed where it stands."""
        scope = self.scopes.by_line.get(activation.scope)
        return scope is not None and not scope.suspends.isdisjoint(activation.lines)

    def scope_called(self, text: str, names: frozenset[str], hint: str) -> frozenset[int]:
        """Scopes that a call frame with source ``text`` and these locals can mean.

        Several functions can begin with the same text (``def __init__(self):``, a decorator): the names of
        the arguments tell them apart, then the class, if ``hint`` (the call and its receiver) names it.
        """
        fitting = [scope for scope in self.scopes.by_line.values() if self._begins(scope, text)]
        named = [scope for scope in fitting if scope.parameters <= names]
        fewest = min((len(names - scope.parameters) for scope in named), default=0)
        fitting = [scope for scope in named if len(names - scope.parameters) == fewest] or fitting
        owned = [scope for scope in fitting if scope.owner and re.search(rf"\b{scope.owner}\b", hint)]
        return frozenset(scope.line for scope in owned or fitting)

    def _begins(self, scope: Scope, text: str) -> bool:
        header = [scope.line, *self.parts([scope.line])]
        return any(self.text(line).strip() == text.strip() for line in header)

    def observe(self, state: State, event: Event) -> State:
        """``state`` after an observed event."""
        match event.kind:
            case EventKind.CALL:
                return state.entered(
                    Activation(
                        frame=event.frame,
                        function=event.function,
                        scope=EXIT if event.function == "<module>" else event.line,
                        lines=frozenset({event.line}),
                        slots=_observed(event),
                        entered=all(one.frame != event.frame for one in state.suspended),
                    )
                )
            case EventKind.LINE:
                top = state.stack[-1]
                lines = frozenset({event.line})
                slots = _observed(event)
                return state.with_top(self.moved(top, lines, slots))
            case EventKind.EXCEPTION:
                here = frozenset({event.line})
                error = "" if event.value is None else write_exception(event.value.type, event.value.text)
                top = replace(state.stack[-1], lines=here, raised=here, entered=False, error=error)
                return state.with_top(top)
            case EventKind.RETURN:
                at = replace(state.stack[-1], lines=frozenset({event.line}), entered=False)
                return state.with_top(at).left(keep=event.yielded or self.suspends(at))

    def settle(self, state: State, event: Event) -> State | None:
        """``state`` with the frame of ``event`` innermost, or ``None`` where it has none.

        Frames above it ended unseen, in code that the trace does not show.
        """
        if event.kind is EventKind.CALL:
            return state
        frames = [one.frame for one in state.stack]
        if event.frame not in frames:
            return None
        stack = state.stack[: frames.index(event.frame) + 1]
        return replace(state, stack=stack) if len(stack) < len(frames) else state


def _observed(event: Event) -> dict[str, Slot]:
    return {name: Slot(value.text) for name, value in event.locals.items()}
