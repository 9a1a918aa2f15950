"""What cwm-lsp adds to DAP, as JSON; ``docs/protocol.md`` describes it for authors of clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

from cwm_lsp.align.model import Divergence
from cwm_lsp.features import display, sentences
from cwm_lsp.features.display import Fragment
from cwm_lsp.features.foresight import Branch, Foresight
from cwm_lsp.features.states import Placement
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.wire.states import DivergenceState, FragmentState, LineState, Position

REALLY = "cwm/really"
STATES = "cwm/states"
WHAT_IF = "cwm/whatIf"


class DebugStates(TypedDict):
    """What the lines of a file show at a stop."""

    uri: str
    version: None
    lines: list[LineState]
    divergences: list[DivergenceState]
    summary: str
    threadId: int
    stop: int
    past: int


class ReallyBody(TypedDict):
    """The answer to ``cwm/really``."""

    result: str
    type: str
    variablesReference: int
    lines: list[LineState]
    divergence: DivergenceState | None
    summary: str


class FutureStep(TypedDict):
    """One predicted event."""

    kind: str
    line: int
    probability: float
    fragments: list[FragmentState]
    mark: bool


class Future(TypedDict):
    """One predicted future, with the values that were changed for it."""

    changes: dict[str, str]
    steps: list[FutureStep]
    differs: int | None
    why: str


class WhatIfBody(TypedDict):
    """The answer to ``cwm/whatIf``."""

    base: Future
    branches: list[Future]


class WhatIfArguments(TypedDict, total=False):
    """The arguments of ``cwm/whatIf``."""

    threadId: int
    branches: list[dict[str, str]]


def states(
    source: SourceFile,
    placements: Iterable[Placement],
    divergence: Divergence | None,
    summary: str,
    *,
    thread: int,
    stop: int,
    past: int = 0,
) -> DebugStates:
    """The body of ``cwm/states``; lines become 0-based, characters UTF-16 code units."""
    return {
        "uri": Path(source.path).absolute().as_uri(),
        "version": None,
        "lines": [line_state(source, one) for one in placements],
        "divergences": [divergence_state(source, divergence)] if divergence is not None else [],
        "summary": summary,
        "threadId": thread,
        "stop": stop,
        "past": past,
    }


def what_if(base: Foresight, branches: Iterable[Branch]) -> WhatIfBody:
    """The body of the answer to ``cwm/whatIf``."""
    return {
        "base": _future(base, {}, None),
        "branches": [
            _future(one.foresight, {name: value.text for name, value in one.changes.items()}, one.differs)
            for one in branches
        ],
    }


def fragment(one: Fragment) -> FragmentState:
    """A ``FragmentState``."""
    return {
        "text": one.text,
        "state": str(one.state),
        "words": one.words,
        "name": one.name,
        "dimmed": one.dimmed,
    }


def _future(foresight: Foresight, changes: Mapping[str, str], differs: int | None) -> Future:
    steps: list[FutureStep] = [
        {
            "kind": str(step.kind),
            "line": step.line,
            "probability": step.probability,
            "fragments": [fragment(one) for one in display.predicted_step(step, foresight.threshold)],
            "mark": place == differs,
        }
        for place, step in enumerate(foresight.steps)
    ]
    return {"changes": dict(changes), "steps": steps, "differs": differs, "why": foresight.why}


def line_state(source: SourceFile, placement: Placement) -> LineState:
    """A ``LineState``."""
    return {
        "at": _end(source, placement.line),
        "fragments": [fragment(one) for one in placement.fragments],
        "mark": placement.mark,
        "visit": placement.visit,
        "visits": placement.visits,
    }


def divergence_state(source: SourceFile, found: Divergence) -> DivergenceState:
    """A ``DivergenceState``."""
    return {
        "at": _end(source, found.line),
        "call": "",
        "step": found.step,
        "kind": str(found.kind),
        "name": found.name,
        "observed": found.observed,
        "predicted": found.predicted,
        "probability": found.probability,
        "message": sentences.divergence_words(found),
    }


def _end(source: SourceFile, line: int) -> Position:
    lines = source.lines
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return {"line": line - 1, "character": len(text.encode("utf-16-le", "surrogatepass")) // 2}
