"""Hover: all visits of a line, what was observed, what was predicted and how sure the model was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cwm_lsp.align.model import Agreement
from cwm_lsp.align.visits import VisitRow, visits
from cwm_lsp.align.walk import news, places
from cwm_lsp.features import display, sentences, states
from cwm_lsp.features.results import Compared, Predicted, Recorded, Result
from cwm_lsp.features.text import clean, clip, percent
from cwm_lsp.trace.model import EventKind

ROWS = 24
VALUE_CELLS = 400
_DIFFERING = frozenset({Agreement.DIFFERS, Agreement.MISSING, Agreement.EXTRA})
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-!|~])")


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
    """All that a result says of a line, in the order of the run."""
    match result:
        case Compared():
            return tuple(map(_compared_row, visits(result.comparison, line)))
        case Recorded():
            return tuple(_recorded_rows(result, line))
        case Predicted():
            return tuple(_predicted_rows(result, line))


def _section(result: Result, line: int, name: str) -> str:
    found = rows(result, line)
    found = tuple(row for row in found if row.name == name) or found
    if not found:
        return ""
    kept = _around_first_difference(found)
    table = [
        "| visit | | observed | predicted | probability |",
        "|---:|---|---|---|---:|",
        *map(_markdown_row, kept),
    ]
    if len(kept) < len(found):
        table += ["", f"{len(found) - len(kept):,} more of {len(found):,} rows are not shown."]
    return "\n".join([f"**{_escaped(clip(str(result.call), 60))}** {_kind(result)}", "", *table])


def _around_first_difference(found: Sequence[Row]) -> Sequence[Row]:
    """At most ``ROWS`` rows, the first difference among them."""
    first = next((index for index, row in enumerate(found) if row.differs), 0)
    start = max(0, min(first - ROWS // 2, len(found) - ROWS))
    return found[start : start + ROWS]


def _kind(result: Result) -> str:
    match result:
        case Compared():
            return f"observed and predicted, {sentences.tally_words(result.comparison.values)}"
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
        for name, guess in step.changed.items():
            yield Row(place.visit, place.visits, name, "", guess.text, percent(guess.probability))
        if step.value is not None:
            guess = step.value
            subject = _result_name(step.kind)
            yield Row(place.visit, place.visits, subject, "", guess.text, percent(guess.probability))


def _result_name(kind: EventKind) -> str:
    return "exception" if kind is EventKind.EXCEPTION else "return"
