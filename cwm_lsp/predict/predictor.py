"""Drives a codec and a backend: the two ways of asking a world model.

*Scoring* forces the observed run on the model. One pass gives, at each place, how likely the model thought
what happened and what it would have said; only where it would have said something else does it write, and
only that value. *Running ahead* lets it write from a state on, while everything known is forced.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace

from cwm_lsp.backend.protocol import GREEDY, Backend, Sampling
from cwm_lsp.codec.protocol import Codec, Decoder
from cwm_lsp.errors import ContextExceeded
from cwm_lsp.predict.calibration import Calibration
from cwm_lsp.predict.history import History
from cwm_lsp.predict.reading import Reading, Window
from cwm_lsp.predict.transcript import Transcript
from cwm_lsp.trace.model import Event, EventKind, Trace, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep, Problem, fatal

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

        ``None`` stands for an event outside the source that the model is shown. ``progress`` hears of events:
        half of the way is to write them for the model. Raises ``BackendError``.
        """
        with _readable():
            return await self._scored(trace, progress)

    async def _scored(
        self, trace: Trace, progress: ProgressReport | None
    ) -> tuple[PredictedStep | None, ...]:
        found: dict[int, PredictedStep] = {}
        history = History()
        history.happened(trace.events[0])
        before = _before(trace.events)
        await (
            await self.backend.open()
        ).close()  # a model that is damaged is told of, also if nothing is asked
        progress = progress or (lambda done, total: None)
        total = len(trace.events)
        windows = []
        for encoded in self.codec.windows(trace, self.window):
            windows.append(encoded)  # all of them first: minutes of reading would be lost to one too long
            self._fits(len(encoded.tokens))
            progress(encoded.spans[-1].step // 2 if encoded.spans else 0, total)
            await asyncio.sleep(0)  # in which the caller may stop it, and others have their turn
        for encoded in windows:
            if not encoded.spans:
                continue
            window = await Window.scored(self.backend, self.codec, encoded, self.longest)
            try:
                readings = [
                    Reading(window, trace.events[step], step, spans, before[step])
                    for step, spans in window.by_step()
                ]
                await window.write([ask for one in readings for ask in one.asks()])
            finally:
                await window.close()
            for reading in readings:
                found[reading.step] = self._believed(reading.predicted(), reading.event, history)
                progress((total + reading.step + 1) // 2, total)
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
        steps: list[PredictedStep] = []
        problems: list[Problem] = []
        with _readable():
            decoder = self.codec.decoder(trace, self.window)
            async with aclosing(self._going(decoder, problems, sampling)) as going:
                path = 1.0
                async for step in going:
                    steps.append(weighted(step, path))
                    path *= certainty(step)
                    if progress is not None:
                        progress(len(steps), max_events)
                    if len(steps) == max_events:
                        break
        return Prediction(tuple(steps), tuple(problems), decoder.done and fatal(problems) is None)

    async def ahead(self, trace: Trace, *, sampling: Sampling = GREEDY) -> AsyncGenerator[PredictedStep]:
        """The steps after the state in which ``trace`` ends, each as soon as it is there.

        The model is told of that state alone, not of how the run came to it. The probabilities of a step are
        its own, given those before it. Ends where the entry scope is left or the model writes what cannot be
        read; close it to stop asking. Raises ``BackendError``.
        """
        with _readable():
            decoder = self.codec.decoder(trace, _STATE_ALONE)
            async with aclosing(self._going(decoder, [], sampling)) as going:
                async for step in going:
                    yield step

    async def _going(
        self, decoder: Decoder, problems: list[Problem], sampling: Sampling
    ) -> AsyncGenerator[PredictedStep]:
        """What the model writes from the prompt on, step by step; ``problems`` takes what ends it early."""
        self._fits(len(decoder.forced))
        room = len(decoder.forced) + self.window
        transcript = await Transcript.opened(self.backend)
        try:
            written: list[PredictedStep] = []
            while not decoder.done:
                room = self._tell(decoder, transcript, room, between=bool(written))
                written = []
                problems += (met := await self._event(decoder, transcript, written, sampling))
                if fatal(met) is not None and not written:
                    break
                for step in written:
                    yield step
                await asyncio.sleep(0)  # of what is known nothing is waited for, and others have their turn
        finally:
            await transcript.close()

    def _tell(self, decoder: Decoder, transcript: Transcript, room: int, *, between: bool) -> int:
        """Append what is known; ``between`` events in a fresh context if the present one is full.

        Gives back the room there is then.
        """
        fits = len(transcript) + len(decoder.forced) <= room
        if not decoder.exhausted and (not between or fits):
            if decoder.forced:
                transcript.append(decoder.forced)
                decoder.accept()
            return room
        prompt = decoder.restart()
        self._fits(len(prompt))
        transcript.begin(prompt)
        return len(prompt) + self.window

    async def _event(
        self,
        decoder: Decoder,
        transcript: Transcript,
        steps: list[PredictedStep],
        sampling: Sampling = GREEDY,
    ) -> list[Problem]:
        """Write until an event is complete or means nothing, or something is to be forced."""
        written = 0
        problems: list[Problem] = []
        while not decoder.done and not decoder.forced and not steps:
            if written >= self.longest:
                return [*problems, Problem(written, "an event that does not end")]
            count, decoded = await transcript.write(decoder, self.longest - written, sampling)
            written += count
            steps += [self._calibrated(step) for step in decoded.steps]
            problems += decoded.problems
        return problems

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


@contextmanager
def _readable() -> Iterator[None]:
    """Say of code that lies too deep in itself to be walked that it cannot be predicted.

    Raises ``ContextExceeded``.
    """
    try:
        yield
    except RecursionError as error:
        hint = "A long chain of operators can be built in a loop, or line by line."
        raise ContextExceeded("The code is nested too deeply to be predicted.", hint) from error


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


def _before(events: Sequence[Event]) -> list[Mapping[str, Value]]:
    """For each event what its frame held when it was last seen at a line or its call; nothing for a call."""
    frames: dict[int, Mapping[str, Value]] = {}
    found: list[Mapping[str, Value]] = []
    for event in events:
        found.append({} if event.kind is EventKind.CALL else frames.get(event.frame, {}))
        if event.kind in (EventKind.LINE, EventKind.CALL):
            frames[event.frame] = event.locals
    return found
