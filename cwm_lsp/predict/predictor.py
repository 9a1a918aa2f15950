"""Drives a codec and a backend: the two ways of asking a world model.

*Scoring* forces the observed run on the model. One pass gives, at each place, how likely the model thought
what happened and what it would have said; only where it would have said something else does it write, and
only that value. *Running ahead* lets it write from a state on, while everything known is forced.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import groupby

from cwm_lsp.backend.protocol import GREEDY, Backend, Prefix, Sampling, Scores
from cwm_lsp.codec.protocol import Codec, Decoder, Encoded, Span, SpanKind
from cwm_lsp.errors import ContextExceeded
from cwm_lsp.predict.calibration import Calibration
from cwm_lsp.predict.history import History
from cwm_lsp.trace.model import Event, EventKind, Trace
from cwm_lsp.trace.predicted import Guess, PredictedStep, Problem

WINDOW = 640
"""Tokens of a run that the model sees behind the source. A longer run is cut into windows, each beginning
with the state there, which keeps every cost linear and the model within the lengths that it learned from."""

MAX_EVENT = 600
"""Tokens that the model may write for one event, unless the predictor says otherwise."""

_STATE_ALONE = 1
"""Tokens of a run that a prompt has room for, so few that it begins with the state reached."""

ProgressReport = Callable[[int, int], None]
"""Called with the number of events done and of all."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A free run: ``finished`` says that the entry scope was left, not that a limit was met."""

    steps: tuple[PredictedStep, ...]
    problems: tuple[Problem, ...]
    finished: bool


@dataclass(frozen=True, slots=True)
class Predictor:
    """A model with the codec that it speaks. ``trace`` arguments must be normalised.

    ``window`` and ``longest`` count tokens: those of a run that are shown behind the source, and those
    that the model may write for one event.
    """

    backend: Backend
    codec: Codec
    calibration: Calibration = field(default_factory=Calibration)
    window: int = WINDOW
    longest: int = MAX_EVENT

    async def score(
        self, trace: Trace, *, progress: ProgressReport | None = None
    ) -> tuple[PredictedStep | None, ...]:
        """What the model expected for every event after the entry call, each from the real history before it.

        Where it was wrong at a line, it is believed less at the line's next visit.

        ``None`` stands for an event outside the source that the model is shown. Raises ``BackendError``.
        """
        found: dict[int, PredictedStep] = {}
        history = History()
        history.happened(trace.events[0])
        for encoded in self.codec.windows(trace, self.window):
            self._fits(len(encoded.tokens))
            prefix = await self.backend.open()
            try:
                scores = await prefix.extend(encoded.tokens)
                for step, spans in _by_step(encoded):
                    reading = _Reading(self, trace.events, encoded, scores, step, spans)
                    found[step] = self._believed(await reading.predict(prefix), trace.events[step], history)
                    if progress is not None:
                        progress(step + 1, len(trace.events))
            finally:
                await prefix.close()
        return tuple(found.get(step) for step in range(1, len(trace.events)))

    async def run_ahead(
        self,
        trace: Trace,
        *,
        max_events: int = 500,
        sampling: Sampling = GREEDY,
        progress: ProgressReport | None = None,
    ) -> Prediction:
        """Go on from the events of ``trace``, which may be the entry call alone. Raises ``BackendError``.

        Every step stands on those before it, so its probabilities are those of the whole path up to it.
        """
        decoder = self.codec.decoder(trace, self.window)
        steps: list[PredictedStep] = []
        problems: list[Problem] = []
        async with aclosing(self._going(decoder, problems, sampling)) as going:
            path = 1.0
            async for step in going:
                steps.append(weighted(step, path))
                path *= certainty(step)
                if progress is not None:
                    progress(len(steps), max_events)
                if len(steps) == max_events:
                    break
        return Prediction(tuple(steps), tuple(problems), decoder.done and not problems)

    async def ahead(self, trace: Trace, *, sampling: Sampling = GREEDY) -> AsyncGenerator[PredictedStep]:
        """The steps after the state in which ``trace`` ends, each as soon as it is there.

        The model is told of that state alone, not of how the run came to it. The probabilities of a step are
        its own, given those before it. Ends where the entry scope is left or the model writes what cannot be
        read; close it to stop asking. Raises ``BackendError``.
        """
        async with aclosing(self._going(self.codec.decoder(trace, _STATE_ALONE), [], sampling)) as going:
            async for step in going:
                yield step

    async def _going(
        self, decoder: Decoder, problems: list[Problem], sampling: Sampling
    ) -> AsyncGenerator[PredictedStep]:
        """What the model writes from the prompt on, step by step; ``problems`` takes what ends it early."""
        self._fits(len(decoder.forced))
        room = len(decoder.forced) + self.window
        prefix = await self.backend.open(decoder.forced)  # which begins from what is in memory of it
        decoder.accept()
        try:
            written: list[PredictedStep] = []
            while not decoder.done:
                room = await self._tell(decoder, prefix, room, between=bool(written))
                written = []
                problems += (met := await self._event(decoder, prefix, written, sampling))
                if met and not written:
                    break
                for step in written:
                    yield step
        finally:
            await prefix.close()

    async def _tell(self, decoder: Decoder, prefix: Prefix, room: int, *, between: bool) -> int:
        """Append what is known; ``between`` events in a fresh context if the present one is full.

        Gives back the room there is then.
        """
        if not between or len(prefix.tokens) + len(decoder.forced) <= room:
            if decoder.forced:
                await prefix.extend(decoder.forced)
                decoder.accept()
            return room
        await prefix.rewind(0)
        prompt = decoder.restart()
        self._fits(len(prompt))
        await prefix.extend(prompt)
        return len(prompt) + self.window

    async def _event(
        self, decoder: Decoder, prefix: Prefix, steps: list[PredictedStep], sampling: Sampling = GREEDY
    ) -> list[Problem]:
        """Let the model write until an event is complete or means nothing, or something is to be forced."""
        written = 0
        while not decoder.done and not decoder.forced and not steps:
            if written >= self.longest:
                return [Problem(written, "an event that does not end")]
            more = await prefix.write(
                decoder.stop, self.longest - written, first=decoder.choices, sampling=sampling
            )
            written += len(more.tokens)
            decoded = decoder.feed(more.tokens, more.logprob)
            steps += [self._calibrated(step) for step in decoded.steps]
            if decoded.problems:
                return list(decoded.problems)
        return []

    def _believed(self, raw: PredictedStep, event: Event, history: History) -> PredictedStep:
        """A step predicted for ``event``, as probable as the model's past in this run makes it."""
        line, values, flow = history.line(event), self.calibration.values, self.calibration.flow
        of_values, of_flow = history.values.trust(line), history.flow.trust(line)
        history.checked(event, _mapped(raw, values.rising, flow.rising))
        history.happened(event)
        return _mapped(raw, lambda p: values(p, of_values), lambda p: flow(p, of_flow))

    def _calibrated(self, step: PredictedStep) -> PredictedStep:
        """``step`` with probabilities that mean what they say."""
        return _mapped(step, self.calibration.values, self.calibration.flow)

    def _fits(self, tokens: int) -> None:
        room = self.backend.info.context - self.longest
        if tokens > room:
            raise ContextExceeded(
                f"The code in play and its state take {tokens:,} tokens; "
                f"the model {self.backend.info.model} has room for {room:,}.",
                "Predict a smaller function, or use a model with a longer context.",
            )


