"""What came of an explicit command on one document: a run, a prediction, or both compared.

``focus`` is the step that the user looks at, ``None`` where nothing was chosen (see :mod:`.states`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cwm_lsp.align.model import Comparison, Divergence, Tally
from cwm_lsp.features import states
from cwm_lsp.features.states import Placement, Stop
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.predicted import PredictedStep, Problem


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the document and the text between the parentheses of its call."""

    function: str
    arguments: str

    def __str__(self) -> str:
        return f"{self.function}({self.arguments})"


@dataclass(frozen=True, slots=True)
class Recorded:
    """An observed run (normalised) that nothing was predicted for."""

    call: Call
    trace: Trace
    focus: int | None = None

    def placements(self) -> tuple[Placement, ...]:
        """What its lines show."""
        return states.of_trace(self.trace, focus=self.focus)

    def stops(self, line: int) -> tuple[Stop, ...]:
        """The visits of a 1-based line."""
        return states.stops_of_trace(self.trace, line)


@dataclass(frozen=True, slots=True)
class Predicted:
    """A run that was predicted from the inputs in ``start`` and not run."""

    call: Call
    start: Trace
    steps: tuple[PredictedStep, ...]
    problems: tuple[Problem, ...]
    finished: bool
    threshold: float
    model: str
    focus: int | None = None

    @property
    def trace(self) -> Trace:
        """The inputs, with the source that they belong to."""
        return self.start

    def placements(self) -> tuple[Placement, ...]:
        """What its lines show."""
        return states.of_prediction(self.start, self.steps, self.threshold, focus=self.focus)

    def stops(self, line: int) -> tuple[Stop, ...]:
        """The visits of a 1-based line."""
        return states.stops_of_prediction(self.start, self.steps, self.threshold, line)


@dataclass(frozen=True, slots=True)
class Compared:
    """An observed run with what the model said at every step."""

    call: Call
    comparison: Comparison
    focus: int | None = None

    @property
    def trace(self) -> Trace:
        """The observed run, normalised."""
        return self.comparison.trace

    def placements(self) -> tuple[Placement, ...]:
        """What its lines show."""
        return states.of_comparison(self.comparison, focus=self.focus)

    def stops(self, line: int) -> tuple[Stop, ...]:
        """The visits of a 1-based line."""
        return states.stops_of_comparison(self.comparison, line)


Result = Recorded | Predicted | Compared


@dataclass(frozen=True, slots=True)
class Switches:
    """What is shown. ``all`` off hides everything; each other one hides its kind."""

    all: bool = True
    predictions: bool = True
    observed: bool = True
    divergence: bool = True
    lenses: bool = True
    diagnostics: bool = True


def placements(results: Sequence[Result], switches: Switches) -> tuple[Placement, ...]:
    """What the lines of a document show: of several results, the latest has a line to itself."""
    if not switches.all:
        return ()
    chosen: dict[int, Placement] = {}
    for result in results:
        for placement in _visible(result, switches):
            chosen[placement.line] = placement
    return tuple(chosen[line] for line in sorted(chosen))


def told(results: Sequence[Result], switches: Switches) -> tuple[Result, ...]:
    """The results as they are spoken of: where the model is switched off, what was observed."""
    if not switches.all:
        return ()
    if switches.predictions:
        return tuple(results)
    observed = (one for one in results if not isinstance(one, Predicted))
    return tuple(Recorded(one.call, one.trace, one.focus) for one in observed)


def divergence_of(result: Result) -> Divergence | None:
    """The first divergence, where there is a comparison that has one."""
    return result.comparison.divergence if isinstance(result, Compared) else None


def tally_of(results: Sequence[Result]) -> Tally:
    """How often the model was right about values, over all comparisons of a document."""
    tallies = [result.comparison.values for result in results if isinstance(result, Compared)]
    return Tally(
        sum(tally.right for tally in tallies),
        sum(tally.total for tally in tallies),
        sum(tally.withheld for tally in tallies),
    )


def _visible(result: Result, switches: Switches) -> tuple[Placement, ...]:
    """The placements of one result with the kinds that are switched off taken out."""
    match result:
        case Predicted():
            return result.placements() if switches.predictions else ()
        case Recorded():
            return result.placements() if switches.observed else ()
        case Compared():
            if not switches.predictions:
                return states.of_trace(result.trace, focus=result.focus) if switches.observed else ()
            return states.shown(result.placements(), observed=switches.observed, mark=switches.divergence)
