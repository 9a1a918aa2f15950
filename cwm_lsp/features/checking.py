"""What was foreseen at a stop, held against what came of the step from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from cwm_lsp.align.compare import tally
from cwm_lsp.align.judge import divergence, judge
from cwm_lsp.align.model import Agreement, ComparedStep, ComparedValue, Divergence, Tally
from cwm_lsp.align.values import same_value, writes_itself
from cwm_lsp.align.walk import News, Place
from cwm_lsp.codec.flow import flow_of
from cwm_lsp.features import verdicts
from cwm_lsp.features.display import Fragment
from cwm_lsp.features.foresight import Foresight
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.model import Event, EventKind, SourceFile
from cwm_lsp.trace.predicted import PredictedStep
from cwm_lsp.trace.statements import heads, statement_lines, told_at
from cwm_lsp.trace.suspending import suspending


@dataclass(frozen=True, slots=True)
class Checked:
    """What was expected of one statement of ``source`` beside what came; it stands at ``line``, 1-based."""

    source: SourceFile
    line: int
    compared: ComparedStep
    divergence: Divergence | None

    @property
    def tally(self) -> Tally:
        """How many of its values were right."""
        result = self.compared.result
        said = [value.agreement for value in self.compared.values]
        return tally([*said, result.agreement] if result is not None else said)

    @property
    def as_foreseen(self) -> bool:
        """Whether the same frame is at the expected line, in the expected state, however sure that was."""
        flow = self.compared.flow
        same = (flow.kind, flow.line) == (flow.predicted_kind, flow.predicted_line)
        return (
            same
            and flow.kind is EventKind.LINE
            and all(
                one.observed is not None
                and one.predicted is not None
                and same_value(one.observed, one.predicted.text)
                for one in self.compared.values
            )
        )

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """The same in one line of text."""
        return (*verdicts.compared_values(self.compared), *verdicts.compared_outcome(self.compared))

    @property
    def placed(self) -> Mapping[int, tuple[Fragment, ...]]:
        """The same at the ends of lines of ``source``. The arguments of a call stand where it names them."""
        values, outcome = verdicts.compared_values(self.compared), verdicts.compared_outcome(self.compared)
        flow = self.compared.flow
        if flow.kind is not EventKind.CALL:
            return {self.line: (*values, *outcome)}
        if flow.line != flow.predicted_line:
            return {self.line: outcome}  # what was called may be another file's
        return {self.line: outcome, told_at(flow.line, heads(self.source.text)): values}


def check(foresight: Foresight, came: Event) -> Checked | None:
    """What was foreseen, held against the event that came: of the same frame (depth 0), or a call (depth 1).

    ``None`` where the foresight does not reach so far.
    """
    step = foresight.entering if came.kind is EventKind.CALL else foresight.following
    if step is None or _is_ambiguous(foresight.standing, step, came):
        return None
    if came.kind in (EventKind.RETURN, EventKind.EXCEPTION):  # what was to be set then is not what went wrong
        step = replace(step, changed={}, removed=())
    before = foresight.standing.locals if came.kind is not EventKind.CALL else {}
    written = {name: value for name, value in came.locals.items() if before.get(name) != value}
    news = News(written, tuple(name for name in before if name not in came.locals), before)
    line = foresight.standing.statement
    named = heads(foresight.standing.source.text)
    compared = judge(0, came, Place(line, 1, 1), news, step, foresight.threshold, heads=named)
    compared = _without_others(compared, _names(foresight.standing.source.text, line))
    source = foresight.standing.source
    return Checked(source, line, compared, divergence(compared, came, news, step, named))


def _without_others(compared: ComparedStep, named: frozenset[str]) -> ComparedStep:
    """``compared``, but for changes of names that the statement does not name.

    They came by other names of the same objects. Which names share one is not known of a stop, so that
    whoever says nothing of them has not said that they stay. Nor has who says nothing of an object that
    writes itself in words of its own.
    """
    values = tuple(
        replace(one, agreement=Agreement.UNCOMPARED)
        if one.agreement is Agreement.MISSING and (one.name not in named or _writes_itself(one))
        else one
        for one in compared.values
    )
    return replace(compared, values=values) if values != compared.values else compared


def _writes_itself(one: ComparedValue) -> bool:
    return one.observed is not None and writes_itself(one.observed)


@lru_cache(maxsize=512)
def _names(source: str, statement: int) -> frozenset[str]:
    """The names in the text of the statement that begins at a line."""
    lines = statement_lines(source)
    text = (line for number, line in enumerate(source.split("\n"), 1) if lines.get(number) == statement)
    return frozenset(re.findall(r"\w+", " ".join(text)))


def _is_ambiguous(standing: Standing, step: PredictedStep, came: Event) -> bool:
    """Whether what came says nothing of what was foreseen.

    A line, such as one of a ``finally``, may come after an exception and without one. A special method or a
    generator is entered by what no line says: the call that was expected may still come.
    """
    if came.kind is EventKind.CALL:
        return came.line != step.line and _is_implicit(standing.source.text, came)
    raises = step.kind is EventKind.EXCEPTION and came.kind is EventKind.LINE
    return raises and came.line in flow_of(standing.source.text).handlers(standing.statement)


def _is_implicit(text: str, call: Event) -> bool:
    name = call.function.rpartition(".")[2]
    special = name.startswith("__") and name.endswith("__")
    return special or call.line in suspending(text).generators
