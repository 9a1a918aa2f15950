"""The picture in the terminal: real runs beside beliefs of a model, drawn at several widths."""

from __future__ import annotations

import io
from textwrap import dedent

import pytest
from rich.console import Console, RenderableType

from cwm_lsp.align.model import Comparison
from cwm_lsp.cli.report import comparison_picture, run_picture
from cwm_lsp.cli.view import FileView, rows, shown_lines
from cwm_lsp.features import states
from cwm_lsp.features.text import cells
from cwm_lsp.trace.model import SourceFile
from tests.features.world import Beliefs, compared, run

ABOVE = '''
    def above(xs, floor):
        """Sum what is above.

        That is all.
        """
        total = 0
        for x in xs:
            if x > floor:
                total += x
        return total
'''


def drawn(picture: RenderableType, width: int) -> str:
    """The picture as text, without the blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)
    console.print(picture)
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert all(cells(line) <= width for line in lines)
    return "\n".join(lines).strip("\n")


def table(picture: str) -> str:
    """The picture without its title and what comes after the legend."""
    return picture.partition("\n\n")[2].partition("\n\n")[0]


def check(beliefs: Beliefs, width: int, expected: str) -> None:
    """The table of ``above([4, 9, 2], 3)`` under a model with ``beliefs``."""
    comparison = compared(ABOVE, "above([4, 9, 2], 3)", beliefs)
    found = table(drawn(comparison_picture("above", comparison, width), width))
    assert dedent(found) == dedent(expected).strip("\n")


def step_of(line: int, visit: int, name: str) -> int:
    """The event that first shows what ``line`` wrote to ``name`` at its visit ``visit``."""
    comparison = compared(ABOVE, "above([4, 9, 2], 3)", {})
    return next(
        step.step
        for step in comparison.steps
        if (step.wrote, step.visit) == (line, visit) and (not name or name in {v.name for v in step.values})
    )


def test_all_as_predicted() -> None:
    expected = """
                                  observed                    predicted
       1  def above(xs, floor):   xs = [4, 9, 2] · floor = 3
       …
       6      total = 0           total = 0                   ✓
       7      for x in xs:        x = 2                       ✓          ⟨3/4⟩
       8          if x > floor:
       9              total += x  total = 13                  ✓          ⟨2/2⟩
      10      return total        ← 13                        ✓
    """
    check({}, 80, expected)


def test_the_first_divergence_is_marked_and_lines_stand_at_its_time() -> None:
    beliefs = {step_of(9, 1, "total"): {"total": ("5", 0.71)}}
    expected = """
                                  observed                    predicted
       1  def above(xs, floor):   xs = [4, 9, 2] · floor = 3
       …
       6      total = 0           total = 0                   ✓
       7      for x in xs:        x = 4                       ✓           ⟨1/4⟩
       8          if x > floor:
    ◆  9              total += x  total = 4                   ✗ 5 · 71 %  ⟨1/2⟩
      10      return total        ← 13                        ✓
    """
    check(beliefs, 80, expected)


def test_what_the_model_is_not_sure_of_is_said_to_be_so() -> None:
    beliefs = {step_of(6, 1, "total"): {"total": ("7", 0.2)}}
    comparison = compared(ABOVE, "above([4, 9, 2], 3)", beliefs)
    picture = drawn(comparison_picture("above", comparison, 80), 80)
    assert " ".join(line_with(picture, "total = 0  ").split()) == "6 total = 0 total = 0 not sure"
    assert "and not sure of 1 more" in picture
    assert "Run and model never part." in picture


def test_another_line_than_predicted() -> None:
    beliefs = {step_of(8, 1, ""): {"line": ("7", 0.64)}}
    comparison = compared(ABOVE, "above([4, 9, 2], 3)", beliefs)
    picture = drawn(comparison_picture("above", comparison, 90), 90)
    assert " ".join(line_with(picture, "if x > floor").split()) == (
        "◆ 8 if x > floor: → next line 9 ✗ line 7 · 64 % ⟨1/3⟩"
    )
    assert "They part first at line 8: the model expected line 7" in picture


def test_a_narrow_terminal_puts_values_under_their_line() -> None:
    comparison = compared(ABOVE, "above([4, 9, 2], 3)", {step_of(9, 1, "total"): {"total": ("5", 0.71)}})
    picture = drawn(comparison_picture("above", comparison, 44), 44)
    assert line_after(picture, "total += x").strip() == "total = 4 ✗ predicted 5 · 71 %"


def line_with(picture: str, text: str) -> str:
    return next(line for line in picture.splitlines() if text in line)


def line_after(picture: str, text: str) -> str:
    lines = picture.splitlines()
    return lines[lines.index(line_with(picture, text)) + 1]


@pytest.fixture(scope="module")
def wild() -> Comparison:
    source = """
    def wild(text, 世界, items):
        longer_name_than_anyone_needs = text * 40 + 世界
        nested = {"a": [items, {"b": (items, longer_name_than_anyone_needs)}]} if items else None
        esc = "\\x1b[31m" + "\\u202e"
        for item in items:
            items = items[1:]; a = b = c = d = item
        return nested
    """
    return compared(source, "wild('é😀', '世界世界', ['世' * 30, 2, 3])", {4: {"nested": ("世" * 60, 0.9)}})


@pytest.mark.parametrize("width", [20, 33, 48, 63, 64, 65, 72, 80, 100, 160, 240])
def test_any_width_holds_any_value(wild: Comparison, width: int) -> None:
    picture = drawn(comparison_picture("wild " * 20, wild, width), width)
    assert "\x1b[31m" not in picture
    assert "\u202e" not in picture
    drawn(run_picture("wild", wild.trace, width), width)


def test_a_long_function_is_shown_where_it_ran() -> None:
    body = "\n".join(
        f"    x{n} = {n}" if n != 150 else "    if x149 > 0:\n        return 1" for n in range(300)
    )
    trace = run(f"def long():\n{body}\n", "long()")
    view = FileView(trace.source, states.of_trace(trace))
    assert max(shown_lines(view)) < 160


def test_functions_that_did_not_run_are_not_shown() -> None:
    trace = run(f"{dedent(ABOVE)}\n\ndef other():\n    return 1\n", "above([], 1)")
    view = FileView(trace.source, states.of_trace(trace))
    shown = {trace.source.lines[number - 1] for number in shown_lines(view)}
    assert "def other():" not in shown
    assert "    That is all." not in shown
    assert "        total += x" not in shown
    assert "            total += x" in shown


def test_a_file_that_does_not_parse_here_is_still_shown() -> None:
    view = FileView(SourceFile("new.py", "def f(:\n    x = 1\n    y = 2\n"), (), frozenset({2}))
    assert shown_lines(view) == [1, 2, 3]


def test_neighbours_with_the_same_answer_share_a_row() -> None:
    comparison = compared("def f():\n    a, b = 1, 2\n    return a\n", "f()", {})
    [fragments] = [one.fragments for one in states.of_comparison(comparison) if one.line == 2]
    assert [len(row.observed) for row in rows(fragments, 40)] == [2]
    assert [len(row.observed) for row in rows(fragments, 8)] == [1, 1]
