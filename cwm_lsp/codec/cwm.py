"""The published trace format of CWM: traces to its tokens and back.

Source of the format: PROMPTING_GUIDE.md of the Code World Model release, and raw outputs of the model. A
prompt is the source with a mark at the entry, then one frame for each event::

    <|begin_of_text|><|trace_context_start|>SOURCE<|frame_sep|>
    <|call_sep|>{"n": "3"}<|action_sep|>def f(n):\\n<|frame_sep|>
    <|line_sep|>{"n": ".."}<|action_sep|>    return n + 1\\n<|frame_sep|>
    <|return_sep|><|action_sep|>    return n + 1\\n<|arg_sep|>"4"<|frame_sep|><|end_of_text|>

What the format cannot say, and encoding therefore drops: line numbers (decoding finds them through control
flow; where two lines with the same text can both follow, with the same text after them too, it takes the
first), types and sizes of values, locals at a return or an exception, threads, and every file but that of
the entry. A return caused by an exception is written as the return of ``None`` that a trace function
reports; decoding tells it by the exception in the caller, and in the entry frame by the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cwm_lsp.codec.cwm_decoder import CwmDecoder
from cwm_lsp.codec.cwm_state import Program, State
from cwm_lsp.codec.cwm_text import mark_entry, without_mark, write_exception, write_locals, write_string
from cwm_lsp.codec.cwm_tokens import NAMES, CwmTokenizer, TraceTokens
from cwm_lsp.codec.protocol import Encoded, Span, SpanKind
from cwm_lsp.errors import ContextExceeded, SourceError
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.predicted import PredictedStep


class CwmCodec:
    """A :class:`~cwm_lsp.codec.protocol.Codec` for models trained on CWM traces.

    ``context`` is how many tokens the model takes, ``None`` for no limit. Raises
    :class:`~cwm_lsp.errors.SettingsError` for a tokenizer without the trace tokens.
    """

    name = "cwm"

    def __init__(self, tokenizer: CwmTokenizer, context: int | None = None) -> None:
        self._tokenizer = tokenizer
        self._tokens = TraceTokens.of(tokenizer)
        self._context = context

    @property
    def vocabulary(self) -> int:
        """Number of token ids."""
        return self._tokenizer.vocabulary

    def encode(self, trace: Trace) -> Encoded:
        """The prompt and the whole trace. Raises ``ContextExceeded``."""
        writer = self._written(trace)
        if trace.cut is None and not writer.state.stack:
            writer.tokens.append(self._tokens.end)
        self._check(len(writer.tokens))
        return Encoded(tuple(writer.tokens), tuple(writer.spans), tuple(writer.starts), tuple(writer.states))

    def decoder(self, trace: Trace) -> CwmDecoder:
        """A decoder that goes on from the events of ``trace``. Raises ``ContextExceeded``."""
        writer = self._written(trace)
        self._check(len(writer.tokens))
        return CwmDecoder(
            writer.program,
            self._tokens,
            self._tokenizer,
            writer.state,
            tuple(writer.tokens),
            functions=writer.functions,
        )

    def decoder_at(self, encoded: Encoded, step: int) -> CwmDecoder:
        """A decoder for one event of an encoded trace. Raises ``ValueError`` for one that was left out."""
        saved = encoded.states[step]
        if not isinstance(saved, _Saved):
            raise ValueError(f"event {step} is not part of the encoded trace")
        return CwmDecoder(
            saved.program,
            self._tokens,
            self._tokenizer,
            saved.state,
            functions=saved.functions,
            single=True,
        )

    def prompt(self, source: str, entry: int) -> tuple[int, ...]:
        """The tokens before the first frame; ``entry`` is the line that tracing starts at."""
        begin = () if self._tokens.begin is None else (self._tokens.begin,)
        marked = self._tokenizer.encode(mark_entry(source, entry))
        return (*begin, self._tokens.context, *marked, self._tokens.frame)

    def read(self, text: str) -> tuple[int, ...]:
        """Tokens of an output that was stored as text, trace tokens by their names.

        For published outputs only: source that holds such a name cannot be told from structure.
        """
        ids: list[int] = []
        for piece in _pieces(text):
            token = self._tokenizer.special(piece) if piece in NAMES else None
            ids += [token] if token is not None else self._tokenizer.encode(piece)
        return tuple(ids)

    def text(self, tokens: Sequence[int]) -> str:
        """Tokens as text, to look at."""
        return b"".join(map(self._tokenizer.token_bytes, tokens)).decode("utf-8", "replace")

    def trace(self, tokens: Sequence[int], source: SourceFile | None = None) -> Trace:
        """The observed trace that was encoded as ``tokens``, but for what the format cannot say.

        ``source`` is taken from the prompt where it is not given. Raises
        :class:`~cwm_lsp.errors.SourceError` for tokens that are no whole, well-formed trace.
        """
        if self._tokens.frame not in tokens:
            raise SourceError("These tokens hold no trace.")
        start = list(tokens).index(self._tokens.frame) + 1
        source = source or SourceFile("", self._source(tokens[: start - 1], tokens[start:]))
        program = Program(source.text)
        decoder = CwmDecoder(program, self._tokens, self._tokenizer, State())
        read = decoder.feed(tokens[start:], [0.0] * (len(tokens) - start))
        rest = decoder.finish() if not decoder.done else decoder.feed((), ())
        cut = tokens[-1] == self._tokens.frame  # a trace that was cut ends with a whole frame
        problems = (*read.problems, *(() if cut else rest.problems))
        if problems:
            raise SourceError(f"These tokens are no trace: {problems[0].message}.")
        events = tuple(_events([*read.steps, *rest.steps], program))
        entry = events[0].function if events else ""
        return Trace((source,), events, entry, "")

    def _source(self, prompt: Sequence[int], frames: Sequence[int]) -> str:
        """The source of a prompt: its context without the mark on the line that the first frame shows."""
        special = self._tokens.all
        context = self.text([token for token in prompt if token not in special])
        head = list(frames[: frames.index(self._tokens.frame)]) if self._tokens.frame in frames else []
        place = head.index(self._tokens.action) + 1 if self._tokens.action in head else len(head)
        return without_mark(context, self.text(head[place:]))

    def _check(self, length: int) -> None:
        if self._context is not None and length > self._context:
            raise ContextExceeded(
                f"The source and the trace take {length:,} tokens, and the model takes {self._context:,}.",
                "Predict a smaller function or a shorter run.",
            )

    def _written(self, trace: Trace) -> _Writer:
        entry = trace.events[0].line if trace.events else 1
        functions = {event.line: event.function for event in trace.events if event.kind is EventKind.CALL}
        writer = _Writer(Program(trace.source.text), self._tokens, self._tokenizer, functions)
        writer.tokens += self.prompt(trace.source.text, entry)
        for step, event in enumerate(trace.events):
            writer.event(step, event)
        return writer


@dataclass(frozen=True, slots=True)
class _Saved:
    """What is known before an event."""

    program: Program
    state: State
    functions: dict[int, str]


@dataclass(slots=True)
class _Writer:
    """Observed events to tokens."""

    program: Program
    names: TraceTokens
    tokenizer: CwmTokenizer
    functions: dict[int, str]
    state: State = field(default_factory=State)
    tokens: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    states: list[object] = field(default_factory=list)
    entry: int = 0

    def event(self, step: int, event: Event) -> None:
        """Append the frame of one event; what the format has no place for is left out."""
        state = self.program.settle(self.state, event) if self.belongs(event) else None
        if state is None:
            self.starts.append(-1)
            self.states.append(None)
            return
        self.state = state
        self.starts.append(len(self.tokens))
        self.states.append(_Saved(self.program, state, self.functions))
        given = not state.stack and not state.suspended
        self.say([self.names.kinds[event.kind]], step, SpanKind.FLOW, given)
        if event.kind in (EventKind.CALL, EventKind.LINE):
            self.locals(step, event, given)
        source = self.tokenizer.encode(self.program.text(event.line) + "\n")
        flow = [self.names.action, *source]
        if event.kind in (EventKind.CALL, EventKind.LINE):
            self.say([*flow, self.names.frame], step, SpanKind.FLOW, given)
        else:
            self.say([*flow, self.names.arg], step, SpanKind.FLOW, given)
            self.say(self.tokenizer.encode(write_string(_result(event))), step, SpanKind.RESULT, given)
            self.tokens.append(self.names.frame)
        self.state = self.program.observe(state, event)

    def belongs(self, event: Event) -> bool:
        """Whether the event is of the thread and file of the entry, and the entry scope is not left yet."""
        if event.file != 0 or event.thread != 0:
            return False
        if not self.starts:
            self.entry = event.frame
        return bool(self.state.stack) or event.frame == self.entry

    def say(self, tokens: Sequence[int], step: int, kind: SpanKind, given: bool, name: str = "") -> None:
        """Append tokens that the model answers for, unless they are ``given``."""
        start = len(self.tokens)
        self.tokens += tokens
        if not given:
            self.spans.append(Span(start, len(self.tokens), step, kind, name))

    def locals(self, step: int, event: Event, given: bool) -> None:
        """The locals: a span for each name, all tokens that begin in its entry."""
        top = self.state.top
        full = event.kind is EventKind.CALL or top is None or top.fresh
        known = {} if full or top is None else {name: slot.text for name, slot in top.slots.items()}
        values = [
            (name, None if known.get(name) == value.text else value.text)
            for name, value in event.locals.items()
        ]
        text, ends = write_locals(values)
        starts = [0, *ends]
        place = 0
        groups: list[list[int]] = [[] for _ in starts]
        for token in self.tokenizer.encode(text):
            entry = next((index for index, end in enumerate(ends) if place < end), len(ends))
            groups[entry].append(token)
            place += len(self.tokenizer.token_bytes(token))
        for (name, _), tokens in zip(values, groups, strict=False):
            self.say(tokens, step, SpanKind.VALUE, given, name)
        self.say(groups[-1], step, SpanKind.FLOW, given or not groups[-1])


def _result(event: Event) -> str:
    if event.value is None:
        return "None"
    if event.kind is EventKind.EXCEPTION:
        return write_exception(event.value.type, event.value.text)
    return event.value.text


def _pieces(text: str) -> Iterator[str]:
    """``text`` cut at the names of trace tokens, which are kept."""
    rest = text
    while rest:
        found = min(((rest.find(name), name) for name in NAMES if name in rest), default=None)
        if found is None:
            yield rest
            return
        place, name = found
        if place:
            yield rest[:place]
        yield name
        rest = rest[place + len(name) :]


def _events(steps: Sequence[PredictedStep], program: Program) -> Iterator[Event]:
    """Decoded steps of an observed trace as its events."""
    calls: dict[int, list[int]] = {}
    for index, step in enumerate(steps):
        if step.kind is EventKind.CALL:
            calls.setdefault(step.frame, []).append(index)
    previous: dict[int, Event] = {}
    for index, step in enumerate(steps):
        returns = step.kind is EventKind.RETURN
        resumed = any(call > index for call in calls.get(step.frame, ()))
        event = Event(
            kind=step.kind,
            line=step.line,
            function=step.function,
            depth=step.depth,
            locals={name: Value(guess.text) for name, guess in step.locals.items()},
            value=None if step.value is None else Value(step.value.text),
            frame=step.frame,
            unwinding=returns and step.value is None,
        )
        last = previous.get(step.frame)
        waits = _waits(program, calls.get(step.frame, [0])[0], steps, step) and last is not None
        left = resumed or (waits and last is not None and last.kind is EventKind.LINE)
        event = replace(event, yielded=returns and not event.unwinding and left)
        previous[step.frame] = event
        yield event


def _waits(program: Program, call: int, steps: Sequence[PredictedStep], step: PredictedStep) -> bool:
    """Whether a generator stands at a ``yield`` here."""
    scope = program.scopes.by_line.get(steps[call].line)
    return scope is not None and scope.generator and step.line in scope.suspends
