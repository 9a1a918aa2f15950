"""Our values as LSP's. Lines become 0-based, columns units of the negotiated encoding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lsprotocol import types

from cwm_lsp.features import diagnostics as surprises
from cwm_lsp.features import sentences
from cwm_lsp.features.claims import Failure
from cwm_lsp.features.diagnostics import Diagnostic, Severity
from cwm_lsp.features.display import Fragment
from cwm_lsp.features.hints import Hint
from cwm_lsp.features.lenses import Action, Lens
from cwm_lsp.features.repairs import Repaired, Wish, placed
from cwm_lsp.features.results import Compared, Predicted, Result, Switches, divergence_of, tally_of
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.features.states import Placement
from cwm_lsp.lsp.extension import (
    SHOULD_BE,
    CallResult,
    Command,
    FixState,
    RepairArgument,
    RepairResult,
    StatesParams,
    TextEdit,
)
from cwm_lsp.lsp.positions import Encoding, units
from cwm_lsp.repair.model import Edit
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.wire.states import DivergenceState, FragmentState, LineState, Position

SOURCE = "cwm"

_SEVERITIES = {
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}
_COMMANDS = {
    Action.PREDICT: Command.PREDICT,
    Action.COMPARE: Command.COMPARE,
    Action.CLEAR: Command.CLEAR,
    Action.FIX: Command.FIX,
    Action.SHOULD_BE: SHOULD_BE,
}


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
        "summary": sentences.tally_words(tally) if tally.total else "",
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
        "message": sentences.divergence_words(found),
    }


def call_result(snapshot: Snapshot, result: Result, encoding: Encoding) -> CallResult:
    """What a command answers."""
    events = len(result.steps) if isinstance(result, Predicted) else len(result.trace.events)
    return {
        "call": str(result.call),
        "events": events,
        "cut": result.trace.cut.message if result.trace.cut is not None else "",
        "summary": sentences.compared_words(result.comparison) if isinstance(result, Compared) else "",
        "divergence": divergence(snapshot, result, encoding),
    }


def diagnostics(
    snapshot: Snapshot,
    results: Sequence[Result],
    failures: Iterable[Failure],
    switches: Switches,
    encoding: Encoding,
) -> list[types.Diagnostic]:
    """The surprises and the broken claims of a document, none where they are switched off."""
    if not (switches.all and switches.diagnostics):
        return []
    found = [*surprises.unmet(snapshot, failures)]
    if switches.predictions:
        found += surprises.diagnostics(snapshot, results)
    return [diagnostic(snapshot, one, encoding) for one in found]


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
    argument: Mapping[str, Any] = {"uri": snapshot.uri}
    if one.call is not None:
        argument = {**argument, "function": one.call.function, "arguments": one.call.arguments}
    if one.wish is not None:
        argument = repair_argument(snapshot.uri, one.wish)
    if one.action is Action.SHOULD_BE:
        argument = {**argument, "observed": one.observed}
    command = types.Command(one.title, _COMMANDS[one.action], arguments=[argument])
    return types.CodeLens(types.Range(start, start), command)


def repair_argument(uri: str, wish: Wish) -> RepairArgument:
    """What ``cwm.repair`` takes for a wish made in a document."""
    return {
        "uri": uri,
        "kind": str(wish.kind),
        "name": wish.name,
        "expect": wish.expect,
        "answers": [{"call": one.call, "gives": one.gives} for one in wish.answers],
        "seconds": None,
    }


def repair_result(found: Repaired, uri: str, version: int | None, encoding: Encoding) -> RepairResult:
    """What ``cwm.repair`` answers; ``uri`` and ``version`` are of the file that was repaired."""
    question = found.question
    return {
        "status": str(found.outcome.status),
        "fixes": [
            {
                "title": offer.title,
                "verified": offer.verified,
                "uri": uri,
                "version": version,
                "edits": [_text_edit(found.source, edit, encoding) for edit in offer.edits],
                "diff": offer.diff,
                "evidence": list(offer.evidence),
            }
            for offer in found.offers
        ],
        "question": None
        if question is None
        else {"call": question.call, "choices": list(question.choices), "words": question.words},
        "tried": found.outcome.tried,
        "seconds": round(found.outcome.seconds, 3),
        "notes": list(found.outcome.notes),
    }


def workspace_edit(fix: FixState) -> types.WorkspaceEdit:
    """A fix as an edit that is refused when the document has changed."""
    edits = [
        types.TextEdit(
            types.Range(types.Position(**one["range"]["start"]), types.Position(**one["range"]["end"])),
            one["newText"],
        )
        for one in fix["edits"]
    ]
    document = types.OptionalVersionedTextDocumentIdentifier(fix["uri"], fix["version"])
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, edits)])


def _text_edit(source: SourceFile, edit: Edit, encoding: Encoding) -> TextEdit:
    start, end = (_at(source, place, encoding) for place in placed(source, edit))
    return {"range": {"start": start, "end": end}, "newText": edit.text}


def _at(source: SourceFile, place: tuple[int, int], encoding: Encoding) -> Position:
    line, column = place
    return {"line": line - 1, "character": units(source.lines[line - 1][:column], encoding)}


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


def diagnostic(snapshot: Snapshot, one: Diagnostic, encoding: Encoding) -> types.Diagnostic:
    """A diagnostic, over the visible part of its line."""
    start = position(snapshot, one.line, one.start, encoding)
    end = position(snapshot, one.line, one.end, encoding)
    return types.Diagnostic(
        types.Range(start, end),
        one.message,
        severity=_SEVERITIES[one.severity],
        code=one.code,
        source=SOURCE,
    )
