"""What is expected at a stop, and whether it came, as lines of the file: no model, no debugger."""

from __future__ import annotations

from dataclasses import replace

from cwm_lsp.align.model import Agreement, Tally
from cwm_lsp.features import display
from cwm_lsp.features.ahead import placements, unrun
from cwm_lsp.features.checking import Checked, check
from cwm_lsp.features.foresight import Foresight, doubted
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep
from tests.features.world import THRESHOLD, Beliefs, forced, run

SOURCE = """
def grade(points, limit):
    passed = points >= limit
    if passed:
        word = "yes"
    else:
        word = "no"
    told = shout(word)
    return told


def shout(word):
    return word + "!"
"""


def foreseen(at: int, beliefs: Beliefs, call: str = "grade(7, 5)") -> tuple[Foresight, Trace]:
    """What a model that is right but for ``beliefs`` says at the event ``at`` of a real run."""
    trace = run(SOURCE, call)
    here = trace.events[at]
    standing = Standing(trace.source, here.function, 1, here.line, here.locals, frame=here.frame)
    steps: tuple[PredictedStep, ...] = forced(trace, beliefs)[at:]
    steps = tuple(replace(step, depth=step.depth - here.depth) for step in steps)
    return Foresight(standing, steps, THRESHOLD, "beliefs"), trace


def picture(foresight: Foresight | None, checked: Checked | None) -> dict[int, str]:
    return {one.line: one.text for one in placements(foresight, checked)}


def test_the_present_line_the_lines_ahead_and_those_not_run() -> None:
    foresight, _ = foreseen(1, {})
    assert picture(foresight, None) == {
        2: "passed ≈ True · 98 %",
        4: "word ≈ 'yes' · 98 %",
        6: "≈ not run · 98 %",
        7: "told ≈ 'yes!' · 98 %",
        8: "← ≈ 'yes!' · 98 %",
        11: "word ≈ 'yes' · 98 %",
        12: "← ≈ 'yes!' · 98 %",
    }


def test_doubt_is_shown_at_the_present_line_alone() -> None:
    foresight, _ = foreseen(1, {2: {"passed": ("False", 0.3)}, 4: {"word": ("'maybe'", 0.4)}})
    shown = picture(foresight, None)
    assert shown[2] == "passed ≈ ?"
    assert 4 not in shown


def test_a_branch_that_is_not_sure_strikes_nothing_out() -> None:
    foresight, _ = foreseen(1, {3: {"line": ("4", 0.4)}})
    assert unrun(foresight) == {}


def test_of_a_line_in_a_loop_the_time_that_comes_first_is_shown() -> None:
    source = "def f(xs):\n    found = []\n    for x in xs:\n        found.append(x)\n    return found\n"
    trace = run(source, "f([5, 6, 7])")
    here = trace.events[3]
    standing = Standing(trace.source, "f", 1, here.line, here.locals, frame=here.frame)
    assert here.line == 4
    shown = picture(Foresight(standing, forced(trace, {})[3:], THRESHOLD, ""), None)
    assert shown == {4: "found ≈ [5] · 98 %", 3: "x ≈ 6 · 98 %", 5: "← ≈ [5, 6, 7] · 98 %"}
    assert [*shown] == [4, 3, 5], "the present line stands first"


def test_functions_and_what_the_future_brings_are_not_foretold() -> None:
    source = "from __future__ import annotations\n\n\ndef f():\n    return 1\n"
    standing = Standing(SourceFile("shop.py", source), "<module>", 0, 4, {}, frame=0)
    step = PredictedStep(EventKind.RETURN, 4, "<module>", 0, 0.9, changed={"f": Guess("<function f>", 0.9)})
    assert picture(Foresight(standing, (step,), THRESHOLD, ""), None) == {}
    assert not display.shown("annotations", Value("_Feature((3, 7, 0), 16777216)", type="_Feature"))


def test_a_line_that_a_loop_comes_back_to_is_not_struck_out() -> None:
    source = "def f(xs):\n    for x in xs:\n        if x:\n            y = x\n    return 0\n"
    trace = run(source, "f([0, 1])")
    here = trace.events[2]
    standing = Standing(trace.source, "f", 1, here.line, here.locals)
    assert here.line == 3
    assert unrun(Foresight(standing, forced(trace, {})[2:], THRESHOLD, "")) == {}


def test_what_came_as_foreseen_is_marked_and_counted() -> None:
    foresight, trace = foreseen(1, {})
    checked = check(foresight, trace.events[2])
    assert checked is not None
    assert picture(None, checked) == {2: "passed = True ✓"}
    assert checked.divergence is None
    assert checked.tally == Tally(1, 1, 0)


