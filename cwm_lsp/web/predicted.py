"""Runs that nobody ran, as tables: a prediction after its inputs, and a future of a frame that stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cwm_lsp.features import display
from cwm_lsp.features.display import Fragment, State
from cwm_lsp.features.results import Call, Predicted
from cwm_lsp.features.states import predicted_places, suspending
from cwm_lsp.features.supposing import Supposed
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.predicted import Guess, PredictedStep, fatal
from cwm_lsp.web.table import Table, Told, Variable, given, observed_told, observed_variables


class PredictedTable(Table):
    """A run that was only predicted, after its inputs."""

    kind = "predicted"

    def __init__(self, title: str, result: Predicted) -> None:
        pairs = predicted_places(result.start, result.steps)
        events, where = [event for event, _ in pairs], [place for _, place in pairs]
        problem = fatal(result.problems)
        notes = [f"The model stopped at something meaningless: {problem.message}."] if problem else []
        super().__init__(title, result.start.files, events, where, notes=notes)
        self.threshold = result.threshold
        self._limit = result.threshold
        self._result = result
        self._given = len(result.start.events)
        self._suspending = suspending(result.start.source)

    @property
    def summary(self) -> str:
        """How much was predicted; that nothing was run."""
        end = "to the end" if self._result.finished else "not to the end"
        count = len(self._result.steps)
        return f"nothing was run; {self._result.model} predicted {count:,} events, {end}"

    def names(self, step: int) -> Iterator[str]:
        """The inputs, or what the step is expected to write."""
        one = self._step(step)
        names = self.events[step].locals if one is None else one.changed
        return (name for name in names if display.shown(name, None))

    def values(self, step: int) -> tuple[Fragment, ...]:
        """The inputs, or the expected values with their probabilities."""
        one = self._step(step)
        if one is None:
            return display.inputs(self.events[step], limit=None)
        found = display.predicted_step(one, self._limit, limit=None)
        return tuple(fragment for fragment in found if fragment.name)

    def outcome(self, step: int) -> tuple[Fragment, ...]:
        """What is expected to be returned or raised."""
        one = self._step(step)
        yielded = self.events[step].line in self._suspending
        found = () if one is None else display.predicted_step(one, self._limit, yielded=yielded, limit=0)
        return tuple(fragment for fragment in found if not fragment.name)

    def state(self, step: int) -> State:
        """Withheld where the model is not sure of something in the step."""
        one = self._step(step)
        if one is None:
            return State.COMPUTED
        unsure = any(guess.probability < self._limit for guess in self._guesses(one))
        return State.WITHHELD if unsure else State.PREDICTED

    def probability(self, step: int) -> float | None:
        """The least of the probabilities in the step."""
        one = self._step(step)
        if one is None:
            return None
        return min([one.probability, *(guess.probability for guess in self._guesses(one))])

    def variables(self, step: int) -> tuple[Variable, ...]:
        """The inputs of the frame, then what is expected of every other name."""
        one = self._step(step)
        frame = self.events[step].frame
        inputs = {
            name: value
            for event in self._result.start.events
            if event.frame == frame
            for name, value in event.locals.items()
        }
        guesses = {} if one is None else {**one.locals, **one.changed}
        entries = [given(name, value) for name, value in inputs.items() if name not in guesses]
        changed = frozenset() if one is None else frozenset(one.changed)
        said = [self._variable(name, guess, name in changed) for name, guess in guesses.items()]
        return (*entries, *said)

    def told(self, step: int) -> tuple[Told, ...]:
        """What is expected to be written and given."""
        one = self._step(step)
        if one is None:
            return observed_told(self.events[step], self.events[step].locals.items())
        guesses = [(name, guess) for name, guess in one.changed.items() if display.shown(name, guess)]
        guesses += [("", one.value)] if one.value is not None else []
        sure = [(name, guess.text, guess.probability >= self._limit) for name, guess in guesses]
        return tuple(Told(name, text if whole else "?", whole, predicted=True) for name, text, whole in sure)

    def _step(self, step: int) -> PredictedStep | None:
        return self._result.steps[step - self._given] if step >= self._given else None

    @staticmethod
    def _guesses(one: PredictedStep) -> list[Guess]:
        return [*one.changed.values(), *([one.value] if one.value is not None else [])]

    def _variable(self, name: str, guess: Guess, changed: bool) -> Variable:
        fragment = display.predicted(name, guess, self._limit)
        sure = fragment.state is State.PREDICTED
        return Variable(
            fragment, predicted=(guess.text, guess.probability) if sure else None, changed=changed
        )


class SupposedTable(PredictedTable):
    """A predicted future of a frame that really stands somewhere: its values first, some of them changed."""

    def __init__(self, title: str, supposed: Supposed) -> None:
        ahead, self._changes = supposed.foresight, supposed.changes
        standing = ahead.standing
        start = Trace((standing.source,), (standing.event,), standing.function, "")
        call = Call(standing.function, "")
        super().__init__(title, Predicted(call, start, ahead.steps, (), False, ahead.threshold, ahead.model))
        # How often a line has run before is not known here, so no visit is counted.
        self.places = [replace(place, visit=1, visits=1) for place in self.places]
        self.notes = [f"{title}: {ahead.why}"] if ahead.why else []

    @property
    def summary(self) -> str:
        """How much was predicted; that nothing was run."""
        count = len(self.events) - 1
        return f"nothing was run; {self._result.model} predicted {count:,} event{'s' * (count != 1)}"

    def values(self, step: int) -> tuple[Fragment, ...]:
        """What the frame holds, then the expected values with their probabilities."""
        return super().values(step) if step else tuple(one.fragment for one in self._held())

    def variables(self, step: int) -> tuple[Variable, ...]:
        """What is expected of every name of the frame, and what it held where nothing is."""
        if step == 0:
            return self._held()
        said = super().variables(step)
        held = {one.fragment.name: one for one in self._held()}
        return tuple(one if one.computed is None else held[one.fragment.name] for one in said)

    def state(self, step: int) -> State:
        """The frame holds what was observed, or what somebody put there."""
        return super().state(step) if step else State.COMPUTED if self._changes else State.OBSERVED

    def told(self, step: int) -> tuple[Told, ...]:
        """What is expected to be written. What the frame holds is the question: no difference of futures."""
        return super().told(step) if step else ()

    def _held(self) -> tuple[Variable, ...]:
        return tuple(
            given(name, self._changes[name]) if (name := one.fragment.name) in self._changes else one
            for one in observed_variables(self.events[0], frozenset())
        )
