"""The table of the visual language, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cwm_lsp.align.model import (
    Agreement,
    ComparedFlow,
    ComparedStep,
    ComparedValue,
    Divergence,
    DivergenceKind,
    Tally,
)
from cwm_lsp.features import display, sentences, verdicts
from cwm_lsp.features.display import Fragment, State
from cwm_lsp.trace.model import Event, EventKind, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep

SIX = Value("6", "int")
LONG = Value("[0, 1, 2, … 9,997 more]", "list", size=10_000, cut=True)


def value(agreement: Agreement, observed: Value | None = SIX, guess: Guess | None = None) -> ComparedValue:
    return ComparedValue("total", observed, guess, agreement)


@pytest.mark.parametrize(
    ("fragment", "text", "state", "words"),
    [
        (display.observed("total", SIX), "total = 6", State.OBSERVED, "observed 6"),
        (
            verdicts.compared(value(Agreement.AGREES, guess=Guess("6", 0.98))),
            "total = 6 ✓",
            State.AGREES,
            "observed 6, as predicted (98 %)",
        ),
        (
            verdicts.compared(value(Agreement.DIFFERS, guess=Guess("5", 0.71))),
            "total = 6 ✗ predicted 5 · 71 %",
            State.DIFFERS,
            "observed 6; the model expected 5, at 71 %",
        ),
        (
            verdicts.compared(value(Agreement.WITHHELD, guess=Guess("5", 0.2))),
            "total = 6",
            State.WITHHELD,
            "observed 6; the model was not sure enough to say",
        ),
        (
            display.predicted("total", Guess("6", 0.93), 0.5),
            "total ≈ 6 · 93 %",
            State.PREDICTED,
            "predicted 6, at 93 %, not run",
        ),
        (
            display.predicted("total", Guess("6", 0.4), 0.5),
            "total ≈ ?",
            State.WITHHELD,
            "the model is not sure: best guess 6 at 40 %",
        ),
        (
            display.computed("n > 3", Value("True", "bool")),
            "n > 3: True",
            State.COMPUTED,
            "computed from observed values",
        ),
        (display.past("total", Value("4"), 12), "total = 4 ↶", State.PAST, "observed earlier, 12 steps ago"),
        (
            display.observed("xs", LONG),
            "xs = [0, 1, 2, … 9,997 more]",
            State.CUT,
            "observed [0, 1, 2, … 9,997 more], cut; 10,000 in all",
        ),
        (
            verdicts.compared(value(Agreement.MISSING)),
            "total = 6 ✗ predicted no change",
            State.DIFFERS,
            "observed 6; the model expected no change",
        ),
        (
            verdicts.compared(value(Agreement.EXTRA, None, Guess("5", 0.8))),
            "total not set ✗ predicted 5 · 80 %",
            State.DIFFERS,
            "not set in the run; the model expected 5, at 80 %",
        ),
        (
            verdicts.compared(value(Agreement.EXTRA, None)),
            "total gone ✗ not predicted",
            State.DIFFERS,
            "gone in the run; the model expected it to stay",
        ),
        (
            verdicts.compared(value(Agreement.UNCOMPARED, LONG, Guess("[0]", 0.9))),
            "total = [0, 1, 2, … 9,997 more]",
            State.CUT,
            "observed [0, 1, 2, … 9,997 more], cut; 10,000 in all",
        ),
        (verdicts.compared(value(Agreement.WITHHELD, None, Guess("5", 0.2))), None, None, None),
    ],
)
def test_every_state_has_its_glyphs_and_its_words(
    fragment: Fragment | None, text: str | None, state: State | None, words: str | None
) -> None:
    said = (fragment.text, fragment.state, fragment.words) if fragment is not None else (None, None, None)
    assert said == (text, state, words)


@pytest.mark.parametrize(
    ("kind", "expected_kind", "text"),
    [
        (EventKind.LINE, EventKind.LINE, "→ next line 3 ✗ predicted line 5 · 64 %"),
        (EventKind.RETURN, EventKind.LINE, "→ return ✗ predicted line 5 · 64 %"),
        (EventKind.EXCEPTION, EventKind.LINE, "→ exception ✗ predicted line 5 · 64 %"),
        (EventKind.LINE, EventKind.CALL, "→ next line 3 ✗ predicted call at line 5 · 64 %"),
    ],
)
def test_flow_is_shown_where_it_differs(kind: EventKind, expected_kind: EventKind, text: str) -> None:
    fragment = verdicts.flow(ComparedFlow(kind, 3, expected_kind, 5, 0.64, Agreement.DIFFERS))
    assert fragment is not None
    assert fragment.text == text


@pytest.mark.parametrize("agreement", [Agreement.AGREES, Agreement.WITHHELD, Agreement.UNCOMPARED])
def test_flow_is_silent_elsewhere(agreement: Agreement) -> None:
    assert verdicts.flow(ComparedFlow(EventKind.LINE, 3, EventKind.LINE, 5, 0.64, agreement)) is None


def test_at_most_three_values_and_never_one_that_differs_left_out() -> None:
    flow = ComparedFlow(EventKind.LINE, 3, EventKind.LINE, 3, 0.9, Agreement.AGREES)
    values = tuple(ComparedValue(name, SIX, Guess("6", 0.9), Agreement.AGREES) for name in "abcd")
    wrong = ComparedValue("e", SIX, Guess("5", 0.9), Agreement.DIFFERS)
    step = ComparedStep(1, 2, 1, 1, flow, (*values, wrong))
    assert display.joined(verdicts.compared_values(step)) == "a = 6 ✓ · b = 6 ✓ · e = 6 ✗ predicted 5 · 90 %"


def test_a_doubt_about_a_value_that_stays_is_not_shown() -> None:
    doubt = ComparedValue("a", SIX, Guess("5", 0.2), Agreement.WITHHELD, written=False)
    values = (doubt, replace(doubt, name="b", written=True), replace(doubt, name="c", observed=None))
    flow = ComparedFlow(EventKind.LINE, 3, EventKind.LINE, 3, 0.9, Agreement.AGREES)
    step = ComparedStep(1, 2, 1, 1, flow, values)
    assert [fragment.text for fragment in verdicts.compared_values(step)] == ["b = 6"]


def test_functions_modules_classes_and_dunders_are_not_shown() -> None:
    written = {
        "f": Value("<function f>", "function", opaque=True),
        "m": Value("<module 'os'>", "module", opaque=True),
        "C": Value("<class 'C'>", "type", opaque=True),
        "__name__": Value("'x'", "str"),
        "n": SIX,
    }
    event = Event(EventKind.LINE, 2, "g", 0, written)
    assert display.joined(display.observed_step(event, written)) == "n = 6"


def test_results_of_runs_and_of_predictions() -> None:
    raised = Event(EventKind.EXCEPTION, 2, "f", 0, value=Value("ValueError('no')", "ValueError"))
    assert display.joined(display.observed_step(raised, {})) == "raises ValueError('no')"
    suspended = Event(EventKind.RETURN, 2, "f", 0, value=SIX, yielded=True)
    assert display.joined(display.observed_step(suspended, {})) == "yields 6"
    step = PredictedStep(EventKind.RETURN, 2, "f", 0, 0.9, {"a": Guess("1", 0.8)}, value=Guess("5", 0.3))
    assert display.joined(display.predicted_step(step, 0.5)) == "a ≈ 1 · 80 % · ← ≈ ?"


def test_a_surprise_is_worded_as_one() -> None:
    surprise = Divergence(3, 2, DivergenceKind.VALUE, "total", "6", "5\n" * 40, 0.714)
    words = sentences.divergence_words(surprise)
    assert (
        words
        == r"total: the model expected 5\n5\n5\n5\n5\n5\n5\n5\n5\n5\n5\n5\n5\n…, at 71 %; the run gave 6"
    )


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (Tally(199, 212, 3), "right in 94 % of 212 values"),
        (Tally(1, 1, 0), "right in 100 % of 1 value"),
        (Tally(0, 0, 7), "nothing compared"),
        (Tally(1200, 2400, 0), "right in 50 % of 2,400 values"),
    ],
)
def test_how_often_the_model_was_right(tally: Tally, words: str) -> None:
    assert sentences.tally_words(tally) == words
