"""The picture in the terminal: source on the left, what the run gave and the model expected beside it.

What stands at a line, and in which glyphs and words, comes from ``features``; this module only lays
it out in columns. Narrower than ``NARROW`` cells, the values go under their line.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cwm_lsp.features import display, sentences
from cwm_lsp.features.display import Fragment, Part, State
from cwm_lsp.features.fitting import fit
from cwm_lsp.features.states import Placement
from cwm_lsp.features.text import cells, clip
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.statements import first_line, parse

NARROW = 64
LONGEST_WHOLE = 60
CONTEXT = 1
JOINED = 40
"""Cells up to which values stand side by side in one row."""
GUTTER = 2
"""Cells between two columns."""
GAP = "…"

STYLES: Mapping[State, str] = {
    State.OBSERVED: "",
    State.AGREES: "green",
    State.DIFFERS: "bold yellow",
    State.WITHHELD: "dim",
    State.PREDICTED: "cyan",
    State.COMPUTED: "blue",
    State.PAST: "dim",
    State.CUT: "dim",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row beside a source line: what was observed, what the model said of it."""

    observed: tuple[Fragment, ...]
    predicted: Fragment | None = None

    @property
    def key(self) -> str:
        """Rows with the same answer of the model may be joined."""
        return self.predicted.text if self.predicted else ""


@dataclass(frozen=True, slots=True)
class FileView:
    """One file of the picture, with the placements that ``features.states`` computed for it.

    ``ran`` are the lines that were reached, whether there is something to say about them or not.
    """

    file: SourceFile
    placements: tuple[Placement, ...]
    ran: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Headings:
    """The names of the value columns. ``predicted`` is "" where there is only one."""

    observed: str
    predicted: str = ""


def picture(
    title: str, views: Sequence[FileView], headings: Headings, summary: Sequence[str], width: int
) -> RenderableType:
    """The whole picture in ``width`` cells: title, one table a file, legend, summary."""
    blocks: list[RenderableType] = [Text(clip(title, width), style="bold"), Text()]
    for number, view in enumerate(views):
        if number or len(views) > 1:
            blocks.append(Text(clip(view.file.path, width), style="dim"))
        blocks += [_stacked(view, width) if width < NARROW else _table(view, headings, width), Text()]
    key = legend(placement for view in views for placement in view.placements)
    if key:
        blocks.append(Text(key, style="dim"))
    blocks += [Text(line) for line in summary]
    return Group(*blocks)


def legend(placements: Iterable[Placement]) -> str:
    """What the glyphs that are used mean, in one line; "" where none is."""
    placements = list(placements)
    states = {fragment.state for placement in placements for fragment in placement.fragments}
    meanings = (
        (State.AGREES in states, f"{display.AGREE} as predicted"),
        (State.DIFFERS in states, f"{display.DIFFER} predicted otherwise"),
        (State.PREDICTED in states, f"{display.APPROX} predicted, not run"),
        (any(placement.mark for placement in placements), f"{display.MARK} first divergence"),
        *((True, f"{_visits(p)} visit {p.visit} of {p.visits}") for p in _repeated(placements)),
    )
    return "   ".join(words for used, words in meanings if used)


def _repeated(placements: Sequence[Placement]) -> list[Placement]:
    """The line that ran most often, to explain visits by; none if no line ran twice."""
    return sorted((p for p in placements if p.visits > 1), key=lambda p: p.visits)[-1:]


# --- rows --------------------------------------------------------------------------------------


def split(fragment: Fragment) -> Row:
    """A fragment as two cells: ``total = 6 ✗ predicted 5 · 71 %`` is ``total = 6`` and ``✗ 5 · 71 %``."""
    if fragment.state is State.WITHHELD and display.APPROX not in fragment.parts[0].text:
        seen = replace(fragment, state=State.OBSERVED)
        return Row((seen,), replace(fragment, parts=(Part(display.NOT_SURE),)))
    for index, part in enumerate(fragment.parts):
        glyph = next((g for g in (display.AGREE, display.DIFFER) if g in part.text), "")
        if part.elastic or not glyph:
            continue
        before, _, after = part.text.partition(glyph)
        left = (*fragment.parts[:index], Part(before.rstrip()))
        right = (Part(f"{glyph}{after.replace(' predicted ', ' ', 1)}"), *fragment.parts[index + 1 :])
        seen = replace(fragment, parts=left, state=State.OBSERVED, dimmed=False)
        return Row((seen,), replace(fragment, parts=right))
    return Row((fragment,))


