"""One window of a scored run: what the model expected at each of its events.

One pass over the window says at each place how likely the model thought what happened and what it would
have said. Where it would have said something else, it writes: a value that differs, that value alone; another
name, line or event, up to the end of its event. None of that depends on the rest, so all of it is asked for
together, each behind a fork of the window, and the backend writes it in as few passes as it can.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

import numpy as np

from cwm_lsp.backend.protocol import Backend, Prefix, Scores
from cwm_lsp.codec.protocol import Codec, Encoded, Span, SpanKind
from cwm_lsp.predict.transcript import Transcript
from cwm_lsp.trace.model import Event, EventKind, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep

AT_ONCE = 16
"""Continuations that are asked for at the same time."""

_NO_SCORES = Scores(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that the model is to write behind the first ``place`` tokens of a window."""

    place: int
    write: Callable[[Prefix], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Window:
    """An encoded window that was scored up to the last token that the model is asked for.

    ``scores`` begin at its token ``first``; ``prefix`` holds what was read, ``None`` if nothing is asked for.
    """

    codec: Codec
    encoded: Encoded
    prefix: Prefix | None
    scores: Scores
    first: int
    longest: int

    @classmethod
    async def scored(cls, backend: Backend, codec: Codec, encoded: Encoded, longest: int) -> Window:
        """Score what the model answers for; the prompt before it is only read, if it is not in memory.

        ``longest`` counts the tokens that the model may write for one event. The caller closes it.
        """
        span = encoded.spans[0]
        first = min(span.start, encoded.starts[span.step])
        last = max(
            (one.asked.stop for one in encoded.spans if one.asked.start < one.asked.stop), default=first
        )
        if last == first:
            return cls(codec, encoded, None, _NO_SCORES, first, longest)
        prefix = await backend.open(encoded.tokens[:first])
        try:
            scores = await prefix.extend(encoded.tokens[first:last])
        except BaseException:
            await prefix.close()
            raise
        return cls(codec, encoded, prefix, scores, first, longest)

    async def write(self, asks: Sequence[Ask]) -> None:
        """Let the model write what ``asks`` need. Raises ``BackendError``."""
        if self.prefix is not None:
            await _all_of(asks, self.prefix)

    async def close(self) -> None:
        """Give up what the backend holds of the window."""
        if self.prefix is not None:
            await self.prefix.close()

    def by_step(self) -> Iterator[tuple[int, tuple[Span, ...]]]:
        """The spans of each event, which is named by its number."""
        for step, spans in groupby(self.encoded.spans, key=lambda span: span.step):
            yield step, tuple(spans)

    def miss(self, span: Span) -> int | None:
        """The first token of ``span`` that the model would not have written, or ``None``."""
        best = self.scores.best[span.asked.start - self.first : span.asked.stop - self.first]
        differs = best != self.encoded.tokens[span.asked]
        return span.start + int(differs.argmax()) if differs.any() else None

    def logs(self, spans: Iterable[Span]) -> list[float]:
        """The log-probabilities of the tokens of ``spans``, 0 for those that are sure."""
        found: list[float] = []
        for span in spans:
            asked = span.asked
            found += self.scores.logprob[asked.start - self.first : asked.stop - self.first].tolist()
            found += [0.0] * (span.end - asked.stop)
        return found

    def log(self, span: Span, end: int | None = None) -> float:
        """The log-probability of what ``span`` asks for, up to its token ``end`` (exclusive)."""
        asked = span.asked
        stop = asked.stop if end is None else min(end, asked.stop)
        return float(self.scores.logprob[asked.start - self.first : stop - self.first].sum())

    def best(self, place: int) -> float:
        """How probable the most likely token was at ``place``."""
        return math.exp(float(self.scores.best_logprob[place - self.first]))


@dataclass(slots=True)
class Reading:
    """The event ``step`` of a run; ``before`` are the values of its frame, by name, when it was last seen."""

    window: Window
    event: Event
    step: int
    spans: tuple[Span, ...]
    before: Mapping[str, Value]
    _misses: list[int | None] = field(init=False)
    _written: dict[Span, Guess] = field(default_factory=dict)
    _other: PredictedStep | None = None

    def __post_init__(self) -> None:
        self._misses = [self.window.miss(span) for span in self.spans]

    def asks(self) -> Iterator[Ask]:
        """What the model must write before :attr:`predicted` is known."""
        parted = False
        for span, miss in zip(self.spans, self._misses, strict=True):
            if miss is None:
                continue
            if not _elsewhere(span, miss):
                yield Ask(miss, partial(self._rewrite, span, miss))
            elif not parted:  # what it expected instead is read to the end of the event, so once
                parted = True
                yield Ask(span.start, partial(self._part, span))

    def predicted(self) -> PredictedStep:
        """What the model expected here, once it has written all that was asked."""
        event, flow = self.event, 0.0
        changed: dict[str, Guess] = {}
        removed: list[str] = []
        value: Guess | None = None
        for span, miss in zip(self.spans, self._misses, strict=True):
            if miss is None and span.kind is SpanKind.FLOW:
                flow += self.window.log(span)
            elif miss is None and span.kind is SpanKind.VALUE and span.name not in event.locals:
                removed.append(span.name)
            elif (guess := self._guess(span, miss)) is None:
                continue
            elif span.kind is SpanKind.RESULT:
                value = guess
            else:
                changed[span.name] = guess
        kind, line, probability = event.kind, event.line, math.exp(flow)
        if self._other is not None:
            kind, line, probability = self._other.kind, self._other.line, self._other.probability
            changed |= {name: guess for name, guess in self._other.changed.items() if name not in changed}
            removed += [name for name in self._other.removed if name not in removed]
            if value is None and kind is not event.kind:
                value = self._other.value
        function, depth, frame = self._where()
        return PredictedStep(
            kind, line, function, depth, probability, changed, tuple(removed), {}, value, frame
        )

    def _where(self) -> tuple[str, int, int]:
        """Function, depth and frame of what the model expected; the frame of a call that never was is -1."""
        event, other = self.event, self._other
        if other is None or (other.kind, other.function, other.depth) == (
            event.kind,
            event.function,
            event.depth,
        ):
            return event.function, event.depth, event.frame
        return other.function, other.depth, other.frame if other.kind is not EventKind.CALL else -1

    def _guess(self, span: Span, miss: int | None) -> Guess | None:
        """The value that the model expected in the place of ``span``, ``None`` where it said none."""
        if miss is not None:
            return self._unexpected(span) if _elsewhere(span, miss) else self._written.get(span)
        value = self.event.value if span.kind is SpanKind.RESULT else self.event.locals[span.name]
        text = value.text if value is not None else "None"
        return Guess(text, math.exp(self.window.log(span)))

    def _unexpected(self, span: Span) -> Guess | None:
        """The model did not expect ``span.name`` to change, which predicts the value that it had."""
        value = self.before.get(span.name) if span.kind is SpanKind.VALUE else None
        return Guess(value.text, self.window.best(span.start)) if value is not None else None

    async def _rewrite(self, span: Span, miss: int, branch: Prefix) -> None:
        """The model would have written another value: let it, that value alone."""
        window = self.window
        codec, encoded = window.codec, window.encoded
        decoder = codec.decoder_at(encoded, self.step)
        given = encoded.tokens[encoded.starts[self.step] : miss]
        decoder.feed(given, [0.0] * len(given))
        more = await branch.write(codec.value_stop, window.longest, first=decoder.choices)
        text = codec.read_value(encoded, span, (*encoded.tokens[span.start : miss], *more.tokens))
        if text is not None:
            log = window.log(span, miss) + sum(more.logprob)
            self._written[span] = Guess(text, math.exp(log))

    async def _part(self, span: Span, branch: Prefix) -> None:
        """The model expected another name, another line or another event: let it go on to the end of one."""
        window = self.window
        start = window.encoded.starts[self.step]
        decoder = window.codec.decoder_at(window.encoded, self.step)
        before = window.logs(one for one in self.spans if one.start < span.start)
        steps = [*decoder.feed(window.encoded.tokens[start : span.start], before).steps]
        transcript, written = Transcript(branch), 0
        while not decoder.done and written < window.longest:
            count, decoded = await transcript.write(decoder, window.longest - written)
            written += count
            steps += decoded.steps
        self._other = steps[0] if steps else None


def _elsewhere(span: Span, miss: int) -> bool:
    """Whether a first wrong token at ``miss`` means another name, line or event, and no other value."""
    return span.kind is SpanKind.FLOW or miss == span.start


async def _all_of(asks: Sequence[Ask], trunk: Prefix) -> None:
    """Do all of ``asks`` behind forks of ``trunk``, ``AT_ONCE`` at a time. One that fails ends the others."""
    forked = await asyncio.gather(*(trunk.fork(ask.place) for ask in asks), return_exceptions=True)
    branches = [one for one in forked if not isinstance(one, BaseException)]
    try:
        for failure in forked:
            if isinstance(failure, BaseException):
                raise failure
        await _written(iter(list(zip(asks, branches, strict=True))), min(AT_ONCE, len(asks)))
    finally:
        await asyncio.gather(*(branch.close() for branch in branches))


async def _written(waiting: Iterator[tuple[Ask, Prefix]], at_once: int) -> None:
    async def some() -> None:
        for ask, branch in waiting:
            await ask.write(branch)

    tasks = [asyncio.create_task(some()) for _ in range(at_once)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
