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
from dataclasses import replace

from cwm_lsp.codec.cwm_decoder import CwmDecoder
from cwm_lsp.codec.cwm_state import Program, State
from cwm_lsp.codec.cwm_text import read_exception, read_locals, read_string, without_mark
from cwm_lsp.codec.cwm_tokens import NAMES, CwmTokenizer, TraceTokens
from cwm_lsp.codec.cwm_writer import Format, Saved, Writer
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
        (encoded,) = self.windows(trace, 0)
        return encoded

    def windows(self, trace: Trace, budget: int) -> Iterator[Encoded]:
        """The trace in windows of about ``budget`` tokens, each behind the source and the state there.

        A ``budget`` of 0 means one window. Raises ``ContextExceeded``.
        """
        writer = Writer(self._format(trace))
        for step, event in enumerate(trace.events):
            if budget and len(writer.tokens) >= budget + writer.given and writer.state.stack:
                yield self._checked(writer).encoded(len(trace.events))
                writer = writer.afresh()
            writer.event(step, event)
        if trace.cut is None and not writer.state.stack:
            writer.tokens.append(self._tokens.end)
        yield self._checked(writer).encoded(len(trace.events))

    def decoder(self, trace: Trace, budget: int = 0) -> CwmDecoder:
        """A decoder that goes on from the events of ``trace``. Raises ``ContextExceeded``."""
        writer = Writer(self._format(trace))
        for step, event in enumerate(trace.events):
            writer.event(step, event)
        if budget and len(writer.tokens) >= budget + writer.given and writer.state.stack:
            writer = writer.afresh()
        return CwmDecoder(writer.format, writer.state, tuple(self._checked(writer).tokens))

    def decoder_at(self, encoded: Encoded, step: int) -> CwmDecoder:
        """A decoder for one event of an encoded trace. Raises ``ValueError`` for one that was left out."""
        saved = encoded.states[step]
        if not isinstance(saved, Saved):
            raise ValueError(f"event {step} is not part of the encoded trace")
        return CwmDecoder(saved.format, saved.state, single=True)

    @property
    def value_stop(self) -> frozenset[int]:
        """The trace tokens: no others are sure to end a value, since a quote may be escaped or opening."""
        return self._tokens.all

    def read_value(self, encoded: Encoded, span: Span, tokens: Sequence[int]) -> str | None:
        """The text that ``tokens`` say in the place of a span, or ``None``."""
        text = self.text([token for token in tokens if token not in self._tokens.all])
        if span.kind is SpanKind.RESULT:
            value = read_string(text)
            raised = encoded.tokens[encoded.starts[span.step]] == self._tokens.kinds[EventKind.EXCEPTION]
            return read_exception(value) if value is not None and raised else value
        entries = read_locals("{" + text.lstrip("{, ")).entries
        return entries[0].text if entries and entries[0].name == span.name else None

    def prompt(self, source: str, entry: int) -> tuple[int, ...]:
        """The tokens before the first frame; ``entry`` is the line that tracing starts at."""
        return Format(Program(source), self._tokens, self._tokenizer, source, entry, {}).prompt()

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
        decoder = CwmDecoder(Format(program, self._tokens, self._tokenizer, source.text, 1, {}), State())
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

    def _checked(self, writer: Writer) -> Writer:
        length = len(writer.tokens)
        if self._context is not None and length > self._context:
            raise ContextExceeded(
                f"The source and the trace take {length:,} tokens, and the model takes {self._context:,}.",
                "Predict a smaller function or a shorter run.",
            )
        return writer

    def _format(self, trace: Trace) -> Format:
        text = trace.source.text
        entry = trace.events[0].line if trace.events else 1
        functions = {event.line: event.function for event in trace.events if event.kind is EventKind.CALL}
        return Format(Program(text), self._tokens, self._tokenizer, text, entry, functions)


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
