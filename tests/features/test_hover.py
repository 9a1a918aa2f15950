"""Hover tables: all visits of a line, the first difference always among them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cwm_lsp.align.model import Tally
from cwm_lsp.features.hover import ROWS, Row, hover, rows
from cwm_lsp.features.results import Call, Compared, Predicted, Recorded
from cwm_lsp.predict import entry_trace
from cwm_lsp.trace.model import SourceFile
from tests.features.test_states import CALL, MEAN
from tests.features.world import THRESHOLD, compared, forced, run

THE_CALL = Call("mean_above", "[4, 9, 2, 7], 3")


def test_a_comparison_has_observed_predicted_and_probability() -> None:
    result = Compared(THE_CALL, compared(MEAN, CALL, {8: {"total": ("14", 0.81)}}))
    assert hover([result], 5) == "\n".join(
        [
            "**mean_above([4, 9, 2, 7], 3)** observed and predicted, right in 89 % of 9 values",
            "",
            "| visit | | observed | predicted | probability |",
            "|---:|---|---|---|---:|",
            "| 1/3 | total | 4 | 4 | 98 % |",
            "| 2/3 | total | 13 ✗ | 14 | 81 % |",
            "| 3/3 | total | 20 | 20 | 98 % |",
        ]
    )


def test_a_guess_that_is_withheld_is_not_shown() -> None:
    beliefs = {8: {"total": ("14", 0.2), "ghost": ("66", 0.1)}, 10: {"line": ("5", 0.3)}}
    result = Compared(THE_CALL, compared(MEAN, CALL, {**beliefs, 15: {"return": ("6.67", 0.4)}}))
    found = [(row.visit, *cells(row)) for line in (4, 5, 6) for row in rows(result, line)]
    assert [row for row in found if row[3] == "not sure"] == [
        (3, "next", "line 3", "not sure", "30 %", False),
        (2, "total", "13", "not sure", "20 %", False),
        (2, "ghost", "", "not sure", "10 %", False),
        (1, "return", "5.0", "not sure", "40 %", False),
    ]
    tables = "".join(hover([result], line) or "" for line in (4, 5, 6))
    assert not any(f"| {guess} |" in tables for guess in ("14", "66", "6.67"))


def cells(row: Row) -> tuple[str, str, str, str, bool]:
    return row.name, row.observed, row.predicted, row.probability, row.differs


def test_runs_and_predictions_keep_to_their_column() -> None:
    recorded = rows(Recorded(THE_CALL, run(MEAN, CALL)), 6)
    assert [(row.name, row.observed, row.predicted) for row in recorded] == [("return", "5.0", "")]
    start = entry_trace(SourceFile("shop.py", MEAN), "mean_above", "[4, 9, 2, 7], 3")
    steps = forced(run(MEAN, CALL), {})
    predicted = rows(Predicted(THE_CALL, start, steps, (), True, THRESHOLD, "m"), 6)
    assert [(row.name, row.observed, row.predicted, row.probability) for row in predicted] == [
        ("return", "", "5.0", "98 %")
    ]


CALLS = """\
def same(f):
    return f


@same
def half(
    n,
):
    return n // 2


def twice(n):
    return half(n) + half(n + 1)