def test_another_value_is_a_divergence_with_both() -> None:
    foresight, trace = foreseen(1, {2: {"passed": ("False", 0.8)}})
    checked = check(foresight, trace.events[2])
    assert checked is not None
    assert checked.divergence is not None
    assert picture(None, checked) == {2: "passed = True ✗ predicted False · 80 %"}
    assert placements(None, checked)[0].mark
    assert checked.divergence.probability == 0.8


def test_a_value_that_was_withheld_is_no_divergence() -> None:
    foresight, trace = foreseen(1, {2: {"passed": ("False", 0.3)}})
    checked = check(foresight, trace.events[2])
    assert checked is not None
    assert checked.divergence is None
    assert checked.tally == Tally(0, 0, 1)


def test_a_step_over_a_call_is_held_against_the_line_after_it() -> None:
    at = next(place for place, event in enumerate(run(SOURCE, "grade(7, 5)").events) if event.line == 7)
    foresight, trace = foreseen(at, {})
    after = next(event for event in trace.events[at + 1 :] if event.depth == 0)
    checked = check(foresight, after)
    assert checked is not None
    assert picture(None, checked) == {7: "told = 'yes!' ✓"}


def test_a_step_into_a_call_is_held_against_the_call() -> None:
    at = next(place for place, event in enumerate(run(SOURCE, "grade(7, 5)").events) if event.line == 7)
    foresight, trace = foreseen(at, {at + 1: {"word": ("'no'", 0.9)}})
    assert trace.events[at + 1].kind is EventKind.CALL
    checked = check(foresight, trace.events[at + 1])
    assert checked is not None
    assert checked.compared.flow.agreement is Agreement.AGREES
    assert checked.compared.values[0].agreement is Agreement.DIFFERS
    assert picture(None, checked) == {11: "word = 'yes' ✗ predicted 'no' · 90 %"}
    assert [one.line for one in placements(None, checked) if one.mark] == [11]


def test_a_return_is_held_against_its_value_alone() -> None:
    foresight, _ = foreseen(1, {})
    value = Value("'yes!'")
    came = Event(EventKind.RETURN, 8, "grade", 0, foresight.standing.locals, value)
    last = replace(foresight, steps=foresight.steps[-1:])
    checked = check(last, came)
    assert checked is not None
    assert display.joined(checked.fragments) == "← 'yes!' ✓"
    other = check(last, replace(came, value=Value("'no!'")))
    assert other is not None
    assert other.divergence is not None
    unknown = check(last, replace(came, value=None))
    assert unknown is not None
    assert unknown.tally.total == 0
    assert unknown.compared.flow.agreement is Agreement.AGREES


def test_beyond_its_reach_a_foresight_says_nothing() -> None:
    foresight, trace = foreseen(1, {})
    assert check(replace(foresight, steps=()), trace.events[2]) is None


def test_what_changes_by_another_name_was_not_said_to_stay() -> None:
    foresight, trace = foreseen(1, {})
    came = trace.events[2]
    other = replace(came, locals={**came.locals, "limit": Value("6"), "points": Value("8")})
    told = foresight.standing.source.text.replace("points >= limit", "points >= 5")
    here = replace(foresight.standing, source=replace(foresight.standing.source, text=told))
    checked = check(replace(foresight, standing=here), other)
    assert checked is not None
    said = {value.name: value.agreement for value in checked.compared.values}
    assert said["limit"] is Agreement.UNCOMPARED
    assert said["points"] is Agreement.MISSING
    assert not checked.as_foreseen, "the model has to be told of it"
    written = replace(came, locals={**came.locals, "points": Value("<Points 8>")})
    own = check(replace(foresight, standing=here), written)
    assert own is not None
    assert own.divergence is None


def test_a_call_that_no_line_says_does_not_differ_from_the_one_expected() -> None:
    at = next(place for place, event in enumerate(run(SOURCE, "grade(7, 5)").events) if event.line == 7)
    foresight, trace = foreseen(at, {})
    called = trace.events[at + 1]
    assert check(foresight, replace(called, line=1, function="Word.__repr__")) is None
    other = check(foresight, replace(called, line=1, function="grade"))
    assert other is not None
    assert other.divergence is not None


def test_an_exception_that_cannot_be_named_is_not_expected() -> None:
    step = PredictedStep(EventKind.EXCEPTION, 3, "grade", 0, 0.98, value=Guess("UnboundLocalError()", 0.26))
    assert doubted(step).probability == 0.26
    assert doubted(replace(step, value=Guess("ZeroDivisionError()", 0.99))).probability == 0.98
    line = replace(step, kind=EventKind.LINE, value=None)
    assert doubted(line) == line
