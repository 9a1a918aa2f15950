"""Tables and sheets of runs: what rows say, how two runs stand beside each other, what can be found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cwm_lsp.features.display import State
from cwm_lsp.features.foresight import Foresight
from cwm_lsp.features.results import Call, Recorded
from cwm_lsp.features.supposing import Supposed
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep
from cwm_lsp.web.answers import answer, row
from cwm_lsp.web.sheet import Sheet
from cwm_lsp.web.table import Table
from cwm_lsp.web.tables import Shown, table_of
from tests.web import runs


def picture(table: Table, steps: range | None = None) -> list[str]:
    """Each step as a row has it: number, line, source, and what it says."""
    lines = []
    for step in steps or range(len(table.events)):
        found = row(table, step)
        said = [
            f"{table.columns[one['column']]}: {one['text']}" if one["column"] >= 0 else one["text"]
            for one in found["pieces"]
        ]
        mark = "◆" if found["mark"] else " "
        lines.append(f"{mark} {step} {found['line']} {table.text(step)} | {', '.join(said)}".rstrip(" |"))
    return lines


def test_a_comparison_says_what_each_line_wrote_and_whether_it_was_expected() -> None:
    assert picture(table_of(runs.small())) == [
        "  0 1 def mean_above(xs, floor): | xs: [4, 9, 2, 7], floor: 3",
        "  1 1 def mean_above(xs, floor):",
        "  2 2 total = 0 | total: 0 ✓",
        "  3 3 for x in xs: | x: 4 ✓",
        "  4 4 if x > floor:",
        "  5 5 total += x | total: 4 ✓",
        "  6 3 for x in xs: | x: 9 ✓",
        "  7 4 if x > floor:",
        "  8 5 total += x | total: 13 ✓",
        "  9 3 for x in xs: | x: 2 ✓",
        "◆ 10 4 if x > floor: | → next line 3 ✗ predicted line 5 · 64 %",
        "  11 3 for x in xs: | x: 7",
        "  12 4 if x > floor:",
        "  13 5 total += x | total: 20 ✓",
        "  14 3 for x in xs:",
        "  15 6 return total / len(xs) | ← 5.0 ✗ predicted 6.67 · 58 %",
    ]


def test_a_prediction_says_what_is_given_expected_and_withheld() -> None:
    table = table_of(runs.predicted())
    assert picture(table, range(3)) == [
        "  0 1 def mean_above(xs, floor): | xs: [4, 9, 2, 7], floor: 3",
        "  1 1 def mean_above(xs, floor):",
        "  2 2 total = 0 | total: ≈ 0 · 98 %",
    ]
    assert "x: ≈ ?" in picture(table)[11]
    assert [table.states[step] for step in (0, 2, 11)] == [State.COMPUTED, State.PREDICTED, State.WITHHELD]


def test_what_the_model_is_not_sure_of_is_nowhere_but_in_its_words() -> None:
    table = table_of(runs.predicted())
    (unsure,) = [one for one in table.variables(11) if one.fragment.name == "x"]
    assert (unsure.observed, unsure.predicted, unsure.computed) == (None, None, None)
    assert unsure.fragment.words == "the model is not sure: best guess 7 at 30 %"
    assert Sheet(table).find("x = 7", 0, back=False) is None


def test_observed_predicted_and_computed_are_never_in_one_field() -> None:
    compared = {one.fragment.name: one for one in table_of(runs.small()).variables(2)}
    assert (compared["total"].observed, compared["total"].predicted) == ("0", ("0", 0.98))
    assert compared["xs"].predicted is None
    given = table_of(runs.predicted()).variables(0)[0]
    assert (given.observed, given.predicted, given.computed) == (None, None, "[4, 9, 2, 7]")


def test_how_sure_the_model_was_is_the_least_of_what_it_said() -> None:
    table = table_of(runs.small())
    assert [table.probability(step) for step in (0, 2, 10, 11, 15)] == [None, 0.98, 0.64, 0.3, 0.58]


def test_differences_are_stepped_through_in_both_directions() -> None:
    sheet = Sheet(table_of(runs.small()))
    assert sheet.differences == [10, 15]
    assert [sheet.next_difference(at, back=False) for at in (0, 10, 15)] == [10, 15, None]
    assert [sheet.next_difference(at, back=True) for at in (10, 15, 12)] == [None, 10, 10]


@pytest.mark.parametrize(
    ("text", "at", "back", "found"),
    [
        ("total = 13", 0, False, 8),
        ("TOTAL = 13", 0, True, 8),
        ("for x", 3, False, 6),
        ("for x", 3, True, 14),
        ("for x", 14, False, 3),
        ("nowhere", 3, False, None),
    ],
)
def test_a_search_goes_round_and_looks_at_source_and_values(
    text: str, at: int, back: bool, found: int | None
) -> None:
    assert Sheet(table_of(runs.small())).find(text, at, back=back) == found


def test_calls_nest_and_end_where_they_return() -> None:
    spans = table_of(runs.long(30)).calls
    assert [(span.function, span.depth, span.start, span.end) for span in spans] == [
        ("walk", 0, 0, 29),
        ("step", 1, 4, 8),
        ("step", 1, 11, 15),
        ("step", 1, 18, 22),
        ("step", 1, 25, 29),
    ]


def test_a_whole_run_fits_any_number_of_buckets() -> None:
    sheet = Sheet(table_of(runs.small()))
    for count in (1, 3, 16, 100):
        buckets = sheet.overview(count)
        assert len(buckets) == min(count, 16)
        assert min(one.probability for one in buckets if one.probability is not None) == 0.3
        assert [one.state for one in buckets].count(State.DIFFERS) == (2 if count >= 16 else 1)


# --- two runs beside each other ------------------------------------------------------------------


def beside(left: Shown, right: Shown) -> Sheet:
    return Sheet(table_of(left), table_of(right))


def test_two_runs_stand_in_the_same_row_where_they_do_the_same() -> None:
    sheet = beside(runs.observed(), runs.observed("mean_above([4, 9, 1, 7], 3)"))
    assert [sheet.pair(at) for at in range(sheet.total)] == [(at, at) for at in range(16)]
    assert sheet.differences == [0, 9]
    assert sheet.apart(9) == "left: x = 2; right: x = 1"
    assert sheet.apart(8) == ""


def test_what_only_one_run_did_has_a_row_of_its_own() -> None:
    sheet = beside(runs.observed(), runs.observed("mean_above([4, 1], 3)"))
    lefts = [left for left, _ in map(sheet.pair, range(sheet.total)) if left is not None]
    rights = [right for _, right in map(sheet.pair, range(sheet.total)) if right is not None]
    assert lefts == list(range(16))
    assert rights == list(range(len(sheet.right.events if sheet.right else ())))
    alone = next(at for at in range(sheet.total) if sheet.pair(at)[1] is None)
    assert sheet.apart(alone) == "only left does this"
    assert [sheet.pair(sheet.row_of(step))[0] for step in lefts] == lefts


def test_two_versions_of_a_file_are_matched_by_the_text_of_their_lines() -> None:
    later = runs.MEAN.replace("    total = 0\n", "    total = 0\n    # a comment that moves what follows\n")
    sheet = beside(runs.observed(), runs.observed(source=later))
    assert sheet.differences == []
    assert sheet.pair(5) == (5, 5)


def one_step(value: Value) -> Shown:
    file = SourceFile("a.py", "def f(n):\n    return n\n")
    events = (
        Event(EventKind.CALL, 1, "f", 0, {"n": value}, frame=1),
        Event(EventKind.LINE, 2, "f", 0, {"n": value}, frame=1),
        Event(EventKind.RETURN, 2, "f", 0, {"n": value}, value, frame=1),
    )
    return Shown("f", Recorded(Call("f", ""), Trace((file,), events, "f", "3.12.1")))


@pytest.mark.parametrize("part", [{"cut": True}, {"opaque": True}])
def test_values_that_are_not_whole_are_not_held_against_each_other(part: dict[str, Any]) -> None:
    whole, other = Value("'a'"), Value("'b'")
    assert beside(one_step(whole), one_step(other)).differences == [0, 2]
    assert beside(one_step(whole), one_step(replace(other, **part))).differences == []
    assert beside(one_step(replace(whole, **part)), one_step(other)).differences == []


SOURCE = SourceFile("shop.py", "def f(n):\n    twice = n + n\n    return twice\n")


def supposed(probability: float, twice: int, changes: dict[str, Value] | None = None) -> Shown:
    """A future of a frame before line 2, in which the model is so sure of ``twice``."""
    standing = Standing(SOURCE, "f", 1, 2, {"n": Value("2"), **(changes or {})})
    guess = {"twice": Guess(str(twice), probability)}
    steps = (
        PredictedStep(EventKind.LINE, 3, "f", 0, 0.99, changed=guess, locals=guess, frame=1),
        PredictedStep(EventKind.RETURN, 3, "f", 0, 0.99, value=Guess("0", 0.99), frame=1),
    )
    one = Supposed(Foresight(standing, steps, 0.5, "beliefs", "Enough."), changes or {})
    return Shown(one.title, one)


def test_a_future_says_what_was_observed_what_was_put_there_and_what_is_predicted() -> None:
    table = table_of(supposed(0.9, 14, {"n": Value("7")}))
    assert picture(table) == [
        "  0 2 twice = n + n | n: 7",
        "  1 2 twice = n + n | twice: ≈ 14 · 90 %",
        "  2 3 return twice | ← ≈ 0 · 99 %",
    ]
    assert table.states == (State.COMPUTED, State.PREDICTED, State.PREDICTED)
    assert [one.computed for one in table.variables(1)] == ["7", None]
    assert [one.observed for one in table_of(supposed(0.9, 4)).variables(1)] == ["2", None]
    assert (table.title, table.notes) == ("if n = 7", ["if n = 7: Enough."])
    assert table.summary == "nothing was run; beliefs predicted 2 events"


def test_futures_of_which_neither_is_sure_are_not_said_to_be_the_same() -> None:
    sheet = Sheet(table_of(supposed(0.3, 8)), table_of(supposed(0.3, 10, {"n": Value("5")})))
    assert sheet.differences == []
    assert sheet.open_steps == 1


@pytest.mark.parametrize(
    ("probability", "differences", "words"),
    [(0.9, [1], "1 ✗"), (0.3, [], "no difference; 1 step cannot be compared")],
)
def test_futures_part_where_both_are_sure_and_nowhere_by_what_was_changed(
    probability: float, differences: list[int], words: str
) -> None:
    sheet = Sheet(table_of(supposed(probability, 4)), table_of(supposed(0.9, 14, {"n": Value("7")})))
    assert sheet.differences == differences
    asked = {"id": 1, "ask": "sheet", "run": 0, "beside": 1, "about": {}}
    assert answer(asked, lambda run, beside: sheet)["answer"]["words"] == words
    assert State.OBSERVED not in {bucket.state for bucket in sheet.overview(3)[1:]}
