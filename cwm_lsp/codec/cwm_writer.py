"""Observed events to CWM frames, and a state to the frames that bring a model there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cwm_lsp.codec.cwm_state import Activation, Program, State
from cwm_lsp.codec.cwm_text import mark_entry, write_exception, write_locals, write_string
from cwm_lsp.codec.cwm_tokens import CwmTokenizer, TraceTokens
from cwm_lsp.codec.flow import EXIT
from cwm_lsp.codec.protocol import Encoded, Span, SpanKind
from cwm_lsp.trace.model import Event, EventKind

Values = Sequence[tuple[str, str | None]]
"""Locals as written: name and text, ``None`` for unchanged."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one program is written for one tokenizer. ``entry`` is the line that tracing starts at."""

    program: Program
    names: TraceTokens
    tokenizer: CwmTokenizer
    source: str
    entry: int
    functions: Mapping[int, str]

    def prompt(self) -> tuple[int, ...]:
        """The tokens before the first frame."""
        begin = () if self.names.begin is None else (self.names.begin,)
        marked = self.tokenizer.encode(mark_entry(self.source, self.entry))
        return (*begin, self.names.context, *marked, self.names.frame)

    def anchor(self, state: State) -> tuple[int, ...]:
        """Frames that bring a model to ``state``: for each one that runs its call, and the line it is at."""
        tokens: list[int] = []
        for one in state.stack:
            if not one.hidden:
                tokens += self._entered(one)
        return tuple(tokens)

    def _entered(self, one: Activation) -> list[int]:
        values = [(name, slot.text) for name, slot in one.slots.items()]
        if one.entered:
            return self.state_frame(EventKind.CALL, values, min(one.lines))
        scope = self.program.scopes.by_line.get(one.scope)
        parameters = scope.parameters if scope is not None else frozenset()
        given = [(name, text) for name, text in values if name in parameters]
        head = self.state_frame(EventKind.CALL, given, self.entry if one.scope == EXIT else one.scope)
        line = self.state_frame(EventKind.LINE, values, min(one.lines))
        if not one.raised:
            return head + line
        raised = self.value_frame(EventKind.EXCEPTION, one.error, min(one.raised))
        return [*head, *line, *raised] if one.lines == one.raised else [*head, *raised, *line]

    def state_frame(self, kind: EventKind, values: Values, line: int) -> list[int]:
        """A call or line frame."""
        listed = self.tokenizer.encode(write_locals(values)[0])
        return [self.names.kinds[kind], *listed, self.names.action, *self.line(line), self.names.frame]

    def value_frame(self, kind: EventKind, text: str, line: int) -> list[int]:
        """A return or exception frame."""
        value = self.tokenizer.encode(write_string(text))
        return [
            *(self.names.kinds[kind], self.names.action, *self.line(line)),
            *(self.names.arg, *value, self.names.frame),
        ]

    def line(self, line: int) -> Sequence[int]:
        """The text of a source line."""
        return self.tokenizer.encode(self.program.text(line) + "\n")


@dataclass(frozen=True, slots=True)
class Saved:
    """What is known before an event."""

    format: Format
    state: State


@dataclass(slots=True)
class Writer:
    """Writes events one after another, beginning with the prompt and the frames that lead to ``state``.

    ``given`` counts the tokens before the first event; ``entry`` is the frame that tracing began in.
    """

    format: Format
    state: State = field(default_factory=State)
    entry: int | None = None
    given: int = 0
    tokens: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    starts: dict[int, int] = field(default_factory=dict)
    saved: dict[int, Saved] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tokens += (*self.format.prompt(), *self.format.anchor(self.state))
        self.given = len(self.tokens)

    def afresh(self) -> Writer:
        """A writer that goes on from here behind a prompt of its own."""
        return Writer(self.format, self.state, self.entry)

    def encoded(self, events: int) -> Encoded:
        """What was written, of a trace of so many events."""
        return Encoded(
            tuple(self.tokens),
            tuple(self.spans),
            tuple(self.starts.get(step, -1) for step in range(events)),
            tuple(self.saved.get(step) for step in range(events)),
        )

    def event(self, step: int, event: Event) -> None:
        """Append the frame of one event; what the format has no place for is left out."""
        state = self.format.program.settle(self.state, event) if self._belongs(event) else None
        if state is None:
            return
        given = self.entry is None
        self.entry = event.frame if given else self.entry
        self.state = state
        self.starts[step] = len(self.tokens)
        self.saved[step] = Saved(self.format, state)
        names = self.format.names
        self._say([names.kinds[event.kind]], step, SpanKind.FLOW, given)
        if event.kind in (EventKind.CALL, EventKind.LINE):
            self._locals(step, event, given)
        flow = [names.action, *self.format.line(event.line)]
        if event.kind in (EventKind.CALL, EventKind.LINE):
            self._say([*flow, names.frame], step, SpanKind.FLOW, given)
        else:
            self._say([*flow, names.arg], step, SpanKind.FLOW, given)
            value = self.format.tokenizer.encode(write_string(result_text(event)))
            self._say(value, step, SpanKind.RESULT, given)
            self.tokens.append(names.frame)
        self.state = self.format.program.observe(state, event)

    def _belongs(self, event: Event) -> bool:
        """Whether the event is of the thread and file of the entry, and the entry scope is not left yet."""
        if event.file != 0 or event.thread != 0:
            return False
        return bool(self.state.stack) or self.entry is None or event.frame == self.entry

    def _say(self, tokens: Sequence[int], step: int, kind: SpanKind, given: bool, name: str = "") -> None:
        """Append tokens that the model answers for, unless they are ``given``."""
        start = len(self.tokens)
        self.tokens += tokens
        if tokens and not given:
            self.spans.append(Span(start, len(self.tokens), step, kind, name))

    def _locals(self, step: int, event: Event, given: bool) -> None:
        """The locals: a value span for each name that changes, all tokens that begin in its entry.

        That the others stay as they are is part of what the model says of the flow.
        """
        top = self.state.top
        enters = event.kind is EventKind.CALL or top is None
        known = {} if enters or top is None else {name: slot.text for name, slot in top.slots.items()}
        full = enters or (top is not None and top.fresh)
        values = [
            (name, None if not full and known.get(name) == value.text else value.text)
            for name, value in event.locals.items()
        ]
        text, ends = write_locals(values)
        *entries, after = self._entries(text, ends)
        for (name, _), tokens in zip(values, entries, strict=True):
            changed = known.get(name) != event.locals[name].text
            kind = SpanKind.VALUE if changed else SpanKind.FLOW
            self._say(tokens, step, kind, given, name if changed else "")
        self._say(after, step, SpanKind.FLOW, given)

    def _entries(self, text: str, ends: Sequence[int]) -> list[list[int]]:
        """The tokens of each entry of a locals object, then those after the last."""
        groups: list[list[int]] = [[] for _ in (*ends, None)]
        place = entry = 0
        for token in self.format.tokenizer.encode(text):
            while entry < len(ends) and place >= ends[entry]:
                entry += 1
            groups[entry].append(token)
            place += len(self.format.tokenizer.token_bytes(token))
        return groups


def result_text(event: Event) -> str:
    """What a return or exception frame shows."""
    if event.value is None:
        return "None"
    if event.kind is EventKind.EXCEPTION:
        return write_exception(event.value.type, event.value.text)
    return event.value.text
