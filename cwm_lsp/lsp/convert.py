"""Our values as LSP's. Lines become 0-based, columns units of the negotiated encoding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsprotocol import types

from cwm_lsp.features import diagnostics as surprises
from cwm_lsp.features import display
from cwm_lsp.features.diagnostics import Diagnostic, Severity
from cwm_lsp.features.display import Fragment
from cwm_lsp.features.hints import Hint
from cwm_lsp.features.lenses import Action, Lens
from cwm_lsp.features.results import Compared, Predicted, Result, Switches, divergence_of, tally_of
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.features.states import Placement
from cwm_lsp.lsp.extension import (
    CallResult,
    Command,
    DivergenceState,
    FragmentState,
    LineState,
    Position,
    StatesParams,
)
from cwm_lsp.lsp.positions import Encoding, units

SOURCE = "cwm"

_SEVERITIES = {
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}
_COMMANDS = {Action.PREDICT: Command.PREDICT, Action.COMPARE: Command.COMPARE, Action.CLEAR: Command.CLEAR}


def position(snapshot: Snapshot, line: int, column: int, encoding: Encoding) -> types.Position:
    """A 1-based line and a column in characters."""
    return types.Position(line - 1, units(snapshot.line(line)[:column], encoding))


def states(
    snapshot: Snapshot,
    placements: Iterable[Placement],
    results: Sequence[Result],
    switches: Switches,
    encoding: Encoding,
) -> StatesParams:
    """The parameters of ``cwm/states``."""
    told = results if switches.all and switches.predictions else ()
    tally = tally_of(told)
    found = [divergence(snapshot, result, encoding) for result in told if switches.divergence]
    return {
        "uri": snapshot.uri,
        "version": snapshot.version,
        "lines": [_line(snapshot, placement, encoding) for placement in placements],
        "divergences": [one for one in found if one is not None],
        "summary": display.tally_words(tally) if tally.total else "",
    }


def divergence(snapshot: Snapshot, result: Result, encoding: Encoding) -> DivergenceState | None:
    """The first divergence of a result, ``None`` where there is none."""
    found = divergence_of(result)
    if found is None:
        return None
    return {
        "at": _end(snapshot, found.line, encoding),
        "call": str(result.call),
        "step": found.step,
        "kind": str(found.kind),
        "name": found.name,
        "observed": found.observed,
        "predicted": found.predicted,
        "probability": found.probability,
        "message": display.divergence_words(found),
    }


def call_result(snapshot: Snapshot, result: Result, encoding: Encoding) -> CallResult:
    """What a command answers."""
    events = len(result.steps) if isinstance(result, Predicted) else len(result.trace.events)
    return {
        "call": str(result.call),
        "events": events,
        "cut": result.trace.cut.message if result.trace.cut is not None else "",
        "summary": display.tally_words(result.comparison.values) if isinstance(result, Compared) else "",
        "divergence": divergence(snapshot, result, encoding),
    }


def diagnostics(
    snapshot: Snapshot, results: Sequence[Result], switches: Switches, encoding: Encoding
) -> list[types.Diagnostic]:
    """The surprises of a document, none where they are switched off."""
    if not (switches.all and switches.predictions and switches.diagnostics):
        return []
    return [_diagnostic(snapshot, one, encoding) for one in surprises.diagnostics(snapshot, results)]


def hint(snapshot: Snapshot, one: Hint, encoding: Encoding) -> types.InlayHint:
    """An inlay hint."""
    return types.InlayHint(
        position=position(snapshot, one.line, one.column, encoding),
        label=one.label,
        tooltip=one.tooltip,
        padding_left=True,
    )


def lens(snapshot: Snapshot, one: Lens) -> types.CodeLens:
    """A code lens with its command."""
    start = types.Position(one.line - 1, 0)
    argument = {"uri": snapshot.uri}
    if one.call is not None:
        argument |= {"function": one.call.function, "arguments": one.call.arguments}
    command = types.Command(one.title, _COMMANDS[one.action], arguments=[argument])
    return types.CodeLens(types.Range(start, start), command)


def _line(snapshot: Snapshot, placement: Placement, encoding: Encoding) -> LineState:
    return {
        "at": _end(snapshot, placement.line, encoding),
        "fragments": [_fragment(fragment) for fragment in placement.fragments],
        "mark": placement.mark,
        "visit": placement.visit,
        "visits": placement.visits,
    }


def _fragment(fragment: Fragment) -> FragmentState:
    return {
        "text": fragment.text,
        "state": str(fragment.state),
        "words": fragment.words,
        "name": fragment.name,
        "dimmed": fragment.dimmed,
    }


def _end(snapshot: Snapshot, line: int, encoding: Encoding) -> Position:
    return {"line": line - 1, "character": units(snapshot.line(line), encoding)}


def _diagnostic(snapshot: Snapshot, one: Diagnostic, encoding: Encoding) -> types.Diagnostic:
    start = position(snapshot, one.line, one.start, encoding)
    end = position(snapshot, one.line, one.end, encoding)
    return types.Diagnostic(
        types.Range(start, end),
        one.message,
        severity=_SEVERITIES[one.severity],
        code=one.code,
        source=SOURCE,
    )