def _mapped(
    step: PredictedStep, values: Callable[[float], float], flow: Callable[[float], float]
) -> PredictedStep:
    """``step`` with other probabilities."""

    def mapped(guess: Guess) -> Guess:
        return Guess(guess.text, values(guess.probability))

    return replace(
        step,
        probability=flow(step.probability),
        changed={name: mapped(guess) for name, guess in step.changed.items()},
        locals={name: mapped(guess) for name, guess in step.locals.items()},
        value=mapped(step.value) if step.value is not None else None,
    )


def certainty(step: PredictedStep) -> float:
    """How probable a step is in all that it says."""
    said = [*step.changed.values(), *([step.value] if step.value is not None else [])]
    return math.prod((step.probability, *(guess.probability for guess in said)))


def weighted(step: PredictedStep, path: float) -> PredictedStep:
    """``step`` with its probabilities times ``path``; values carried over keep theirs."""

    def scaled(guess: Guess) -> Guess:
        return Guess(guess.text, guess.probability * path)

    changed = {name: scaled(guess) for name, guess in step.changed.items()}
    return replace(
        step,
        probability=step.probability * path,
        changed=changed,
        locals={name: changed.get(name, guess) for name, guess in step.locals.items()},
        value=scaled(step.value) if step.value is not None else None,
    )


def _by_step(encoded: Encoded) -> Iterator[tuple[int, tuple[Span, ...]]]:
    for step, spans in groupby(encoded.spans, key=lambda span: span.step):
        yield step, tuple(spans)