def rows(fragments: Sequence[Fragment], width: int) -> list[Row]:
    """Fragments as rows, neighbours with the same answer of the model side by side where they fit."""
    found: list[Row] = []
    for row in map(split, fragments):
        if found and found[-1].key == row.key:
            joined = found[-1].observed + row.observed
            if cells(display.joined(joined)) <= width:
                found[-1] = replace(found[-1], observed=joined)
                continue
        found.append(row)
    return found


def _text(fragments: Sequence[Fragment], width: int) -> Text:
    text = Text(no_wrap=True)
    for index, fragment in enumerate(fit(fragments, width)):
        text.append(display.SEPARATOR if index else "", style="dim")
        text.append(fragment.text, style="dim" if fragment.dimmed else STYLES[fragment.state])
    return text


# --- layouts -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Widths:
    source: int
    observed: int
    predicted: int
    visits: int


def _widths(view: FileView, numbers: Sequence[int], headings: Headings, width: int) -> _Widths:
    """Cells a column: source and values may each claim half of the room, and what the other leaves."""
    lines = view.file.lines
    visits = max((cells(_visits(placement)) for placement in view.placements), default=0)
    columns = 2 + bool(headings.predicted) + bool(visits)
    room = width - _gutter_width(numbers) - columns * GUTTER - visits
    beside = [row for placement in view.placements for row in rows(placement.fragments, JOINED)]
    observed = max((cells(display.joined(row.observed)) for row in beside), default=0)
    observed = max(observed, cells(headings.observed))
    predicted = max((cells(row.key) for row in beside), default=0) if headings.predicted else 0
    predicted = max(predicted, cells(headings.predicted))
    source = _share(
        max((cells(lines[n - 1].expandtabs(4)) for n in numbers), default=0), observed + predicted, room
    )
    predicted = _share(predicted, observed, room - source)
    return _Widths(source, min(observed, room - source - predicted), predicted, visits)


