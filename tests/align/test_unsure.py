"""What the model is not sure of is withheld, silence included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cwm_lsp.align.compare import compare
from cwm_lsp.align.model import Agreement, Comparison
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep

SOURCE = SourceFile("m.py", "def f(a):\n    x = a\n    return x\n")
ONE = {"a": Value("1", "int")}
EVENTS = (
    Event(EventKind.CALL, 1, "f", 0, ONE),
    Event(EventKind.LINE, 2, "f", 0, ONE),
    Event(EventKind.LINE, 3, "f", 0, {**ONE, "x": Value("1", "int")}),
    Event(EventKind.RETURN, 3, "f", 0, {**ONE, "x": Value("1", "int")}, Value("1", "int")),
)


def compared(*changed: PredictedStep) -> Comparison:
    steps = [PredictedStep(event.kind, event.line, "f", 0, 0.99) for event in EVENTS[1:]]
    steps[1] = replace(steps[1], changed={"x": Guess("1", 0.99)})
    steps[2] = replace(steps[2], value=Guess("1", 0.99))
    for step in changed:
        steps[step.line - 2 if step.kind is EventKind.LINE else 2] = step
    return compare(Trace((SOURCE,), EVENTS, "f", "3.12.0"), steps, threshold=0.5, model="m")


def test_all_as_expected_has_no_divergence() -> None:
    assert compared().divergence is None


def test_a_name_that_comes_into_being_and_is_left_out_is_no_claim() -> None:
    found = compared(PredictedStep(EventKind.LINE, 3, "f", 0, 0.9))
    assert found.steps[1].values[0].agreement is Agreement.WITHHELD
    assert found.divergence is None


@pytest.mark.parametrize(("probability", "agreement"), [(0.9, Agreement.MISSING), (0.2, Agreement.WITHHELD)])
def test_a_name_expected_to_go_is_as_sure_as_the_step(probability: float, agreement: Agreement) -> None:
    step = PredictedStep(
        EventKind.LINE, 3, "f", 0, probability, changed={"x": Guess("1", 0.99)}, removed=("a",)
    )
    found = [value.agreement for value in compared(step).steps[1].values if value.name == "a"]
    assert found == [agreement]


def test_a_return_without_a_value_says_nothing() -> None:
    found = compared(PredictedStep(EventKind.RETURN, 3, "f", 0, 0.99))
    assert found.steps[2].result is not None
    assert found.steps[2].result.agreement is Agreement.WITHHELD
    assert found.divergence is None
