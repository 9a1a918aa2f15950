"""What we add to LSP: the ``cwm/states`` notification and our commands, as they go over the wire.

``docs/protocol.md`` describes the same for authors of clients; a test holds the two together.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypedDict

from cwm_lsp.wire.states import DivergenceState, LineState, Position

STATES = "cwm/states"
"""Notification, server to client: all that a document shows now. Replaces what was sent before."""

CAPABILITY = "cwmStates"
"""The member of a client's ``experimental`` capabilities that asks for ``cwm/states``."""


SHOULD_BE = "cwm.shouldBe"
"""A command of the client, sent in code actions and lenses: asks for a value, then for ``cwm.repair``."""

SHOULD_BE_CAPABILITY = "cwmShouldBe"
"""The member of a client's ``experimental`` capabilities that says it has that command."""


class Command(StrEnum):
    """Names for ``workspace/executeCommand``."""

    RECORD = "cwm.record"
    PREDICT = "cwm.predict"
    COMPARE = "cwm.compare"
    CLEAR = "cwm.clear"
    TOGGLE = "cwm.toggle"
    REPAIR = "cwm.repair"
    FIX = "cwm.fix"
    VIEW = "cwm.view"
    VIEW_WHAT_IF = "cwm.viewWhatIf"
    VISITS = "cwm.visits"
    VISIT = "cwm.visit"
    DEBUG_ADAPTER = "cwm.debugAdapter"


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


class ShouldBeArgument(TypedDict):
    """The only argument of the client's ``cwm.shouldBe``: a call that was run, and what it gave."""

    uri: str
    function: str
    arguments: str
    observed: str


class AnswerState(TypedDict):
    """What a call gives when all is right."""

    call: str
    gives: str


class RepairArgument(TypedDict):
    """The only argument of ``cwm.repair`` and ``cwm.fix``."""

    uri: str
    kind: str
    name: str
    expect: str | None
    answers: list[AnswerState]
    seconds: float | None


class Range(TypedDict):
    """LSP's own."""

    start: Position
    end: Position


class TextEdit(TypedDict):
    """LSP's own."""

    range: Range
    newText: str


class FixState(TypedDict):
    """An edit that was run before it is offered."""

    title: str
    verified: bool
    uri: str
    version: int | None
    edits: list[TextEdit]
    diff: str
    evidence: list[str]


class QuestionState(TypedDict):
    """An input on which the fixes disagree."""

    call: str
    choices: list[str]
    words: str


class RepairResult(TypedDict):
    """What ``cwm.repair`` answers."""

    status: str
    fixes: list[FixState]
    question: QuestionState | None
    tried: int
    seconds: float
    notes: list[str]


class FixResult(TypedDict):
    """What ``cwm.fix`` answers. ``title`` is the fix that was applied, "" for none."""

    status: str
    title: str


class ViewArgument(TypedDict):
    """The only argument of ``cwm.view``."""

    uri: str


class WhatIfArgument(TypedDict):
    """The only argument of ``cwm.viewWhatIf``; ``locals`` are those of a program stopped at ``line``."""

    uri: str
    line: int
    branches: list[dict[str, str]] | str
    locals: dict[str, str] | None


class ViewResult(TypedDict):
    """What ``cwm.view`` answers: an address that opens in a browser of this machine."""

    url: str


class VisitsArgument(TypedDict):
    """The only argument of ``cwm.visits``; ``line`` counts from 0."""

    uri: str
    line: int


class VisitState(TypedDict):
    """One visit of a line in one result."""

    call: str
    visit: int
    visits: int
    text: str
    mark: bool
    focus: int


class VisitArgument(TypedDict):
    """The only argument of ``cwm.visit``."""

    uri: str
    call: str
    focus: int | None


class DebugAdapter(TypedDict):
    """Where this server debugs, and the ``cwmToken`` that a configuration needs there."""

    host: str
    port: int
    token: str
