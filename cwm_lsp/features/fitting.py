"""A line's fragments in the space there is. Widths are terminal cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cwm_lsp.features.display import SEPARATOR, Fragment, Part
from cwm_lsp.features.text import SHORTEST_VALUE, cells, clip


def fit(fragments: Sequence[Fragment], width: int) -> tuple[Fragment, ...]:
    """The fragments shortened so that, joined, they take ``width`` cells.

    Long values give way first, down to ``SHORTEST_VALUE`` cells each; then the last fragments are
    dropped. The first is kept however narrow the space, cut hard.
    """
    kept = tuple(fragments)
    while kept:
        room = width - cells(SEPARATOR) * (len(kept) - 1)
        texts = _shrunk([part for fragment in kept for part in fragment.parts], room)
        if texts is not None:
            return _with_texts(kept, texts)
        if len(kept) == 1:
            words = clip(kept[0].text, max(width, 1))
            return (replace(kept[0], parts=(Part(words),)),)
        kept = kept[:-1]
    return ()


def _shrunk(parts: Sequence[Part], room: int) -> list[str] | None:
    """The parts' texts in ``room`` cells, elastic ones sharing what is left; ``None`` if they cannot."""
    widths = {index: cells(part.text) for index, part in enumerate(parts) if part.elastic}
    room -= sum(cells(part.text) for part in parts if not part.elastic)
    limits: dict[int, int] = {}
    narrow_first = sorted(widths, key=lambda index: widths[index])
    for done, index in enumerate(narrow_first):
        share = min(widths[index], room // (len(widths) - done))
        if share < min(widths[index], SHORTEST_VALUE):
            return None
        limits[index] = share
        room -= share
    if room < 0:
        return None
    return [
        clip(part.text, limits[index], part.focus) if part.elastic else part.text
        for index, part in enumerate(parts)
    ]


def _with_texts(fragments: Sequence[Fragment], texts: Sequence[str]) -> tuple[Fragment, ...]:
    remaining = iter(texts)
    return tuple(
        replace(fragment, parts=tuple(replace(part, text=next(remaining)) for part in fragment.parts))
        for fragment in fragments
    )
