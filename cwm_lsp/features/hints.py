"""The fallback for clients that know nothing of us: one inlay hint at the end of a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cwm_lsp.features import display, sentences
from cwm_lsp.features.fitting import fit
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.features.states import Placement
from cwm_lsp.features.text import cells

HINT_CELLS = 60


@dataclass(frozen=True, slots=True)
class Hint:
    """A label after the text of a 1-based line, ``column`` characters in; the tooltip says it in full."""

    line: int
    column: int
    label: str
    tooltip: str


def hints(snapshot: Snapshot, placements: Iterable[Placement], first: int, last: int) -> tuple[Hint, ...]:
    """Hints for the lines ``first`` to ``last`` (1-based, both included)."""
    return tuple(_hint(snapshot, placement) for placement in placements if first <= placement.line <= last)


def _hint(snapshot: Snapshot, placement: Placement) -> Hint:
    before = f"{display.MARK} " if placement.mark else ""
    after = sentences.visits_label(placement.visit, placement.visits)
    room = HINT_CELLS - cells(before) - cells(after)
    label = before + " ".join(filter(None, (display.joined(fit(placement.fragments, room)), after)))
    tooltip = "\n".join(_spoken(fragment) for fragment in placement.fragments)
    return Hint(placement.line, len(snapshot.line(placement.line)), label, tooltip)


def _spoken(fragment: display.Fragment) -> str:
    return f"{fragment.name}: {fragment.words}" if fragment.name else fragment.words
