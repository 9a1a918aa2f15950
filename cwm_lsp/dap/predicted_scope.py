"""The scope "Predicted" of one stop: its variables, in the words and glyphs of every other surface."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from cwm_lsp.align.model import Tally
from cwm_lsp.codec.pure import Undecided, compute
from cwm_lsp.features import display, sentences
from cwm_lsp.features.ahead import condition_at, unrun
from cwm_lsp.features.checking import Checked
from cwm_lsp.features.display import Fragment
from cwm_lsp.features.foresight import Foresight, speakable
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.model import EventKind, Value
from cwm_lsp.trace.predicted import PredictedStep
from cwm_lsp.trace.suspending import suspending

SCOPE = "Predicted"

RESULT, YIELDED, RAISES = "(result)", "(yields)", "(raises)"
"""What a return, a yield and an exception are called among the variables."""

FIRST_REFERENCE = 1 << 29
"""Our references begin here; debugpy's are addresses, far above."""

Json = dict[str, Any]


def is_ours(reference: object) -> bool:
    """Whether a ``variablesReference`` is one of ours."""
    return isinstance(reference, int) and FIRST_REFERENCE <= reference < 2 * FIRST_REFERENCE


class References:
    """Rows of variables by reference. Numbers are never used twice, so a stale one means nothing."""

    def __init__(self) -> None:
        self._next = FIRST_REFERENCE
        self._rows: dict[int, list[Json]] = {}

    def put(self, rows: list[Json]) -> int:
        """A reference to ``rows``."""
        self._next += 1
        self._rows[self._next] = rows
        return self._next

    def replace(self, reference: int, rows: list[Json]) -> None:
        """Let ``reference`` mean other rows from now on."""
        if reference in self._rows:
            self._rows[reference] = rows

    def get(self, reference: int) -> list[Json] | None:
        """The rows, ``None`` of a stop that is over."""
        return self._rows.get(reference)

    def clear(self) -> None:
        """The stop is over."""
        self._rows.clear()


def rows(
    references: References,
    standing: Standing | None,
    foresight: Foresight | None,
    checked: Checked | None,
    tally: Tally,
    *,
    look_ahead: bool,
    why: str = "",
) -> list[Json]:
    """The variables of the scope: what the present line will do, then what came of the last one.

    The condition of an ``if`` or ``while`` that is pure is not predicted but computed, from ``standing``.
    ``why`` is the reason if nothing will be predicted.
    """
    found: list[Json] = []
    if standing is not None:
        found += _decided(standing)
    if foresight is None and why:
        found.append(row("(not predicted)", why))
    elif foresight is None:
        found.append(row("(predicting)", "…", "the model has not answered yet"))
    else:
        following = foresight.following
        if following is not None:
            found += _following(foresight.standing, following, foresight.threshold)
        if look_ahead and foresight.beyond:
            found.append(_ahead(references, foresight))
        if foresight.why:
            found.append(row("(why no more)" if following is not None else "(not predicted)", foresight.why))
    if checked is not None:
        went = display.arrived(checked.compared.flow)
        fragments = (*checked.fragments, *filter(None, [went]))
        said = display.joined(fragments) or "nothing was sure enough to compare"
        words = "; ".join(one.words for one in fragments)
        found.append(row(f"(expected at line {checked.line})", said, words))
    if tally.total:
        found.append(row("(score)", f"{sentences.tally_words(tally)} here"))
    return found


def row(name: str, value: str, words: str = "", reference: int = 0) -> Json:
    """One variable; ``words`` stand where its type would."""
    return {"name": name, "value": value, "type": words, "variablesReference": reference}


def _decided(standing: Standing) -> Iterable[Json]:
    """The condition that the present line decides, if it can be computed from what was observed."""
    if standing.raising or standing.raised is not None:
        return
    test = condition_at(standing)
    known = {name: value.text for name, value in standing.locals.items() if not (value.opaque or value.cut)}
    try:
        value = bool(compute(test, known)) if test else None
    except Undecided:
        return
    if value is not None:
        said = display.computed(test, Value(repr(value)))
        yield row(f"({test})", f"{value} · computed", said.words)


def _following(standing: Standing, step: PredictedStep, threshold: float) -> Iterable[Json]:
    for name, guess in step.changed.items():
        if display.shown(name, guess):
            said = display.predicted("", guess, threshold)
            yield row(name, said.text.strip(), said.words)
    if (outcome := speakable(step, threshold).value) is not None:
        said = display.predicted("", outcome, threshold)
        yields = standing.statement in suspending(standing.source.text).yielding
        name = RAISES if step.kind is EventKind.EXCEPTION else YIELDED if yields else RESULT
        yield row(name, said.text.strip(), said.words)
    going = display.expected(step, threshold)
    yield row("(next)", going.text, going.words)


def _ahead(references: References, foresight: Foresight) -> Json:
    """Lines after the present one: what they do in order, then those that are passed over."""
    threshold = foresight.threshold
    own = [step for step in foresight.steps if step.depth == 0]
    found = [_line_row(before.line, _said(step, threshold)) for before, step in pairwise(own)]
    passed = unrun(foresight)
    found += [_line_row(line, (display.not_run(passed[line]),)) for line in sorted(passed)]
    noun = "line" if len(own) == 2 else "lines"
    skipped = f", {len(passed)} not run" if passed else ""
    return row("(ahead)", f"{len(own) - 1} {noun}{skipped}", "", references.put(found))


def _said(step: PredictedStep, threshold: float) -> tuple[Fragment, ...]:
    spoken = speakable(step, threshold)
    said = display.predicted_step(spoken, threshold)
    return said if spoken.value is not None else (*said, display.expected(step, threshold))


def _line_row(line: int, fragments: Sequence[Fragment]) -> Json:
    return row(f"line {line}", display.joined(fragments), "; ".join(one.words for one in fragments))
