"""What stands at the end of each source line: placements, from a run, a prediction or both.

A line of a loop or of a recursive function runs many times and has room for one visit. Which one
follows from a *focus*, the step that the user looks at: each line shows its last visit up to the
focus, or its first one after it. Without a choice the focus is the first divergence, else the end.
Values of different calls never stand side by side where they need not: of the calls that ran a line, the
one counts that was running latest, up to the focus, so that of a finished recursion it is the outermost.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from cwm_lsp.align.model import Comparison
from cwm_lsp.align.walk import Place, news, places
from cwm_lsp.codec.scopes import scopes_of
from cwm_lsp.features import display, sentences, verdicts
from cwm_lsp.features.display import Fragment, State
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace
from cwm_lsp.trace.predicted import PredictedStep
from cwm_lsp.trace.statements import heads, told_at


@dataclass(frozen=True, slots=True)
class Placement:
    """What one line shows. ``line`` is 1-based, ``step`` the first event of the visit shown.

    ``mark`` says that the first divergence is here. ``visit`` counts from 1, of ``visits``.
    """

    line: int
    step: int
    visit: int
    visits: int
    fragments: tuple[Fragment, ...]
    mark: bool = False

    @property
    def text(self) -> str:
        """The whole end of the line, as one string."""
        said = display.joined(self.fragments)
        return " ".join(filter(None, (said, sentences.visits_label(self.visit, self.visits))))


@dataclass(slots=True)
class _Visit:
    """One execution of one line in one frame, gathered from the events that it led to."""

    frame: int
    line: int
    step: int
    visit: int
    visits: int
    fragments: list[Fragment] = field(default_factory=list)
    mark: bool = False

    def placed(self) -> Placement:
        """What it says, each thing once: a generator that a line goes into ten times is told once."""
        said: dict[tuple[str, State], Fragment] = {}
        for one in self.fragments:
            said.setdefault((one.text, one.state), one)
        return Placement(self.line, self.step, self.visit, self.visits, tuple(said.values()), self.mark)


class _Visits:
    """All visits of a run, in order. What an event says belongs to the line that led to it.

    A call's arguments belong to the line of the function instead, where their names are bound: its ``def``.
    """

    def __init__(self, source: SourceFile) -> None:
        self._heads = heads(source.text)
        self.found: dict[tuple[int, int, int], _Visit] = {}
        self._running: dict[int, int] = {}
        self._steps: dict[int, list[int]] = {}

    def of(self, step: int, event: Event, place: Place) -> _Visit:
        """The visit whose execution led to ``event``, number ``step`` of the run."""
        frame = event.frame
        if event.kind is EventKind.CALL:
            frame = self._running.get(event.depth - 1, frame)
        self._running[event.depth] = event.frame
        return self._visit(frame, place.line, step, place.visit, place.visits)

    def entered(self, step: int, event: Event) -> _Visit:
        """The line of the function that ``event`` calls."""
        return self._visit(event.frame, event.line, step, 1, 1)

    def _visit(self, frame: int, line: int, step: int, visit: int, visits: int) -> _Visit:
        line = told_at(line, self._heads)
        self._steps.setdefault(frame, []).append(step)
        return self.found.setdefault((frame, line, visit), _Visit(frame, line, step, visit, visits))

    def last(self, frame: int, focus: int) -> int:
        """The last step of ``frame`` up to ``focus``, -1 where it has none."""
        steps = self._steps[frame]
        at = bisect_right(steps, focus)
        return steps[at - 1] if at else -1


def of_comparison(
    comparison: Comparison, *, file: int = 0, focus: int | None = None
) -> tuple[Placement, ...]:
    """Placements in one file of a compared run."""
    visits, first = _compared(comparison, file)
    return _chosen(visits, focus if focus is not None else first, marked=focus is None)


def _compared(comparison: Comparison, file: int) -> tuple[_Visits, int | None]:
    """The visits of a compared run, and the step of its first divergence."""
    divergence = comparison.divergence
    first = divergence.step if divergence is not None else None
    events = comparison.trace.events
    visits = _Visits(comparison.trace.files[file])
    if events and events[0].file == file:
        visits.entered(0, events[0]).fragments += display.observed_step(events[0], events[0].locals)
    for step in comparison.steps:
        event = events[step.step]
        visit = visits.of(step.step, event, Place(step.wrote, step.visit, step.visits))
        if event.file != file:
            continue
        dimmed = first is not None and step.step > first
        bound = visits.entered(step.step, event) if event.kind is EventKind.CALL else visit
        bound.fragments += verdicts.compared_values(step, dimmed=dimmed)
        visit.fragments += verdicts.compared_outcome(step, yielded=event.yielded, dimmed=dimmed)
        if divergence is not None and step.step == first:
            (bound if divergence.name else visit).mark = True
    return visits, first


def of_trace(trace: Trace, *, file: int = 0, focus: int | None = None) -> tuple[Placement, ...]:
    """Placements in one file of an observed run (normalised) that nothing was predicted for."""
    return _chosen(_traced(trace, file), focus)


def _traced(trace: Trace, file: int) -> _Visits:
    visits = _Visits(trace.files[file])
    told = zip(trace.events, places(trace), news(trace.events), strict=True)
    for step, (event, place, fresh) in enumerate(told):
        visit = visits.of(step, event, place)
        if event.file == file:
            bound = visits.entered(step, event) if event.kind is EventKind.CALL else visit
            bound.fragments += display.observed_step(event, fresh.written)
    return visits


def of_prediction(
    start: Trace, steps: Sequence[PredictedStep], threshold: float, *, focus: int | None = None
) -> tuple[Placement, ...]:
    """Placements of a run that was predicted from the inputs in ``start`` and not run."""
    return _chosen(_predicted(start, steps, threshold), focus)


def _predicted(start: Trace, steps: Sequence[PredictedStep], threshold: float) -> _Visits:
    visits = _Visits(start.source)
    suspended = suspending(start.source)
    inputs = len(start.events)
    for step, (event, place) in enumerate(predicted_places(start, steps)):
        visit = visits.of(step, event, place)
        bound = visits.entered(step, event) if event.kind is EventKind.CALL else visit
        if step >= inputs:
            yielded = event.line in suspended
            bound.fragments += display.predicted_step(steps[step - inputs], threshold, yielded=yielded)
        elif event.kind is EventKind.CALL:
            bound.fragments += display.inputs(event)
    return visits


def suspending(source: SourceFile) -> frozenset[int]:
    """The statements at which a frame that ends is only suspended: they hold ``yield`` or ``await``."""
    return frozenset(line for scope in scopes_of(source.text).by_line.values() for line in scope.suspends)


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit of a line. With ``focus`` as the focus, all lines show how things stand at its end."""

    placement: Placement
    focus: int


