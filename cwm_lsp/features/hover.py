"""Hover: all visits of a line, what was observed, what was predicted and how sure the model was.

The line of a ``def`` has no values of its own worth telling: there the calls of it are told, each with its
arguments and what it gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cwm_lsp.align.model import Agreement, ComparedStep
from cwm_lsp.align.visits import VisitRow, step_rows, visits
from cwm_lsp.align.walk import news, places
from cwm_lsp.features import display, sentences, states
from cwm_lsp.features.results import Compared, Predicted, Recorded, Result
from cwm_lsp.features.text import clean, clip, percent
from cwm_lsp.trace.model import Event, EventKind
from cwm_lsp.trace.predicted import PredictedStep
from cwm_lsp.trace.statements import functions, statement_lines

ROWS = 24
VALUE_CELLS = 400
_ENDS = (EventKind.RETURN, EventKind.EXCEPTION)
_ENDINGS = ("return", "exception")
_DIFFERING = frozenset({Agreement.DIFFERS, Agreement.MISSING, Agreement.EXTRA})
_MARKDOWN = re.compile(r"([\\`*<|~]|&(?=#?\w+;)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\[(?=.*\]\())")
"""What would be markup in the midst of a line: not every sign, since Neovim shows the backslashes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value, result or step of flow at one visit; texts are whole, "" where there is nothing."""

    visit: int
    visits: int
    name: str
    observed: str
    predicted: str
    probability: str
    differs: bool = False


def hover(results: Sequence[Result], line: int, name: str = "") -> str | None:
    """Markdown for a 1-based line, or ``None`` if no result says anything of it.

    ``name`` is the word under the pointer: where the line has values of it, only they are shown.
    """
    sections = [_section(result, line, name) for result in results]
    return "\n\n".join(section for section in sections if section) or None


def rows(result: Result, line: int) -> tuple[Row, ...]:
    """All that a result says of a line, in the order of the run; of a function's head, its calls."""
    called = calls(result, line)
    if called:
        return called
    match result:
        case Compared():
            return tuple(map(_compared_row, visits(result.comparison, line)))
        case Recorded():
            return tuple(_recorded_rows(result, line))
        case Predicted():
            return tuple(_predicted_rows(result, line))


def calls(result: Result, line: int) -> tuple[Row, ...]:
    """The calls of the function whose head is at ``line``: the arguments of each, and what it gave."""
    text = result.trace.source.text
    first = statement_lines(text).get(line, line)
    if first not in functions(text):
        return ()
    told = _Told.of(result)
    begun = [place for place, one in enumerate(told.events) if one.kind is EventKind.CALL and _at(one, first)]
    gave = told.ways_out(frozenset(told.events[place].frame for place in begun))
    return tuple(
        replace(row, visit=number, visits=len(begun))
        for number, place in enumerate(begun, 1)
        for row in (*told.rows(place), *gave.get(told.events[place].frame, ()))
    )


def _at(one: Event | PredictedStep, line: int) -> bool:
    return one.line == line and getattr(one, "file", 0) == 0


def _section(result: Result, line: int, name: str) -> str:
    called = calls(result, line)
    found = called or rows(result, line)
    found = tuple(row for row in found if row.name == name) or found
    if not found:
        return ""
    kept = _around_first_difference(found)
    table = [
        f"| {'call' if called else 'visit'} | | observed | predicted | probability |",
        "|---:|---|---|---|---:|",
        *map(_markdown_row, kept),
    ]
    if len(kept) < len(found):
        table += ["", f"{len(found) - len(kept):,} more of {len(found):,} rows are not shown."]
    if isinstance(result, Compared) and (out := sentences.way_out(result.comparison)):
        table += ["", out]
    return "\n".join([f"**{_escaped(clip(str(result.call), 60))}** {_kind(result)}", "", *table])


