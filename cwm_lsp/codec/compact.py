"""The embedded model's own trace format.

Theory of operation. A frame says which values change and which line comes next; values that stay are
not written. As soon as the next line is known, everything that can be looked up is appended for the
model: the text of that line with the current value behind each name it reads and each item it looks up,
how often its loop was entered with the items that it takes now, and the lines that can follow (*echo*).
All of it comes from the state that the frames written so far describe, observed or predicted alike;
nothing is executed. So the model always computes from what stands right before it, and a forced trace is
scored in one pass over the same tokens::

    <begin> <context> <L1> def f(xs): <L2> <i1> total = 0 ... <trace>
    <call> <L1> xs [<#0>4<#1>9<#2>] <stop> <echo> <next> <L2>
    <L2> total = 0 <next> <L3>
    total <told> <stop> <L3> for x in xs <operand> [<#0>4<#1>9<#2>] : <#0> 0 <operand> 4 <next> <L4> <L5>
    x <told> <stop> <L4> ...
    <return> <told> <stop> <end>

What can be worked out need not be spelled again: ``<told>`` is the value that is worked out for its place
(:mod:`cwm_lsp.codec.expected`). Whether it is that value is the model's to say.

What the model answers for are names with their values, ``<L..>`` after them, ``<call>``, ``<return>``,
``<yield>``, ``<exception>`` and their values; the rest is given. One machine produces the given tokens for
encoder and decoder, so the two cannot differ.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact_decoder import LINE, CompactDecoder, said
from cwm_lsp.codec.edits import written_tokens
from cwm_lsp.codec.frames import State
from cwm_lsp.codec.machine import Machine
from cwm_lsp.codec.page import FULL, fitting, whole_page
from cwm_lsp.codec.protocol import Encoded, Span, SpanKind
from cwm_lsp.codec.values import Names, NoRoom, value_tokens
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.trace.model import Event, EventKind, Trace

_VALUE_STOP = frozenset({int(Special.STOP), int(Special.DELETE)})


class CompactCodec:
    """Traces to and from the compact format.

    ``order`` and ``offset`` shuffle names and lines in training; ``aided`` false works nothing out for the
    model.
    """

    name = "compact"
    vocabulary = v.SIZE

    def __init__(self, order: Sequence[int] = range(v.SLOTS), offset: int = 0, *, aided: bool = True) -> None:
        self._order = order
        self._offset = offset
        self._aided = aided

    def encode(self, trace: Trace) -> Encoded:
        """The prompt and the whole trace. Raises ``ContextExceeded``."""
        with fitting():
            machine = self._machine(trace)
            if not machine.page.whole:
                whole_page(machine.slice, self._offset)  # which says why it is not
            first, *others = islice(_windows(machine, trace, 0), 2)
            if others:
                raise NoRoom(f"uses more than {len(self._order)} different names")
            return first

    def windows(self, trace: Trace, budget: int) -> Iterator[Encoded]:
        """The trace in windows of about ``budget`` tokens, each of which begins with source and state.

        0 means windows of any length. Another one begins where the run comes to what the page of the source
        does not show. Raises ``ContextExceeded`` where not even the beginning fits the format.
        """
        with fitting():
            yield from _windows(self._machine(trace), trace, budget)

    def decoder(self, trace: Trace, budget: int = 0) -> CompactDecoder:
        """A decoder that goes on from the events of ``trace``, its prompt being the last window of them.

        Passes of a loop that are only counted (see ``predict/standing.py``) are no part of the prompt.
        """
        with fitting():
            writer = _Writer(self._machine(trace))
            skipped = 0
            for step, event in enumerate(trace.events):
                if budget and _says_nothing_more(trace.events, step):
                    writer.machine.visit_again()
                    skipped += 1
                else:
                    writer = writer.then(step, event)
            long = skipped > 0 or len(writer.tokens) >= budget + writer.given
            if writer.machine.off_page:
                writer = _Writer(writer.machine.turned(), len(trace.events))
            elif budget and long and not writer.machine.state.empty:
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
        machine = saved.machine.at(saved.state)
        if span.kind is SpanKind.RESULT:
            head = encoded.tokens[span.start - 1]
            return said(machine, head, None, "", tokens[:-1])
        start = encoded.starts[span.step]
        if encoded.tokens[start] == Special.CALL:
            line = machine.line(encoded.tokens[start + 1]) or 0
            return said(machine, Special.CALL, None, span.name, tokens[1:-1], line)
        return said(machine, LINE, saved.state.texts.get(span.name), span.name, tokens[1:-1])

    def _machine(self, trace: Trace) -> Machine:
        return Machine.of(trace, Names(self._order), self._offset, aided=self._aided)


def _says_nothing_more(events: Sequence[Event], step: int) -> bool:
    """Whether an event, those before and after it being the very same, only counts another visit."""
    same = events[max(0, step - 1) : step + 2]
    return len(same) == 3 and same[0] is same[1] is same[2] and same[0].kind is EventKind.LINE


def _windows(machine: Machine, trace: Trace, budget: int) -> Iterator[Encoded]:
    writer = _Writer(machine, room=FULL if budget else sys.maxsize)
    for step, event in enumerate(trace.events):
        before = writer
        if budget and len(writer.tokens) >= budget + writer.given and not writer.machine.state.empty:
            writer.full = True
        writer = writer.then(step, event)
        if writer is not before:
            yield before.encoded(len(trace.events))
    yield writer.encoded(len(trace.events))


def _asked(as_told: bool, due: bool) -> int | None:
    """How many tokens of a name and its value the model is asked for; ``None`` for all."""
    return int(not due) if as_told else None


@dataclass(frozen=True, slots=True)
class _Saved:
    """The machine before an event."""

    machine: Machine
    state: State


@dataclass(slots=True)
class _Writer:
    """Observed events to tokens, from the event ``first`` on; ``given`` counts the tokens of the prompt.

    There are at most ``room`` of them, and no more events can follow once it is ``full``.
    """

    machine: Machine
    first: int = 0
    room: int = sys.maxsize
    given: int = 0
    full: bool = False
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

    def then(self, step: int, event: Event) -> _Writer:
        """Append an event, or begin another window with it where there is no room for it or it is not shown.

        One for which no window has room is left out, like those outside the slice.
        """
        if not self.machine.holds(event):
            return self.without()
        self.machine.settle(event)
        if not self.full and not self.machine.off_page and self.wrote(step, event):
            return self
        for other in self.others(step, event.line):
            if other.wrote(step, event):
                return other
        self.machine.apply(event)
        self.machine.off_page = True
        return self.without()

    def others(self, step: int, line: int) -> Iterator[_Writer]:
        """Writers that begin with the event ``step`` at ``line``: of the same page, if it can, or another."""
        machine = self.machine
        with suppress(NoRoom):
            if machine.off_page or line in machine.page:
                yield _Writer(machine.turned() if machine.off_page else machine, step, self.room)
        with suppress(NoRoom):
            yield _Writer(machine.turned(line), step, self.room)

    def without(self) -> _Writer:
        """Leave an event out."""
        self.starts.append(-1)
        self.states.append(None)
        return self

    def wrote(self, step: int, event: Event) -> bool:
        """Append an event, or nothing where there is no room for it."""
        tokens, spans = len(self.tokens), len(self.spans)
        try:
            self.event(step, event)
        except NoRoom:
            del self.tokens[tokens:], self.spans[spans:], self.starts[step:], self.states[step:]
            return False
        return True

    def event(self, step: int, event: Event) -> None:
        """Append one event and what is given after it. Raises ``NoRoom``, the state being what it was."""
        self.starts.append(len(self.tokens))
        self.states.append(_Saved(self.machine, self.machine.state))
        match event.kind:
            case EventKind.CALL:
                self.call(step, event)
            case EventKind.LINE:
                self.line(step, event)
            case _:
                self.end(step, event)
        said = len(self.tokens)
        if said > self.room:
            raise NoRoom(f"takes more than {self.room:,} tokens")
        self.tokens += self.machine.apply(event)
        if len(self.tokens) > self.room:
            del self.tokens[said:]
            self.full = True

    def say(
        self, step: int, kind: SpanKind, tokens: Sequence[int], name: str = "", asked: int | None = None
    ) -> None:
        """Append tokens that the model answers for; behind the first ``asked`` of them all is sure."""
        start = len(self.tokens)
        self.tokens += tokens
        sure = -1 if asked is None else start + asked
        self.spans.append(Span(start, len(self.tokens), step, kind, name, sure))

    def call(self, step: int, event: Event) -> None:
        names = self.machine.names
        head = [Special.CALL, v.line_token(self.machine.number(event.line))]
        entry = self.machine.state.empty
        told = self.machine.expected(Special.CALL, event.line).names
        due = frozenset[str]()
        if entry:
            self.tokens += head
        else:
            sure = self._only(Special.CALL) and self.machine.entries() == {event.line}
            self.say(step, SpanKind.FLOW, head, asked=0 if sure else None)
            due = self.machine.arguments_due(event.line)
        for name, value in event.locals.items():
            as_told = told.get(name) == value.text
            written = [Special.TOLD] if as_told else value_tokens(value.text, names)
            tokens = [names.token(name), *written, Special.STOP]
            if entry:
                self.tokens += tokens
            else:
                self.say(step, SpanKind.VALUE, tokens, name, _asked(as_told, name in due))
        if entry:
            self.tokens.append(Special.ECHO)
        else:
            more, can_end = self.machine.begins_with(event.line, event.locals)
            is_sure = self.machine.aided and can_end and not more
            self.say(step, SpanKind.FLOW, [Special.ECHO], asked=0 if is_sure else None)

    def line(self, step: int, event: Event) -> None:
        names = self.machine.names
        before = self.machine.state.texts
        told = self.machine.expected(LINE).names
        due = self.machine.due()
        said: list[str] = []
        for name, value in event.locals.items():
            if before.get(name) != value.text:
                as_told = told.get(name) == value.text
                written = [Special.TOLD] if as_told else written_tokens(before.get(name), value.text, names)
                tokens = [names.token(name), *written, Special.STOP]
                self.say(step, SpanKind.VALUE, tokens, name, _asked(as_told, name in due))
                said.append(name)
        gone = self.machine.unbound(event.line) if self.machine.aided else frozenset()
        for name in before:
            if name not in event.locals:
                asked = 0 if name in gone else None
                self.say(step, SpanKind.VALUE, [names.token(name), Special.DELETE], name, asked)
                said.append(name)
        line = v.line_token(self.machine.number(event.line))
        self.say(step, SpanKind.FLOW, [line], asked=0 if self._only(line, said) else None)

    def _only(self, token: int, said: Sequence[str] = ()) -> bool:
        """Whether nothing but ``token`` can come next, the names ``said`` having been told."""
        taken = {self.machine.names.token(name) for name in said}
        return self.machine.aided and self.machine.choices(said) - taken == {token}

    def end(self, step: int, event: Event) -> None:
        if event.kind is EventKind.RETURN and event.unwinding:
            self.say(step, SpanKind.FLOW, [Special.UNWIND], asked=0 if self._only(Special.UNWIND) else None)
            return
        if event.kind is EventKind.EXCEPTION:
            head = Special.EXCEPTION
        else:
            head = Special.YIELD if event.yielded else Special.RETURN
        text = event.value.text if event.value is not None else "None"
        as_told = self.machine.expected(head).at(head) == text
        written = [Special.TOLD] if as_told else value_tokens(text, self.machine.names)
        self.say(step, SpanKind.FLOW, [head], asked=0 if self._only(head) else None)
        self.say(step, SpanKind.RESULT, [*written, Special.STOP], asked=0 if as_told else None)