"""


@pytest.mark.parametrize("line", [5, 6, 7])
def test_the_head_of_a_function_tells_its_calls(line: int) -> None:
    compare = compared(CALLS, "twice(3)", {})
    assert (hover([Compared(Call("twice", "3"), compare)], line) or "").splitlines()[2:] == [
        "| call | | observed | predicted | probability |",
        "|---:|---|---|---|---:|",
        "| 1/2 | n | 3 | 3 | 98 % |",
        "| 1/2 | return | 1 | 1 | 98 % |",
        "| 2/2 | n | 4 | 4 | 98 % |",
        "| 2/2 | return | 2 | 2 | 98 % |",
    ]


def test_the_head_of_the_function_that_was_called_tells_what_it_was_given() -> None:
    recorded = Recorded(Call("twice", "3"), run(CALLS, "twice(3)"))
    assert [cells(row) for row in rows(recorded, 12)] == [
        ("n", "3", "", "", False),
        ("return", "3", "", "", False),
    ]
    trace = run(CALLS, "twice(3)")
    start = replace(trace, events=trace.events[:1])
    predicted = rows(Predicted(Call("twice", "3"), start, forced(trace, {}), (), True, THRESHOLD, "m"), 12)
    assert [cells(row) for row in predicted] == [
        ("n", "3", "", "", False),
        ("return", "", "3", "98 %", False),
    ]


def test_a_call_that_an_exception_took_out_tells_that() -> None:
    tried = "    try:\n        f(n)\n    except ZeroDivisionError:\n        n = 1\n    return n\n"
    source = f"def f(n):\n    return 1 // n\n\n\ndef g(n):\n{tried}"
    found = rows(Recorded(Call("g", "0"), run(source, "g(0)")), 1)
    assert [(row.name, row.observed) for row in found][1][0] == "exception"


ASYNC = """\
import asyncio


async def wait():
    await asyncio.sleep(0)


def go():
    asyncio.run(wait())
"""


def test_where_nothing_was_compared_the_hover_says_why_and_what_to_do() -> None:
    beliefs: dict[int, dict[str, tuple[str, float]]] = {}
    result = Compared(Call("go", ""), compared(ASYNC, "go()", beliefs))
    nothing = replace(result, comparison=replace(result.comparison, values=Tally(0, 0, 0)))
    text = hover([nothing], 9) or ""
    assert "no value to compare: async" in text
    assert text.endswith("Compare the functions that it calls, with values of their own.")
    unsure = replace(result, comparison=replace(result.comparison, values=Tally(0, 0, 3)))
    assert "not sure of any of 3 values" in (hover([unsure], 9) or "")


def test_the_word_under_the_pointer_narrows_the_table_where_it_can() -> None:
    source = "def f():\n    a, b = 1, 2\n    return a\n"
    result = Recorded(Call("f", ""), run(source, "f()"))
    assert "| b | 2 |" in (hover([result], 2, "b") or "")
    assert "| a |" not in (hover([result], 2, "b") or "")
    assert "| a | 1 |" in (hover([result], 2, "nothing") or "")
    assert hover([result], 99) is None


def test_a_long_table_is_cut_around_the_first_difference() -> None:
    source = "def f(n):\n    for i in range(n):\n        x = i\n    return x\n"
    events = run(source, "f(200)").events
    step = next(
        index for index, event in enumerate(events) if getattr(event.locals.get("x"), "text", "") == "150"
    )
    result = Compared(Call("f", "200"), compared(source, "f(200)", {step: {"x": ("7", 0.9)}}))
    text = hover([result], 3) or ""
    assert "| 151/200 | x | 150 ✗ | 7 | 90 % |" in text
    assert text.endswith(f"{200 - ROWS} more of 200 rows are not shown.")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("'[(1, -2), {3: 4}]'", "[(1, -2), {3: 4}]"),
        ("'snake_case # 1! > 0'", "snake_case # 1! > 0"),
        ("'_edge __dunder__ 2_'", "\\_edge \\_\\_dunder\\_\\_ 2\\_"),
        ("'*a* ~b~ &lt; a & b'", "\\*a\\* \\~b\\~ \\&lt; a & b"),
    ],
)
def test_only_what_would_be_markup_is_escaped(text: str, written: str) -> None:
    source = f"def f():\n    s = {text}\n    return 1\n"
    table = hover([Recorded(Call("f", ""), run(source, "f()"))], 2) or ""
    assert f"| '{written}' |" in table


@pytest.mark.parametrize("text", ["'a|b'", "'<img src=x>'", "'[x](http://e)'", "'`'", "'a\\nb'"])
def test_values_cannot_be_markdown(text: str) -> None:
    source = f"def f():\n    s = {text}\n    return 1\n"
    table = hover([Recorded(Call("f", ""), run(source, "f()"))], 2) or ""
    (row,) = [line for line in table.splitlines() if line.startswith("| 1/1")]
    for sign in "|<[`":
        assert row.count(f"\\{sign}") == text.count(sign)
