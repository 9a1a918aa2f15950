"""The three kinds of run as tables: observed, predicted, and both compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cwm_lsp.align.model import Agreement, ComparedStep, ComparedValue
from cwm_lsp.align.walk import news, places
from cwm_lsp.features import display, sentences, verdicts
from cwm_lsp.features.display import Fragment, State
from cwm_lsp.features.results import Compared, Predicted, Recorded, Result
from cwm_lsp.features.supposing import Supposed
from cwm_lsp.trace.model import Trace
from cwm_lsp.web.predicted import PredictedTable, SupposedTable
from cwm_lsp.web.table import Table, Told, Variable, observed_told, observed_variables, worst

_STATES = {
    Agreement.AGREES: State.AGREES,
    Agreement.DIFFERS: State.DIFFERS,
    Agreement.MISSING: State.DIFFERS,
    Agreement.EXTRA: State.DIFFERS,
    Agreement.WITHHELD: State.WITHHELD,
    Agreement.UNCOMPARED: State.OBSERVED,
}
_SAID = frozenset({Agreement.AGREES, Agreement.DIFFERS, Agreement.EXTRA})


@dataclass(frozen=True, slots=True)
class Shown:
    """A result and what it is called on the page."""

    title: str
    result: Result | Supposed


def table_of(shown: Shown) -> Table:
    """The table of a result."""
    match shown.result:
        case Recorded() as result:
            return ObservedTable(shown.title, result)
        case Compared() as result:
            return ComparedTable(shown.title, result)
        case Predicted() as result:
            return PredictedTable(shown.title, result)
        case Supposed() as result:
            return SupposedTable(shown.title, result)


class ObservedTable(Table):
    """A run that nothing was predicted for."""

    def __init__(self, title: str, result: Recorded) -> None:
        trace = result.trace
        super().__init__(title, trace.files, trace.events, places(trace), notes=_notes(trace))
        self._news = news(trace.events)
        self._python = trace.python

    @property
    def summary(self) -> str:
        """How much was observed."""
        return f"{len(self.events):,} events observed under Python {self._python}"

    def names(self, step: int) -> Iterator[str]:
        """What the step wrote, but for what is not worth a place."""
        return (name for name, value in self._news[step].written.items() if display.shown(name, value))

    def values(self, step: int) -> tuple[Fragment, ...]:
        """The values written."""
        found = display.observed_step(self.events[step], self._news[step].written, limit=None)
        return tuple(fragment for fragment in found if fragment.name)

    def outcome(self, step: int) -> tuple[Fragment, ...]:
        """What was returned or raised."""
        return tuple(one for one in display.observed_step(self.events[step], {}) if not one.name)

    def state(self, step: int) -> State:
        """Observed, always."""
        return State.OBSERVED

    def variables(self, step: int) -> tuple[Variable, ...]:
        """The frame as it was."""
        written = self._news[step].written
        return observed_variables(self.events[step], frozenset(written))

    def told(self, step: int) -> tuple[Told, ...]:
        """What was written and given."""
        return observed_told(self.events[step], self._news[step].written.items())


class ComparedTable(Table):
    """A run with what the model said at every step."""

    kind = "compared"

    def __init__(self, title: str, result: Compared) -> None:
        comparison = result.comparison
        trace, parted = comparison.trace, comparison.divergence
        first = parted.step if parted is not None else None
        super().__init__(title, trace.files, trace.events, places(trace), first, _notes(trace))
        self.threshold = comparison.threshold
        self._comparison = comparison

    @property
    def summary(self) -> str:
        """How often the model was right."""
        return f"{sentences.compared_words(self._comparison)}, {self._comparison.model}"

    @property
    def parting(self) -> str:
        """What was expected and what came."""
        parted = self._comparison.divergence
        return f"line {parted.line}: {sentences.divergence_words(parted)}" if parted is not None else ""

    def names(self, step: int) -> Iterator[str]:
        """What the step wrote or was expected to write."""
        if step == 0:
            return (name for name, value in self.events[0].locals.items() if display.shown(name, value))
        return (one.name for one in self._worth(step))

    def values(self, step: int) -> tuple[Fragment, ...]:
        """The values with their agreement."""
        if step == 0:
            found = display.observed_step(self.events[0], self.events[0].locals, limit=None)
            return tuple(fragment for fragment in found if fragment.name)
        return verdicts.compared_values(self._step(step), dimmed=self._dimmed(step), limit=None)

    def outcome(self, step: int) -> tuple[Fragment, ...]:
        """Where the step went, if that differs, and its result."""
        if not step:
            return ()
        yielded = self.events[step].yielded
        return verdicts.compared_outcome(self._step(step), yielded=yielded, dimmed=self._dimmed(step))

    def state(self, step: int) -> State:
        """The worst agreement in the step."""
        if step == 0:
            return State.OBSERVED
        one = self._step(step)
        found = [value.agreement for value in self._worth(step)]
        found += [one.flow.agreement] if one.flow.agreement is Agreement.DIFFERS else []
        found += [one.result.agreement] if one.result is not None else []
        return worst([_STATES[agreement] for agreement in found])

    def probability(self, step: int) -> float | None:
        """The least of the probabilities of what the model said."""
        if step == 0:
            return None
        one = self._step(step)
        found = [value.predicted.probability for value in one.values if value.predicted and value.changed]
        found += [one.flow.probability] if one.flow.predicted_kind is not None else []
        found += [one.result.predicted.probability] if one.result and one.result.predicted else []
        return min(found, default=None)

    def variables(self, step: int) -> tuple[Variable, ...]:
        """The frame as it was, with what the model expected of what the step wrote."""
        if step == 0:
            return observed_variables(self.events[0], frozenset(self.events[0].locals))
        judged = {value.name: value for value in self._worth(step)}
        event, dimmed = self.events[step], self._dimmed(step)
        found = [
            one if (value := judged.pop(one.fragment.name, None)) is None else _judged(value, dimmed) or one
            for one in observed_variables(event, frozenset())
        ]
        extra = [_judged(value, dimmed) for value in judged.values()]
        return (*found, *(one for one in extra if one is not None))

    def told(self, step: int) -> tuple[Told, ...]:
        """What was written and given."""
        event = self.events[step]
        if step == 0:
            return observed_told(event, event.locals.items())
        written = [(one.name, one.observed) for one in self._worth(step) if one.observed and one.changed]
        return observed_told(event, written)

    def _step(self, step: int) -> ComparedStep:
        return self._comparison.steps[step - 1]

    def _dimmed(self, step: int) -> bool:
        return self.first is not None and step > self.first

    def _worth(self, step: int) -> Iterator[ComparedValue]:
        for value in self._step(step).values:
            if (value.changed or _STATES[value.agreement] is State.DIFFERS) and display.shown(
                value.name, value.observed
            ):
                yield value


def _judged(value: ComparedValue, dimmed: bool) -> Variable | None:
    fragment = verdicts.compared(value, dimmed=dimmed)
    if fragment is None:
        return None
    guess = value.predicted if value.agreement in _SAID else None
    return Variable(
        fragment,
        observed=display.value_text(value.observed) if value.observed is not None else None,
        predicted=(guess.text, guess.probability) if guess is not None else None,
        changed=value.changed,
    )


def _notes(trace: Trace) -> tuple[str, ...]:
    """That the recording was cut, and files whose text is not known any more."""
    cut = [trace.cut.message] if trace.cut is not None else []
    gone = [file.path for file in trace.files if not file.text]
    return (*cut, *(f"{path} is not what it was in this run, so its lines are not shown." for path in gone))