def _around_first_difference(found: Sequence[Row]) -> Sequence[Row]:
    """At most ``ROWS`` rows, the first difference among them."""
    first = next((index for index, row in enumerate(found) if row.differs), 0)
    start = max(0, min(first - ROWS // 2, len(found) - ROWS))
    return found[start : start + ROWS]


def _kind(result: Result) -> str:
    match result:
        case Compared():
            return f"observed and predicted, {sentences.compared_words(result.comparison)}"
        case Recorded():
            return "observed"
        case Predicted():
            return "predicted, not run"


def _markdown_row(row: Row) -> str:
    mark = f" {display.DIFFER}" if row.differs else ""
    cells = (
        f"{row.visit}/{row.visits}",
        _code(row.name),
        _code(row.observed) + mark,
        _code(row.predicted),
        row.probability,
    )
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """Text as it is, whatever markdown makes of it; not a code span, which cannot hold a bar in a table."""
    return _escaped(clip(text, VALUE_CELLS)) if text else ""


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", clean(text))


# --- calls -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Told:
    """The events of a run or of a prediction, and what a comparison says of them."""

    events: Sequence[Event | PredictedStep]
    compared: Mapping[int, ComparedStep]

    @classmethod
    def of(cls, result: Result) -> _Told:
        if isinstance(result, Predicted):
            return cls((*result.start.events, *result.steps), {})
        steps = result.comparison.steps if isinstance(result, Compared) else ()
        return cls(result.trace.events, {one.step: one for one in steps})

    def ways_out(self, frames: frozenset[int]) -> Mapping[int, tuple[Row, ...]]:
        """What each of ``frames`` came to in the end: its result, or the exception that took it out."""
        found: dict[int, int] = {}
        for place, one in enumerate(self.events):
            waits = isinstance(one, Event) and (one.yielded or one.unwinding)
            if one.frame in frames and one.kind in _ENDS and not waits:
                found[one.frame] = place
        return {
            frame: tuple(row for row in self.rows(place) if row.name in _ENDINGS)
            for frame, place in found.items()
        }

    def rows(self, place: int) -> tuple[Row, ...]:
        one = self.events[place]
        if isinstance(one, PredictedStep):
            return tuple(_said(one, 1, 1))
        if place in self.compared:
            return tuple(map(_compared_row, step_rows(self.compared[place])))
        return _given(one)


def _given(event: Event) -> tuple[Row, ...]:
    """What a recording says of a call or of a way out."""
    named = [(name, value) for name, value in event.locals.items() if display.shown(name, value)]
    if event.kind is not EventKind.CALL:
        named = [(_result_name(event.kind), event.value)] if event.value is not None else []
    return tuple(Row(1, 1, name, display.value_text(value), "", "") for name, value in named)


# --- rows --------------------------------------------------------------------------------------


def _compared_row(row: VisitRow) -> Row:
    withheld = row.agreement is Agreement.WITHHELD
    return Row(
        row.visit,
        row.visits,
        row.subject,
        row.observed or "",
        display.NOT_SURE if withheld else row.predicted or "",
        percent(row.probability) if row.probability is not None else "",
        row.agreement in _DIFFERING,
    )


def _recorded_rows(result: Recorded, line: int) -> Iterable[Row]:
    events = result.trace.events
    for event, place, fresh in zip(events, places(result.trace), news(events), strict=True):
        if event.file != 0 or place.line != line:
            continue
        for name, value in fresh.written.items():
            if display.shown(name, value):
                yield Row(place.visit, place.visits, name, display.value_text(value), "", "")
        if event.value is not None:
            subject = "yield" if event.yielded else _result_name(event.kind)
            yield Row(place.visit, place.visits, subject, display.value_text(event.value), "", "")


def _predicted_rows(result: Predicted, line: int) -> Iterable[Row]:
    placed = states.predicted_places(result.start, result.steps)[len(result.start.events) :]
    for step, (_, place) in zip(result.steps, placed, strict=True):
        if place.line != line:
            continue
        yield from _said(step, place.visit, place.visits)


def _said(step: PredictedStep, visit: int, visits: int) -> Iterable[Row]:
    for name, guess in step.changed.items():
        yield Row(visit, visits, name, "", guess.text, percent(guess.probability))
    if step.value is not None:
        guess = step.value
        yield Row(visit, visits, _result_name(step.kind), "", guess.text, percent(guess.probability))


def _result_name(kind: EventKind) -> str:
    return "exception" if kind is EventKind.EXCEPTION else "return"
