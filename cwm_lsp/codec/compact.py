"""The embedded model's own trace format.

Theory of operation. A frame says which values change and which line comes next; values that stay are
not written. As soon as the next line is known, everything that can be looked up is appended for the
model: the text of that line with the current value behind each name it reads, how often its loop was
entered, and the lines that can follow (*echo*). All of it comes from the state that the frames written so
far describe, observed or predicted alike; nothing is executed. So the model always computes from what
stands right before it, and a forced trace is scored in one pass over the same tokens::

    <begin> <context> <L1> def f(xs): <L2> <i1> total = 0 ... <trace>
    <call> <L1> xs [<#0>4<#1>9<#2>] <stop> <echo> <next> <L2>
    <L2> total = 0 <next> <L3>
    total 0 <stop> <L3> for x in xs <operand> [<#0>4<#1>9<#2>] : <#0> <next> <L4> <L5>
    x 4 <stop> <L4> ...
    <return> 13 <stop> <end>

What the model answers for are names with their values, ``<L..>`` after them, ``<call>``, ``<return>``,
``<yield>``, ``<exception>`` and their values; the rest is given. One machine produces the given tokens for
encoder and decoder, so the two cannot differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.machine import Machine, State
from cwm_lsp.codec.protocol import Decoded, Encoded, Span, SpanKind
from cwm_lsp.codec.values import Names, TooManyNames, value_tokens, written_text, written_tokens
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.errors import ContextExceeded
from cwm_lsp.trace.model import Event, EventKind, Trace
from cwm_lsp.trace.predicted import Guess, PredictedStep, Problem

MAX_VALUE = 400
"""Longest value that a decoder accepts, in tokens."""

_ENDS = {
    Special.RETURN: EventKind.RETURN,
    Special.YIELD: EventKind.RETURN,
    Special.EXCEPTION: EventKind.EXCEPTION,
}


class CompactCodec:
    """Traces to and from the compact format. ``order`` and ``offset`` shuffle names and lines in training."""

    name = "compact"
    vocabulary = v.SIZE

    def __init__(self, order: Sequence[int] = range(v.SLOTS), offset: int = 0) -> None:
        self._order = order
        self._offset = offset

    def encode(self, trace: Trace) -> Encoded:
        """The prompt and the whole trace. Raises ``ContextExceeded``."""
        return next(self.windows(trace, 0))

    def windows(self, trace: Trace, budget: int) -> Iterator[Encoded]:
        """The trace in windows of about ``budget`` tokens, each of which begins with source and state.

        0 means one window. Raises ``ContextExceeded`` when the source does not fit the format.
        """
        with _fitting():
            writer = _Writer(self._machine(trace))
            for step, event in enumerate(trace.events):
                if budget and len(writer.tokens) >= budget + writer.given and not writer.machine.state.empty:
                    yield writer.encoded(len(trace.events))
                    writer = _Writer(writer.machine, step)
                writer.event(step, event)
            yield writer.encoded(len(trace.events))

    def decoder(self, trace: Trace, budget: int = 0) -> CompactDecoder:
        """A decoder that goes on from the events of ``trace``, its prompt being the last window of them."""
        with _fitting():
            writer = _Writer(self._machine(trace))
            for step, event in enumerate(trace.events):
                writer.event(step, event)
            if budget and len(writer.tokens) >= budget + writer.given and not writer.machine.state.empty:
                writer = _Writer(writer.machine, len(trace.events))
        return CompactDecoder(writer.machine, tuple(writer.tokens))

    def decoder_at(self, encoded: Encoded, step: int) -> CompactDecoder:
        """A decoder for one event of an encoded trace."""
        saved = encoded.states[step]
        if not isinstance(saved, _Saved):
            raise ValueError(f"event {step} is not part of the encoded trace")
        return CompactDecoder(saved.machine.at(saved.state), (), single=True)

    @property
    def value_stop(self) -> frozenset[int]:
        """Tokens that end a value."""
        return _VALUE_STOP

    def read_value(self, encoded: Encoded, span: Span, tokens: Sequence[int]) -> str | None:
        """The text that ``tokens`` say in the place of a span, or ``None``."""
        saved = encoded.states[span.step]
        if not isinstance(saved, _Saved) or not tokens or tokens[-1] != Special.STOP:
            return None
        names = saved.machine.names
        if span.kind is SpanKind.RESULT:
            return written_text(None, tokens[:-1], names)
        called = encoded.tokens[encoded.starts[span.step]] == Special.CALL
        return written_text(None if called else saved.state.texts.get(span.name), tokens[1:-1], names)

    def _machine(self, trace: Trace) -> Machine:
        return Machine.of(trace, Names(self._order), self._offset)


@contextmanager
def _fitting() -> Iterator[None]:
    """Too many names are a matter of the context's size."""
    try:
        yield
    except TooManyNames as error:
        raise ContextExceeded(f"The code in play uses {error}.", "Predict a smaller function.") from error


@dataclass(frozen=True, slots=True)
class _Saved:
    """The machine before an event."""

    machine: Machine
    state: State


