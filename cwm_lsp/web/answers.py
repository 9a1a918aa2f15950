"""What the page asks and what it is told. A question that makes no sense is answered with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any

from cwm_lsp.features import display, sentences
from cwm_lsp.features.display import Fragment, State
from cwm_lsp.features.text import clip
from cwm_lsp.trace.model import EventKind
from cwm_lsp.web.messages import (
    Answered,
    Ask,
    Calls,
    Detail,
    Entry,
    Overview,
    Piece,
    Row,
    Rows,
    RunHead,
    Source,
)
from cwm_lsp.web.messages import Sheet as SheetAnswer
from cwm_lsp.web.sheet import Sheet
from cwm_lsp.web.table import Table, Variable

CELL = 96
"""Characters of a value that a row carries; the detail has all of it."""

SAMPLE = 500
"""Steps that are looked at for the widths of the columns."""

BOUNDS = (6, 26)
"""Characters that a column has at least and at most."""

DIFFERENCE = 42
"""Characters that a column has at most where two values stand in one cell, or neither could be read."""

GIVES = 14
"""Characters kept free for what a step gives; where its row says nothing else, it reaches further."""

MOST_ROWS = 500
MOST_BUCKETS = 4000

GLYPHS: Mapping[str, str] = {
    State.AGREES: display.AGREE,
    State.DIFFERS: display.DIFFER,
    State.PREDICTED: display.APPROX,
    "mark": display.MARK,
}
"""What tells states apart without colour. Observed and computed values have none."""

_JUDGED = (State.AGREES, State.DIFFERS)

Sheets = Callable[[int, int | None], Sheet]
"""Gives the sheet of one run, or of two. Raises :class:`BadQuestion` for a run that is not there."""


class BadQuestion(Exception):
    """A question that cannot be answered; the message says why."""


def answer(asked: object, sheets: Sheets) -> Answered:
    """The answer to one message of the page, whatever it is. Blocking: a big sheet may have to be made."""
    known: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    number = _number(known.get("id"), -1)
    try:
        ask = Ask(str(known.get("ask")))
        sheet = sheets(_number(known.get("run"), 0), _optional(known.get("beside")))
        about = known.get("about")
        return {"id": number, "answer": _ANSWERS[ask](sheet, about if isinstance(about, dict) else {})}
    except (BadQuestion, ValueError) as error:
        return {"id": number, "error": str(error)}


def run_head(table: Table) -> RunHead:
    """What the page knows of a run from the beginning."""
    parted = table.first
    sample = [*range(0, len(table.events), 1 + len(table.events) // SAMPLE), table.first or 0]
    widths, gives = _widths(table, sample)
    return {
        "title": table.title,
        "kind": table.kind,
        "steps": len(table.events),
        "summary": table.summary,
        "notes": list(table.notes),
        "columns": list(table.columns),
        "widths": widths,
        "gives": gives,
        "code": max(2 * table.events[step].depth + len(table.text(step)) for step in sample),
        "files": [{"name": PurePath(file.path).name, "path": file.path} for file in table.files],
        "divergence": None if parted is None else {"step": parted, "words": table.parting},
        "threshold": table.threshold,
    }


def _widths(table: Table, sample: Iterable[int]) -> tuple[list[int], int]:
    """Characters that each column, and what steps give, take in a sample of the steps; kept within bounds."""
    narrow, wide = BOUNDS
    widths, gives = [min(wide, max(narrow, len(name))) for name in table.columns], 0
    for step in sample:
        for piece in row(table, step)["pieces"]:
            column, width = piece["column"], len(piece["text"])
            if column < 0:
                gives = max(gives, width)
            else:
                most = DIFFERENCE if piece["state"] == State.DIFFERS else wide
                widths[column] = max(widths[column], min(most, width))
    return widths, min(GIVES, gives)


# --- answers -----------------------------------------------------------------------------------


def _sheet(sheet: Sheet, _: Mapping[str, Any]) -> SheetAnswer:
    first = sheet.first
    return {
        "total": sheet.total,
        "differences": len(sheet.differences),
        "first": -1 if first is None else first,
        "words": sentences.differences_words(
            len(sheet.differences),
            compared=sheet.left.kind == "compared",
            pair=sheet.right is not None,
            open_steps=sheet.open_steps,
        ),
    }


def _rows(sheet: Sheet, about: Mapping[str, Any]) -> Rows:
    start = max(0, _number(about.get("start"), 0))
    end = min(sheet.total, start + min(MOST_ROWS, _number(about.get("count"), MOST_ROWS)))
    pairs = [sheet.pair(row) for row in range(start, end)]
    beside = sheet.right
    return {
        "start": start,
        "left": [None if left is None else row(sheet.left, left) for left, _ in pairs],
        "right": [None if right is None or beside is None else row(beside, right) for _, right in pairs],
        "apart": [sheet.apart(row) for row in range(start, end)],
        "odd": [next(filter(None, sheet.odd(row)), "") for row in range(start, end)],
    }


def _overview(sheet: Sheet, about: Mapping[str, Any]) -> Overview:
    found = sheet.overview(max(1, min(MOST_BUCKETS, _number(about.get("buckets"), 1))))
    return {
        "probability": [bucket.probability for bucket in found],
        "state": [str(bucket.state) for bucket in found],
        "depth": [bucket.depth for bucket in found],
    }


def _calls(sheet: Sheet, _: Mapping[str, Any]) -> Calls:
    spans = sheet.left.calls
    names = {name: index for index, name in enumerate(dict.fromkeys(span.function for span in spans))}
    rows = [(sheet.row_of(span.start), sheet.row_of(span.end)) for span in spans]
    return {
        "functions": list(names),
        "function": [names[span.function] for span in spans],
        "depth": [span.depth for span in spans],
        "start": [start for start, _ in rows],
        "end": [end for _, end in rows],
        "differs": [_differs_within(sheet, start, end) for start, end in rows],
    }


def _differs_within(sheet: Sheet, start: int, end: int) -> bool:
    found = sheet.next_difference(start - 1, back=False)
    return found is not None and found <= end


def _source(sheet: Sheet, about: Mapping[str, Any]) -> Source:
    table, number = _side(sheet, about), _number(about.get("file"), 0)
    if not 0 <= number < len(table.files):
        raise BadQuestion(f"There is no file {number}.")
    return {"path": table.files[number].path, "lines": list(table.texts[number])}


def _detail(sheet: Sheet, about: Mapping[str, Any]) -> Detail:
    table, step = _side(sheet, about), _number(about.get("step"), -1)
    if not 0 <= step < len(table.events):
        raise BadQuestion(f"There is no step {step}.")
    return {
        "step": step,
        "words": sentences.step_words(
            step,
            len(table.events),
            table.events[step].function,
            table.line(step),
            (*table.values(step), *table.outcome(step)),
        ),
        "outcome": [_piece(fragment, -1, whole=True) for fragment in table.outcome(step)],
        "entries": [_entry(variable) for variable in table.variables(step)],
    }


def _next(sheet: Sheet, about: Mapping[str, Any]) -> dict[str, int | None]:
    return {"row": sheet.next_difference(_number(about.get("row"), 0), back=about.get("back") is True)}


def _find(sheet: Sheet, about: Mapping[str, Any]) -> dict[str, int | None]:
    text = about.get("text")
    if not isinstance(text, str) or not text:
        raise BadQuestion("There is nothing to look for.")
    return {"row": sheet.find(text, _number(about.get("row"), 0), back=about.get("back") is True)}


_ANSWERS: Mapping[Ask, Callable[[Sheet, Mapping[str, Any]], object]] = {
    Ask.SHEET: _sheet,
    Ask.ROWS: _rows,
    Ask.OVERVIEW: _overview,
    Ask.CALLS: _calls,
    Ask.SOURCE: _source,
    Ask.DETAIL: _detail,
    Ask.NEXT: _next,
    Ask.FIND: _find,
}


# --- parts -------------------------------------------------------------------------------------


def row(table: Table, step: int) -> Row:
    """One step as a row."""
    event, place = table.events[step], table.places[step]
    entered = event.kind is EventKind.CALL
    pieces = [_piece(one, table.column[one.name]) for one in table.values(step) if one.name in table.column]
    pieces += [_piece(one, -1) for one in table.outcome(step)]
    return {
        "step": step,
        "kind": str(event.kind),
        "depth": event.depth,
        "function": event.function,
        "file": event.file,
        "line": table.line(step),
        "next": event.line,
        "visit": "" if entered else sentences.visits_label(place.visit, place.visits),
        "pieces": pieces,
        "state": str(table.states[step]),
        "probability": table.probability(step),
        "mark": step == table.first,
    }


def _piece(fragment: Fragment, column: int, *, whole: bool = False) -> Piece:
    """A fragment as a cell has it: without the name that stands above the column."""
    text = fragment.text.removeprefix(fragment.name).removeprefix(" = ").strip()
    text = text if whole else _clipped(fragment, text)
    return {
        "column": column,
        "text": text,
        "state": str(fragment.state),
        "words": fragment.words,
        "dimmed": fragment.dimmed,
        "tail": text.rfind(GLYPHS[fragment.state]) if fragment.state in _JUDGED else -1,
    }


def _clipped(fragment: Fragment, text: str) -> str:
    """``text`` short enough for a row; values give way, glyphs and probabilities stay."""
    if len(text) <= CELL:
        return text
    short = "".join(clip(part.text, CELL // 2) if part.elastic else part.text for part in fragment.parts)
    return short.removeprefix(fragment.name).removeprefix(" = ").strip()


def _entry(variable: Variable) -> Entry:
    fragment, predicted = variable.fragment, variable.predicted
    return {
        "name": fragment.name,
        "observed": variable.observed,
        "predicted": None if predicted is None else {"text": predicted[0], "probability": predicted[1]},
        "computed": variable.computed,
        "state": str(fragment.state),
        "mark": GLYPHS.get(fragment.state, ""),
        "words": fragment.words,
        "changed": variable.changed,
    }


def _side(sheet: Sheet, about: Mapping[str, Any]) -> Table:
    return sheet.right if about.get("side") == "right" and sheet.right is not None else sheet.left


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _optional(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
