"""Tokens of the compact format to predicted steps: incremental, and never raising on what a model writes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.displays import ELLIPSIS
from cwm_lsp.codec.edits import written_text
from cwm_lsp.codec.machine import Machine
from cwm_lsp.codec.page import fitting
from cwm_lsp.codec.protocol import Decoded
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.trace.model import EventKind
from cwm_lsp.trace.predicted import Guess, PredictedStep, Problem

MAX_VALUE = 400
"""Longest value that a decoder accepts, in tokens."""

_ENDS = {
    Special.RETURN: EventKind.RETURN,
    Special.YIELD: EventKind.RETURN,
    Special.EXCEPTION: EventKind.EXCEPTION,
}

_STOP = v.LINE_TOKENS | {Special.STOP, Special.UNWIND, Special.ECHO, Special.DELETE, Special.END}
_TOLD = frozenset({Special.TOLD})
_STOP_ALONE = frozenset({Special.STOP})
_SPELLED = frozenset(range(v.SIZE)) - {Special.TOLD}
_STAYING = _SPELLED - {Special.DELETE}
_DOUBT = math.log(0.97)
"""Of a statement that may fail for reasons which the state does not show, an absent file or an argument that
a library refuses, nobody is surer than this that it does not. An estimate, and no calibrated figure."""

_UNREADABLE = Guess(ELLIPSIS, 0.0)
"""What stands for a value that means nothing: it is withheld, and nothing is worked out from it."""


LINE = -1
"""Stands for the head of an event that has none: a line."""


def said(
    machine: Machine, head: int, before: str | None, name: str, tokens: Sequence[int], line: int = 0
) -> str | None:
    """The value that ``tokens`` say in the place of ``name``, or of a result; ``None`` where they say none.

    ``head`` is the token that begins the event, ``line`` that of a function that is called.
    """
    if list(tokens) == [Special.TOLD]:
        return machine.expected(head, line).at(head, name)
    text = written_text(before, tokens, machine.names)
    return None if text is None else machine.whole(text)


@dataclass(slots=True)
class _Pending:
    """The event being read."""

    kind: int = LINE
    line: int = 0
    target: str = ""
    value: list[int] = field(default_factory=list)
    logprob: float = 0.0
    flow: float = 0.0
    changed: dict[str, Guess] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)


class CompactDecoder:
    """Tokens to predicted steps. ``single`` ends it after one event."""

    def __init__(self, machine: Machine, prompt: tuple[int, ...], single: bool = False) -> None:
        self._machine = machine
        self._forced = prompt
        self._single = single
        self._done = machine.state.empty and not single
        self._position = 0
        self._pending = _Pending()
        self._locals: dict[int, dict[str, Guess]] = {}
        self._steps: list[PredictedStep] = []
        self._problems: list[Problem] = []

    @property
    def forced(self) -> tuple[int, ...]:
        """Tokens to append before the model writes."""
        return self._forced

    def accept(self) -> None:
        """Say that ``forced`` has been appended."""
        self._forced = ()

    @property
    def done(self) -> bool:
        """The entry scope was left, or the output cannot be continued."""
        return self._done

    def restart(self) -> tuple[int, ...]:
        """A whole prompt that ends in the state so far, for a fresh context between two events.

        Raises ``ContextExceeded`` where what is in play at once does not fit the format.
        """
        self._forced = ()
        with fitting():
            if self._machine.off_page:
                self._machine = self._machine.turned()
            return (*self._machine.prompt(), *self._machine.anchor())

    @property
    def exhausted(self) -> bool:
        """The state is not on the page of the prompt: ``restart`` before the model writes."""
        return self._machine.off_page

    @property
    def stop(self) -> frozenset[int]:
        """Tokens after which the decoder wants to be fed, also where a value has to be spelled next."""
        return _STOP if self._in_value else _STOP | self._beginnings()

    @property
    def choices(self) -> frozenset[int] | None:
        """At the start of an event only what the state and the control flow allow.

        Of names that are all to be told the first. At the start of a value *as worked out* where it is, and
        all but that where it is not.
        """
        pending = self._pending
        if self._in_value:
            if pending.value:
                return _STOP_ALONE if pending.value == [Special.TOLD] else None
            if self._told(pending.kind, pending.target):
                return _TOLD
            return _SPELLED if self._machine.may_go(pending.target) else _STAYING
        if pending.kind == Special.CALL and not pending.line:
            machine = self._machine
            shown = (line for line in machine.entries() if line in machine.page)
            return frozenset(v.line_token(machine.number(line)) for line in shown)
        if pending.kind == Special.CALL:
            names, can_end = self._machine.begins_with(pending.line, pending.changed)
            others = self._machine.names.tokens(names) - self._taken()
            if can_end or not others:
                return others | {Special.ECHO}
            return self._first(others)
        found = self._machine.choices((*pending.changed, *pending.removed)) - self._taken()
        only_names = all(self._machine.names.name(token) is not None for token in found)
        return self._first(found) if found and only_names else found

    def _first(self, tokens: frozenset[int]) -> frozenset[int]:
        """That of the name that is told first, of names that all are."""
        names = self._machine.names
        by_name = {name: token for token in tokens if (name := names.name(token)) is not None}
        return frozenset({by_name[self._machine.first(by_name, self._pending.line)]})

    @property
    def _in_value(self) -> bool:
        return bool(self._pending.target) or self._pending.kind in _ENDS

    def _told(self, head: int, name: str = "") -> bool:
        return self._machine.expected(head, self._pending.line).at(head, name) is not None

    def _taken(self) -> frozenset[int]:
        pending = self._pending
        return self._machine.names.tokens((*pending.changed, *pending.removed))

    def _beginnings(self) -> frozenset[int]:
        """Names and ends that can come next, after which a value does."""
        machine, pending = self._machine, self._pending
        in_call = pending.kind == Special.CALL
        names = machine.given(pending.line) if in_call else machine.changeable()
        others = () if in_call else (*_ENDS, Special.CALL)
        return machine.names.tokens(names).union(others)

    def feed(self, tokens: Sequence[int], logprob: Sequence[float]) -> Decoded:
        """Take what the model wrote."""
        self._steps, self._problems = [], []
        for token, log in zip(tokens, logprob, strict=True):
            if self._done:
                break
            self._position += 1
            self._token(token, log)
        return Decoded(tuple(self._steps), tuple(self._problems))

    def _token(self, token: int, log: float) -> None:
        pending = self._pending
        pending.logprob += log
        if pending.target:
            self._value_token(token)
        elif pending.kind in _ENDS:
            self._result_token(token)
        elif pending.kind == Special.CALL and not pending.line:
            self._call_line(token)
        elif (line := self._machine.line(token)) is not None and pending.kind != Special.CALL:
            self._finish(EventKind.LINE, line)
        elif token in _ENDS or token == Special.CALL:
            self._close_flow()
            pending.kind = token
        elif token == Special.UNWIND:
            self._finish(EventKind.RETURN, self._machine.state.line)
        elif token == Special.ECHO and pending.kind == Special.CALL:
            self._finish(EventKind.CALL, pending.line)
        else:
            self._name(token)

    def _name(self, token: int) -> None:
        name = self._machine.names.name(token)
        if name is None:
            self._fail(f"{v.token_text(token)} where a name, a line or an event was due")
            return
        self._pending.target = name

    def _call_line(self, token: int) -> None:
        line = self._machine.line(token)
        if line is None:
            self._fail(f"a call of {v.token_text(token)}, which is no line")
            return
        self._pending.line = line
        self._close_flow()

    def _value_token(self, token: int) -> None:
        pending = self._pending
        if token == Special.DELETE and not pending.value:
            pending.removed.append(pending.target)
            pending.target = ""
            self._close_flow()
            return
        if token != Special.STOP:
            self._collect(token)
            return
        before = None if pending.kind == Special.CALL else self._machine.state.texts.get(pending.target)
        pending.changed[pending.target] = self._guess(before, pending.target)
        pending.target = ""

    def _result_token(self, token: int) -> None:
        if token != Special.STOP:
            self._collect(token)
            return
        kind, guess = _ENDS[Special(self._pending.kind)], self._guess(None)
        if kind is EventKind.RETURN and self._machine.gives_unseen():
            guess = Guess(guess.text, 0.0)
        self._finish(kind, self._machine.state.line, guess)

    def _collect(self, token: int) -> None:
        self._pending.value.append(token)
        if len(self._pending.value) > MAX_VALUE:
            self._fail("a value that does not end")

    def _guess(self, before: str | None, name: str = "") -> Guess:
        """The value collected."""
        pending = self._pending
        text = said(self._machine, pending.kind, before, name, pending.value, pending.line)
        guess = _UNREADABLE if text is None else Guess(text, math.exp(min(0.0, pending.logprob)))
        if text is None:
            self._problems.append(Problem(self._position - 1, "a value that cannot be read", fatal=False))
        pending.value, pending.logprob = [], 0.0
        return guess

    def _close_flow(self) -> None:
        """Count what was read as part of the event's kind and line rather than of a value."""
        self._pending.flow += self._pending.logprob
        self._pending.logprob = 0.0

    def _fail(self, message: str) -> None:
        self._problems.append(Problem(self._position - 1, message))
        self._done = True

    def _finish(self, kind: EventKind, line: int, value: Guess | None = None) -> None:
        """An event is complete: report it, run the machine and begin the next."""
        self._close_flow()
        if kind in (EventKind.LINE, EventKind.RETURN) and self._machine.may_fail():
            self._pending.flow += _DOUBT
        pending, self._pending = self._pending, _Pending()
        machine = self._machine
        if kind is EventKind.LINE:
            for name in machine.unbound(line) - {*pending.removed}:
                pending.removed.append(name)
                pending.changed.pop(name, None)
        unwinding = kind is EventKind.RETURN and value is None
        frame = machine.fresh_frame() if kind is EventKind.CALL else machine.state.frame
        before: Mapping[str, Guess] = {} if kind is EventKind.CALL else self._locals.get(frame, {})
        state = {
            name: guess for name, guess in before.items() if name not in pending.removed
        } | pending.changed
        self._locals[frame] = state
        depth = machine.depth + (kind is EventKind.CALL)
        self._steps.append(
            PredictedStep(
                kind,
                line,
                machine.function_at(line) if kind is EventKind.CALL else machine.state.function,
                depth,
                math.exp(min(0.0, pending.flow)),
                pending.changed,
                tuple(pending.removed),
                dict(state),
                value,
                frame,
            )
        )
        self._forced += tuple(
            machine.step(
                kind,
                line,
                {name: guess.text for name, guess in pending.changed.items()},
                tuple(pending.removed),
                value.text if value is not None else None,
                frame=frame,
                unwinding=unwinding,
                yielded=pending.kind == Special.YIELD,
            )
        )
        self._done = self._single or machine.state.empty