@dataclass(slots=True)
class _Writer:
    """Observed events to tokens, from the event ``first`` on; ``given`` counts the tokens of the prompt."""

    machine: Machine
    first: int = 0
    given: int = 0
    tokens: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    states: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tokens += [*self.machine.prompt(), *self.machine.anchor()]
        self.given = len(self.tokens)
        self.starts += [-1] * self.first
        self.states += [None] * self.first

    def encoded(self, events: int) -> Encoded:
        """What was written, of a trace of ``events`` events."""
        rest = events - len(self.starts)
        return Encoded(
            tuple(self.tokens),
            tuple(self.spans),
            (*self.starts, *[-1] * rest),
            (*self.states, *[None] * rest),
        )

    def event(self, step: int, event: Event) -> None:
        """Append one event and what is given after it; events outside the slice are left out."""
        if not self.machine.holds(event):
            self.starts.append(-1)
            self.states.append(None)
            return
        self.machine.settle(event)
        self.starts.append(len(self.tokens))
        self.states.append(_Saved(self.machine, self.machine.state))
        match event.kind:
            case EventKind.CALL:
                self.call(step, event)
            case EventKind.LINE:
                self.line(step, event)
            case _:
                self.end(step, event)
        self.tokens += self.machine.apply(event)

    def say(self, step: int, kind: SpanKind, tokens: Sequence[int], name: str = "") -> None:
        """Append tokens that the model answers for."""
        start = len(self.tokens)
        self.tokens += tokens
        self.spans.append(Span(start, len(self.tokens), step, kind, name))

    def call(self, step: int, event: Event) -> None:
        names = self.machine.names
        head = [Special.CALL, v.line_token(self.machine.number(event.line))]
        entry = self.machine.state.empty
        if entry:
            self.tokens += head
        else:
            self.say(step, SpanKind.FLOW, head)
        for name, value in event.locals.items():
            tokens = [names.token(name), *value_tokens(value.text, names), Special.STOP]
            if entry:
                self.tokens += tokens
            else:
                self.say(step, SpanKind.VALUE, tokens, name)
        if entry:
            self.tokens.append(Special.ECHO)
        else:
            self.say(step, SpanKind.FLOW, [Special.ECHO])

    def line(self, step: int, event: Event) -> None:
        names = self.machine.names
        before = self.machine.state.texts
        for name, value in event.locals.items():
            if before.get(name) != value.text:
                written = written_tokens(before.get(name), value.text, names)
                self.say(step, SpanKind.VALUE, [names.token(name), *written, Special.STOP], name)
        for name in before:
            if name not in event.locals:
                self.say(step, SpanKind.VALUE, [names.token(name), Special.DELETE], name)
        self.say(step, SpanKind.FLOW, [v.line_token(self.machine.number(event.line))])

    def end(self, step: int, event: Event) -> None:
        if event.kind is EventKind.RETURN and event.unwinding:
            self.say(step, SpanKind.FLOW, [Special.UNWIND])
            return
        if event.kind is EventKind.EXCEPTION:
            head = Special.EXCEPTION
        else:
            head = Special.YIELD if event.yielded else Special.RETURN
        text = event.value.text if event.value is not None else "None"
        self.say(step, SpanKind.FLOW, [head])
        self.say(step, SpanKind.RESULT, [*value_tokens(text, self.machine.names), Special.STOP])


@dataclass(slots=True)
class _Pending:
    """The event being read."""

    kind: int = -1
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
        """A whole prompt that ends in the state so far, for a fresh context between two events."""
        self._forced = ()
        return (*self._machine.prompt(), *self._machine.anchor())

    @property
    def stop(self) -> frozenset[int]:
        """Tokens after which the decoder wants to be fed."""
        return _STOP

    @property
    def choices(self) -> frozenset[int] | None:
        """At the start of an event only what the state and the control flow allow."""
        pending = self._pending
        if pending.target or pending.kind in _ENDS or (pending.kind == Special.CALL and not pending.line):
            return None
        if pending.kind == Special.CALL:
            return None
        taken = {self._machine.names.token(name) for name in (*pending.changed, *pending.removed)}
        return self._machine.choices() - taken

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
        guess = self._guess(before)
        if guess is not None:
            pending.changed[pending.target] = guess
        pending.target = ""

    def _result_token(self, token: int) -> None:
        if token != Special.STOP:
            self._collect(token)
            return
        kind = _ENDS[Special(self._pending.kind)]
        guess = self._guess(None)
        if guess is not None:
            self._finish(kind, self._machine.state.line, guess)

    def _collect(self, token: int) -> None:
        self._pending.value.append(token)
        if len(self._pending.value) > MAX_VALUE:
            self._fail("a value that does not end")

    def _guess(self, before: str | None) -> Guess | None:
        """The value collected, or ``None`` when it means nothing (which ends the decoding)."""
        pending = self._pending
        text = written_text(before, pending.value, self._machine.names)
        if text is None:
            self._fail("a value that cannot be read")
            return None
        guess = Guess(text, math.exp(min(0.0, pending.logprob)))
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
        pending, self._pending = self._pending, _Pending()
        machine = self._machine
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


_VALUE_STOP = frozenset({int(Special.STOP), int(Special.DELETE)})
_STOP = v.LINE_TOKENS | {Special.STOP, Special.UNWIND, Special.ECHO, Special.DELETE, Special.END}
