"""Placements as a reader sees them: source on the left, what stands at the end of the line on the right."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent

from cwm_lsp.features import display
from cwm_lsp.features.states import Placement

COLUMN = 34


def picture(source: str, placements: Iterable[Placement]) -> str:
    """One line of text for each line of source, after a bar."""
    placed = {placement.line: placement for placement in placements}
    lines = []
    for number, line in enumerate(dedent(source).strip("\n").split("\n"), 1):
        found = placed.get(number)
        mark = display.MARK if found is not None and found.mark else " "
        end = found.text if found is not None else ""
        lines.append(f"|{mark} {line:<{COLUMN}}{end}".rstrip())
    return "\n".join(lines)
