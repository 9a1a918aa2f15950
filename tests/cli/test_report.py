"""What stands under a picture, in words."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from cwm_lsp.align.model import Comparison, Tally
from cwm_lsp.cli.report import comparison_picture, run_picture
from cwm_lsp.trace.model import Cut, CutReason, Event, EventKind, Output, SourceFile, Trace

SOURCE = SourceFile("f.py", "def f():\n    pass\n")
EVENTS = (Event(EventKind.CALL, 1, "f", 0, frame=1),)


def words(picture: object) -> list[str]:
    """The picture's lines."""
    console = Console(file=io.StringIO(), width=200, highlight=False)
    console.print(picture)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("values", "flow", "said"),
    [
        (
            Tally(9, 10, 2),
            Tally(3, 4, 0),
            "The model was right in 90 % of 10 values and not sure of 2 more; it knew 3 of 4 next steps.",
        ),
        (Tally(1, 1, 0), Tally(0, 0, 0), "The model was right in 100 % of 1 value."),
        (
            Tally(0, 0, 1),
            Tally(1, 1, 0),
            "The model was not sure of 1 value, so none was compared; it knew 1 of 1 next steps.",
        ),
        (Tally(0, 0, 0), Tally(2, 3, 0), "The model was asked for no value; it knew 2 of 3 next steps."),
    ],
)
def test_how_often_the_model_was_right(values: Tally, flow: Tally, said: str) -> None:
    trace = Trace((SOURCE,), EVENTS, "f", "3.12.0")
    comparison = Comparison(trace, (), None, values, flow, 0.5, "m")
    assert said in words(comparison_picture("f()", comparison, 200))


def test_a_limit_names_the_option_that_moves_it() -> None:
    cut = Cut(CutReason.SECONDS, "The program ran longer than 30 s.")
    found = words(run_picture("f()", Trace((SOURCE,), EVENTS, "f", "3.12.0", cut, recorder="r"), 200))
    assert "1 event under Python 3.12.0, recorded by r." in found
    assert (
        "The recording stopped early: The program ran longer than 30 s. --max-seconds allows more." in found
    )


def test_of_a_long_output_both_ends_are_shown() -> None:
    text = "".join(f"line {number}\n" for number in range(1, 21))
    found = words(
        run_picture("f()", Trace((SOURCE,), EVENTS, "f", "3.12.0", output=Output(stderr=text)), 200)
    )
    at = found.index("The program wrote to stderr:")
    assert found[at + 4 : at + 7] == ["  line 4", "  … 12 lines more", "  line 17"]
    assert found[-1] == "  line 20"
