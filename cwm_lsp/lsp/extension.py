"""What we add to LSP: the ``cwm/states`` notification and our commands, as they go over the wire.

``docs/protocol.md`` describes the same for authors of clients; a test holds the two together.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypedDict

STATES = "cwm/states"
"""Notification, server to client: all that a document shows now. Replaces what was sent before."""

CAPABILITY = "cwmStates"
"""The member of a client's ``experimental`` capabilities that asks for ``cwm/states``."""


class Command(StrEnum):
    """Names for ``workspace/executeCommand``."""

    RECORD = "cwm.record"
    PREDICT = "cwm.predict"
    COMPARE = "cwm.compare"
    CLEAR = "cwm.clear"
    TOGGLE = "cwm.toggle"
    DEBUG_ADAPTER = "cwm.debugAdapter"


class Position(TypedDict):
    """0-based; ``character`` counts units of the negotiated position encoding."""

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


class StatesParams(TypedDict):
    """The parameters of ``cwm/states``."""

    uri: str
    version: int | None
    lines: list[LineState]
    divergences: list[DivergenceState]
    summary: str


class CallArgument(TypedDict):
    """The only argument of ``cwm.record``, ``cwm.predict`` and ``cwm.compare``."""

    uri: str
    function: str
    arguments: str


class CallResult(TypedDict):
    """What these commands answer. ``divergence`` is ``None`` where there is none."""

    call: str
    events: int
    cut: str
    summary: str
    divergence: DivergenceState | None


class DebugAdapter(TypedDict):
    """Where this server debugs, and the ``cwmToken`` that a configuration needs there."""

    host: str
    port: int
    token: str
