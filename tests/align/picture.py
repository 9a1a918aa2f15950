"""The door of the alignment tests: a program, what the model says otherwise, and the picture that results.

A prediction starts out perfect, everything at 90 %, and is then changed by edits, one a line::

    4#2 total = 5 @71      what line 4 wrote at its second visit (a name not there before is added)
    4#2 del total          the model says nothing of it
    4#2 unbind total       the model says that the name goes away
    4#2 -> line 6 @64      where it goes (also: call, return, exception)
    5#1 <- 7 @50           what it gives back or raises
    4#2 end                the prediction ends before this
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from textwrap import dedent

from cwm_lsp.align.compare import compare
from cwm_lsp.align.model import Agreement, ComparedStep, ComparedValue, Comparison
from cwm_lsp.align.walk import news, places
from cwm_lsp.trace.model import EventKind, Trace
from cwm_lsp.trace.predicted import Guess, PredictedStep
from tests.codec.programs import record

_EDIT = re.compile(r"(\d+)#(\d+) (.*?)(?: @(\d+))?$")
_MARKS = {
    Agreement.AGREES: "✓",
    Agreement.DIFFERS: "✗",
    Agreement.MISSING: "✗ missing",
    Agreement.EXTRA: "✗ extra",
    Agreement.WITHHELD: "withheld",
    Agreement.UNCOMPARED: "uncompared",
}

MEAN = """
def mean_above(xs, floor):
    total = 0
    for x in xs:
        if x > floor:
            total += x
    return total / len(xs)
"""


def foresee(trace: Trace, probability: float = 0.9) -> list[PredictedStep]:
    """A prediction that is right in all."""

    def guess(text: str) -> Guess:
        return Guess(text, probability)

    return [
        PredictedStep(
            event.kind,
            event.line,
            event.function,
            event.depth,
            probability,
            {name: guess(value.text) for name, value in change.written.items()},
            change.unbound,
            {name: guess(value.text) for name, value in event.locals.items()},
            None if event.value is None else guess(event.value.text),
            event.frame,
        )
        for event, change in zip(trace.events[1:], news(trace.events)[1:], strict=True)
    ]


def edited(trace: Trace, edits: str) -> list[PredictedStep]:
    """The perfect prediction with ``edits``."""
    steps = foresee(trace)
    where = places(trace)
    end = len(steps)
    for edit in filter(None, map(str.strip, edits.splitlines())):
        match = _EDIT.fullmatch(edit)
        assert match is not None, edit
        line, visit, what, at = int(match[1]), int(match[2]), match[3], int(match[4] or 90) / 100
        index = next(
            index
            for index, place in enumerate(where[1:])
            if (place.line, place.visit) == (line, visit)
            and (not what.startswith("<-") or steps[index].value is not None)
        )
        if what == "end":
            end = index
        else:
            steps[index] = _edit(steps[index], what, at)
    return steps[:end]


def _edit(step: PredictedStep, what: str, at: float) -> PredictedStep:
    verb, _, rest = what.partition(" ")
    match verb:
        case "->":
            kind, _, line = rest.partition(" ")
            return replace(
                step, kind=EventKind(kind), line=int(line or step.line), probability=at, value=None
            )
        case "<-":
            return replace(step, value=Guess(rest, at))
        case "del":
            return replace(step, changed={n: g for n, g in step.changed.items() if n != rest})
        case "unbind":
            return replace(step, removed=(*step.removed, rest))
    name, _, text = what.partition(" = ")
    guess = Guess(text, at)
    return replace(step, changed={**step.changed, name: guess}, locals={**step.locals, name: guess})


def check(source: str, call: str, edits: str, picture: str) -> Comparison:
    """Record ``call``, compare it with the edited prediction, and expect ``picture``."""
    trace = record(dedent(source).lstrip("\n"), call)
    comparison = compare(trace, edited(trace, edits), threshold=0.5, model="test")
    assert draw(comparison) == dedent(picture).strip("\n")
    return comparison


def draw(comparison: Comparison) -> str:
    """The source, what each visit led to under its line, the tallies and the first divergence."""
    out: list[str] = []
    steps = [step for step in comparison.steps if comparison.trace.events[step.step].file == 0]
    for number, text in enumerate(comparison.trace.source.text.rstrip("\n").split("\n"), 1):
        out.append(f"{number} {text}".rstrip())
        for step in steps:
            if step.wrote == number:
                out += _rows(comparison, step)
    return "\n".join([*out, *_summary(comparison)])


def _rows(comparison: Comparison, step: ComparedStep) -> list[str]:
    first = comparison.divergence
    here = first is not None and first.step == step.step
    said = [f"{value.name} = {_value(value)}" for value in step.values]
    if step.flow.agreement is not Agreement.AGREES:
        flow = step.flow
        expected = ""
        if flow.predicted_kind is not None:
            expected = f" {flow.predicted_kind} {flow.predicted_line} @{flow.probability:.0%}"
        said.append(f"-> {flow.kind} {flow.line} {_MARKS[flow.agreement]}{expected}")
    if step.result is not None:
        said.append(f"<- {_value(step.result)}")
    visit = f"{step.visit}/{step.visits}"
    return [f"{'◆' if here and '✗' in one else ' '}     {visit} {one}" for one in said]


def _value(value: ComparedValue) -> str:
    observed = "none" if value.observed is None else value.observed.text
    agrees = value.agreement is Agreement.AGREES
    guess = "" if agrees or value.predicted is None else _guess(value.predicted)
    return f"{observed} {_MARKS[value.agreement]}{guess}"


def _guess(guess: Guess) -> str:
    return f" {guess.text} @{guess.probability:.0%}"


def _summary(comparison: Comparison) -> Sequence[str]:
    values, flow, first = comparison.values, comparison.flow, comparison.divergence
    told = "none"
    if first is not None:
        name = f" {first.name}" if first.name else ""
        told = f"{first.kind}{name} at line {first.line}: {first.predicted} for {first.observed}"
        told += f" @{first.probability:.0%}"
    tallies = [f"{one.right}/{one.total}+{one.withheld}" for one in (values, flow)]
    return ("---", f"values {tallies[0]} flow {tallies[1]}", f"divergence: {told}")
