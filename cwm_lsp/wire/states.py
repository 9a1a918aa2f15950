"""What an editor draws on a document, as JSON: the shapes that our additions to LSP and to DAP share.

``docs/protocol.md`` describes them for authors of clients; a test holds the two together.
"""

from __future__ import annotations

from typing import TypedDict


class Position(TypedDict):
    """0-based; ``character`` counts units of the negotiated position encoding, over DAP UTF-16 code units."""

    line: int
    character: int


class FragmentState(TypedDict):
    """One thing said at the end of a line."""

    text: str
    state: str
    words: str
    name: str
    dimmed: bool


class LineState(TypedDict):
    """What one line shows. ``at`` is the end of its text."""

    at: Position
    fragments: list[FragmentState]
    mark: bool
    visit: int
    visits: int


class DivergenceState(TypedDict):
    """A first divergence. ``step`` counts events of the run from 0."""

    at: Position
    call: str
    step: int
    kind: str
    name: str
    observed: str
    predicted: str
    probability: float
    message: str