def stops_of_comparison(comparison: Comparison, line: int) -> tuple[Stop, ...]:
    """The visits of a line in a compared run."""
    return _stops(_compared(comparison, 0)[0], line)


def stops_of_trace(trace: Trace, line: int) -> tuple[Stop, ...]:
    """The visits of a line in an observed run."""
    return _stops(_traced(trace, 0), line)


def stops_of_prediction(
    start: Trace, steps: Sequence[PredictedStep], threshold: float, line: int
) -> tuple[Stop, ...]:
    """The visits of a line in a predicted run."""
    return _stops(_predicted(start, steps, threshold), line)


def _stops(visits: _Visits, line: int) -> tuple[Stop, ...]:
    """A visit lasts until the same frame comes back to the line; the last one as long as the run."""
    found = [(frame, visit) for (frame, at, _), visit in visits.found.items() if at == line]
    last = max((visit.step for visit in visits.found.values()), default=0)
    stops: list[Stop] = []
    for frame, visit in sorted(found, key=lambda one: one[1].step):
        after = [other.step for at, other in found if at == frame and other.step > visit.step]
        stops.append(Stop(visit.placed(), min(after) - 1 if after else last))
    return tuple(stops)


def predicted_places(start: Trace, steps: Iterable[PredictedStep]) -> tuple[tuple[Event, Place], ...]:
    """The events of ``start`` and of the steps after them, each with the line that led to it.

    Predicted steps stand here as events without state, for where they are alone.
    """
    ahead = (Event(step.kind, step.line, step.function, step.depth, frame=step.frame) for step in steps)
    events = (*start.events, *ahead)
    return tuple(zip(events, places(replace(start, events=events)), strict=True))


def shown(placements: Iterable[Placement], *, observed: bool, mark: bool) -> tuple[Placement, ...]:
    """The placements of a comparison without what is switched off: all but differences, or the mark."""
    kept: list[Placement] = []
    for placement in placements:
        fragments = placement.fragments
        if not observed:
            fragments = tuple(fragment for fragment in fragments if fragment.state is State.DIFFERS)
        marked = placement.mark and mark
        if fragments or marked:
            kept.append(replace(placement, fragments=fragments, mark=marked))
    return tuple(kept)


def _chosen(visits: _Visits, focus: int | None, *, marked: bool = True) -> tuple[Placement, ...]:
    """One visit a line, of those that say something: the nearest to ``focus``.

    If ``marked``, the visit of the first divergence keeps its line.
    """
    end = sys.maxsize if focus is None else focus
    lines: dict[int, list[_Visit]] = {}
    for visit in visits.found.values():
        if visit.fragments or visit.mark:
            lines.setdefault(visit.line, []).append(visit)

    def nearness(visit: _Visit) -> tuple[bool, int, bool, int]:
        passed = visit.step <= end
        kept = visit.mark and marked
        return kept, visits.last(visit.frame, end), passed, visit.step if passed else -visit.step

    return tuple(max(lines[line], key=nearness).placed() for line in sorted(lines))