@dataclass(slots=True)
class _Reading:
    """One event of a scored trace: what the model expected there."""

    owner: Predictor
    events: tuple[Event, ...]
    encoded: Encoded
    scores: Scores
    step: int
    spans: tuple[Span, ...]
    changed: dict[str, Guess] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    value: Guess | None = None
    flow: float = 0.0
    other: PredictedStep | None = None
    read: bool = False

    async def predict(self, prefix: Prefix) -> PredictedStep:
        """Score each span, and let the model write where it disagrees."""
        event = self.events[self.step]
        for span in self.spans:
            miss = self._miss(span)
            if miss is None:
                self._agreed(span, event)
            elif span.kind is SpanKind.FLOW or miss == span.start:
                await self._parted(span, prefix)
            else:
                await self._rewritten(span, miss, prefix)
        kind, line, flow = event.kind, event.line, math.exp(self.flow)
        if self.other is not None:
            kind, line, flow = self.other.kind, self.other.line, self.other.probability
            self.changed |= {n: g for n, g in self.other.changed.items() if n not in self.changed}
            if self.value is None and kind is not event.kind:
                self.value = self.other.value
        return PredictedStep(
            kind,
            line,
            event.function,
            event.depth,
            flow,
            self.changed,
            tuple(self.removed),
            {},
            self.value,
            event.frame,
        )

    def _miss(self, span: Span) -> int | None:
        """The first token of ``span`` that the model would not have written, or ``None``."""
        for place in range(span.start, span.end):
            if self.scores.best[place] != self.encoded.tokens[place]:
                return place
        return None

    def _agreed(self, span: Span, event: Event) -> None:
        log = float(self.scores.logprob[span.start : span.end].sum())
        if span.kind is SpanKind.FLOW:
            self.flow += log
        elif span.kind is SpanKind.RESULT:
            text = event.value.text if event.value is not None else "None"
            self.value = Guess(text, math.exp(log))
        elif span.name in event.locals:
            self.changed[span.name] = Guess(event.locals[span.name].text, math.exp(log))
        else:
            self.removed.append(span.name)

    async def _rewritten(self, span: Span, miss: int, prefix: Prefix) -> None:
        """The model would have written another value: let it, that value alone."""
        codec = self.owner.codec
        decoder = codec.decoder_at(self.encoded, self.step)
        given = self.encoded.tokens[self.encoded.starts[self.step] : miss]
        decoder.feed(given, [0.0] * len(given))
        branch = await prefix.fork()
        try:
            await branch.rewind(miss)
            more = await branch.write(codec.value_stop, self.owner.longest, first=decoder.choices)
        finally:
            await branch.close()
        text = codec.read_value(self.encoded, span, (*self.encoded.tokens[span.start : miss], *more.tokens))
        log = float(self.scores.logprob[span.start : miss].sum()) + sum(more.logprob)
        if text is None:
            return
        if span.kind is SpanKind.RESULT:
            self.value = Guess(text, math.exp(log))
        else:
            self.changed[span.name] = Guess(text, math.exp(log))

    async def _parted(self, span: Span, prefix: Prefix) -> None:
        """The model expected another name, another line or another event: read what, once for the event."""
        if span.kind is SpanKind.VALUE:
            self._unexpected(span)
        if self.read:
            return
        self.read = True
        start = self.encoded.starts[self.step]
        decoder = self.owner.codec.decoder_at(self.encoded, self.step)
        self.other = await self._write(decoder, prefix, list(range(start, span.start)), span.start)

    def _unexpected(self, span: Span) -> None:
        """The model did not expect ``span.name`` to change, which predicts the value that it had."""
        before = self._before(span.name)
        if before is not None:
            self.changed[span.name] = Guess(before, math.exp(float(self.scores.best_logprob[span.start])))

    def _before(self, name: str) -> str | None:
        event = self.events[self.step]
        if event.kind is EventKind.CALL:
            return None
        for earlier in reversed(self.events[: self.step]):
            if earlier.frame == event.frame and earlier.kind in (EventKind.LINE, EventKind.CALL):
                value = earlier.locals.get(name)
                return value.text if value is not None else None
        return None

    async def _write(
        self, decoder: Decoder, prefix: Prefix, given: list[int], place: int
    ) -> PredictedStep | None:
        """Read the tokens at ``given``, then let the model go on from ``place`` to the end of the event."""
        branch = await prefix.fork()
        steps: list[PredictedStep] = []
        try:
            await branch.rewind(place)
            tokens = [self.encoded.tokens[position] for position in given]
            steps += decoder.feed(tokens, [float(self.scores.logprob[position]) for position in given]).steps
            written = 0
            longest = self.owner.longest
            while not decoder.done and written < longest:
                more = await branch.write(decoder.stop, longest - written, first=decoder.choices)
                written += len(more.tokens)
                steps += decoder.feed(more.tokens, more.logprob).steps
        finally:
            await branch.close()
        return steps[0] if steps else None