def _share(wanted: int, others: int, room: int) -> int:
    """``wanted`` cells if half of ``room`` or what ``others`` leave of it is enough, else that much."""
    return min(wanted, max(room // 2, room - others))


def _gutter_width(numbers: Sequence[int]) -> int:
    return 2 + len(str(numbers[-1] if numbers else 0))


def _table(view: FileView, headings: Headings, width: int) -> Table:
    numbers = shown_lines(view)
    widths = _widths(view, numbers, headings, width)
    code = _highlighted(view.file)
    table = Table(box=None, padding=(0, GUTTER, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    gutter = _gutter_width(numbers)
    table.add_column("", no_wrap=True, justify="right", width=gutter)
    table.add_column("", no_wrap=True, width=widths.source)
    table.add_column(headings.observed, no_wrap=True, width=widths.observed)
    if headings.predicted:
        table.add_column(headings.predicted, no_wrap=True, width=widths.predicted)
    if widths.visits:
        table.add_column("", no_wrap=True, width=widths.visits)
    by_line = {placement.line: placement for placement in view.placements}
    gaps = _gaps(numbers, view.file.lines)
    for number in numbers:
        if number in gaps:
            table.add_row(Text(gaps[number], style="dim"))
        left = _gutter(number, by_line.get(number), gutter)
        for cell in _cells(left, code[number - 1], by_line.get(number), widths, bool(headings.predicted)):
            table.add_row(*cell)
    return table


def _cells(
    gutter: Text, code: Text, placement: Placement | None, widths: _Widths, both: bool
) -> list[list[Text]]:
    """The table rows of one source line."""
    beside = rows(placement.fragments, min(widths.observed, JOINED)) if placement else []
    found = []
    for index, row in enumerate(beside or [Row(())]):
        first = index == 0
        line = _clipped(code, widths.source) if first else Text()
        cell = [gutter if first else Text(), line, _text(row.observed, widths.observed)]
        if both:
            cell.append(_text((row.predicted,), widths.predicted) if row.predicted else Text())
        if widths.visits:
            cell.append(Text(_visits(placement) if first and placement else "", style="dim"))
        found.append(cell)
    return found


def _stacked(view: FileView, width: int) -> Group:
    """For narrow terminals: each line of source, and under it what is said of it."""
    code = _highlighted(view.file)
    by_line = {placement.line: placement for placement in view.placements}
    lines: list[Text] = []
    numbers = shown_lines(view)
    left = _gutter_width(numbers)
    for number in numbers:
        placement = by_line.get(number)
        line = _clipped(code[number - 1], max(width - left - GUTTER, 8))
        lines.append(Text.assemble(_gutter(number, placement, left), " " * GUTTER, line))
        for fragment in placement.fragments if placement else ():
            indent = " " * (left + 2 * GUTTER)
            lines.append(Text.assemble(indent, _text((fragment,), max(width - len(indent), 8))))
    return Group(*lines)


def _gutter(number: int, placement: Placement | None, width: int) -> Text:
    """Mark and number, each in a column of its own."""
    if placement is not None and placement.mark:
        return Text.assemble((display.MARK, "bold magenta"), (str(number).rjust(width - 1), "bold"))
    return Text(str(number).rjust(width), style="dim")


def _visits(placement: Placement | None) -> str:
    return sentences.visits_label(placement.visit, placement.visits) if placement else ""


def _highlighted(file: SourceFile) -> list[Text]:
    """The file's lines, coloured; tabs as four cells."""
    from rich.syntax import Syntax  # with the names of all its lexers, a tenth of a command's start

    text = file.text.expandtabs(4)
    syntax = Syntax(text, "python", theme="ansi_dark", background_color="default")
    lines = list(syntax.highlight(text).split("\n", allow_blank=True))
    # The lexer may drop empty lines at the end.
    return lines + [Text()] * (len(file.lines) - len(lines))


def _clipped(line: Text, width: int) -> Text:
    line = line.copy()
    line.truncate(width, overflow="ellipsis")
    return line


# --- which lines -------------------------------------------------------------------------------


def shown_lines(view: FileView) -> list[int]:
    """The 1-based lines worth showing: functions that ran, whole if short, without their docstrings."""
    lines = view.file.lines
    placed = {placement.line for placement in view.placements} | view.ran
    functions, hidden = _functions(view.file.text)
    wanted: set[int] = set()
    for line in placed:
        span = min((span for span in functions if line in span), key=len, default=range(0))
        wanted |= set(span) if 0 < len(span) <= LONGEST_WHOLE else _around(line, lines)
    if len(wanted) > LONGEST_WHOLE * 2:
        wanted = {near for line in placed for near in _around(line, lines)}
    return sorted(line for line in (wanted - hidden) | placed if 0 < line <= len(lines))


def _around(line: int, lines: Sequence[str]) -> set[int]:
    """A line and its neighbours that are not blank."""
    near = range(max(line - CONTEXT, 1), min(line + CONTEXT, len(lines)) + 1)
    return {one for one in near if lines[one - 1].strip()} | {line}


def _gaps(numbers: Sequence[int], lines: Sequence[str]) -> Mapping[int, str]:
    """What stands before a line that does not follow the one above: ``GAP``, or "" for blank lines alone."""
    pairs = itertools.pairwise(numbers)
    left_out = {after: lines[before : after - 1] for before, after in pairs if after > before + 1}
    return {after: GAP if any(map(str.strip, left)) else "" for after, left in left_out.items()}


def _functions(text: str) -> tuple[list[range], set[int]]:
    """The line ranges of all functions in ``text``, and the lines of their docstrings."""
    tree = parse(text)
    spans: list[range] = []
    hidden: set[int] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        spans.append(_lines(node))
        first = node.body[0]
        if ast.get_docstring(node, clean=False) is not None and len(node.body) > 1:
            hidden |= set(_lines(first))
    return spans, hidden


def _lines(node: ast.stmt) -> range:
    return range(first_line(node), (node.end_lineno or node.lineno) + 1)
