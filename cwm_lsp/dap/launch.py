"""What a ghost session is asked for: its configuration, its breakpoints, and what it says it can do."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cwm_lsp.codec.pure import Undecided, names_in
from cwm_lsp.dap.arguments import reason
from cwm_lsp.errors import ArgumentsError
from cwm_lsp.features.calls import halves
from cwm_lsp.features.results import Call
from cwm_lsp.features.runnables import runnables
from cwm_lsp.predict import entry_trace
from cwm_lsp.record import read_source
from cwm_lsp.trace.model import SourceFile, Trace
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.trace.statements import statement_lines

MAX_EVENTS = 500
"""Events of a prediction unless the configuration says otherwise."""

MOST_EVENTS = 100_000

CAPABILITIES: Mapping[str, Any] = {
    "supportsConfigurationDoneRequest": True,
    "supportsConditionalBreakpoints": True,
    "supportsEvaluateForHovers": True,
    "supportsExceptionInfoRequest": True,
    "supportsRestartFrame": True,
    "supportsRestartRequest": True,
    "supportsSetVariable": True,
    "supportsStepBack": True,
    "supportsTerminateRequest": True,
    "supportsDelayedStackTraceLoading": True,
    "supportsClipboardContext": False,
    "supportsCompletionsRequest": False,
    "supportsDataBreakpoints": False,
    "supportsDebuggerProperties": False,
    "supportsExceptionFilterOptions": False,
    "supportsExceptionOptions": False,
    "supportsFunctionBreakpoints": False,
    "supportsGotoTargetsRequest": False,
    "supportsHitConditionalBreakpoints": False,
    "supportsLogPoints": False,
    "supportsModulesRequest": False,
    "supportsSetExpression": False,
    "supportsStepInTargetsRequest": False,
    "supportsTerminateDebuggee": False,
    "supportsValueFormattingOptions": False,
    "exceptionBreakpointFilters": [
        {"filter": "predicted", "label": "Predicted exceptions", "default": True},
    ],
}
"""All that a session of debugpy's announces is said here too: who heard debugpy first is put right."""


@dataclass(frozen=True, slots=True)
class GhostLaunch:
    """A call to predict. ``found`` says where its input came from, "" if it was in the configuration.

    ``states`` says that the client draws the values at the lines itself.
    """

    source: SourceFile
    call: Call
    start: Trace
    stop_on_entry: bool
    max_events: int
    found: str = ""
    states: bool = False


def is_ghost(arguments: Mapping[str, Any]) -> bool:
    """Whether a ``launch`` asks for a ghost session: ``"ghost": true`` or ``"cwm": "ghost"``."""
    return arguments.get("ghost") is True or arguments.get("cwm") == "ghost"


def unclear(arguments: Mapping[str, Any]) -> str:
    """Why a configuration does not say whether it is that of a ghost session, "" where it does.

    Who wanted one must not have a program run that was misread for another kind.
    """
    ghost, kind = arguments.get("ghost", False), arguments.get("cwm", "ghost")
    if not isinstance(ghost, bool):
        return f'"ghost" in the configuration is true or false, not {ghost!r}. Nothing was run.'
    return "" if kind == "ghost" else f'"cwm" in the configuration is "ghost", not {kind!r}. Nothing was run.'


def ghost_launch(arguments: Mapping[str, Any]) -> GhostLaunch:
    """A configuration, read and checked; the file is read, nothing is run. Raises ``UserError``."""
    program, function = _text(arguments, "program"), _text(arguments, "function")
    path = Path(program)
    if not path.is_absolute() and isinstance(arguments.get("cwd"), str):
        path = Path(arguments["cwd"]) / path
    source = replace(read_source(path), path=str(path.absolute()))
    given, found = _call_arguments(arguments, source, function)
    function, given = halves(function, given, source.text)
    start = normalise(entry_trace(source, function, given))
    limit = arguments.get("maxEvents", MAX_EVENTS)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit <= MOST_EVENTS:
        raise ArgumentsError(f"maxEvents is a number from 1 to {MOST_EVENTS:,}, not {limit!r}.")
    stop = arguments.get("stopOnEntry", True) is not False
    drawn = arguments.get("cwmStates") is True
    return GhostLaunch(source, Call(function, given), start, stop, limit, found, drawn)


def breakpoints(source: SourceFile, wanted: Sequence[Any]) -> tuple[Mapping[int, str], list[dict[str, Any]]]:
    """Conditions by line, and what is to be answered for each breakpoint."""
    statements = statement_lines(source.text)
    held: dict[int, str] = {}
    told: list[dict[str, Any]] = []
    for one in wanted:
        asked = one if isinstance(one, dict) else {}
        line = statements.get(asked.get("line", 0))
        condition = str(asked.get("condition") or "")
        problem = "" if line is not None else "There is no statement here."
        problem = problem or _unsupported(asked) or _unreadable(condition)
        if problem or line is None:
            told.append({"verified": False, "message": problem})
            continue
        held[line] = condition
        told.append({"verified": True, "line": line})
    return held, told


def same_file(one: str, other: str) -> bool:
    """Whether two paths name the same file."""
    return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))


def _unsupported(asked: Mapping[str, Any]) -> str:
    odd = next((key for key in ("hitCondition", "logMessage") if asked.get(key)), "")
    return f"A ghost session has no {odd}." if odd else ""


def _unreadable(condition: str) -> str:
    try:
        names_in(condition or "True")
    except Undecided as why:
        return reason(why)
    return ""


def _text(arguments: Mapping[str, Any], key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str) or not value:
        raise ArgumentsError(f"A ghost session needs {key!r}, a text.", "See docs/dap.md.")
    return value


def _call_arguments(arguments: Mapping[str, Any], source: SourceFile, function: str) -> tuple[str, str]:
    """The text between the parentheses, and where it was found if it was not given."""
    given = arguments.get("arguments")
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        given = ", ".join(given)
    if isinstance(given, str):
        return given, ""
    if given is not None:
        raise ArgumentsError('"arguments" is a text, such as "[4, 9], tax=0.2", or a list of texts.')
    example = next((one for one in runnables(source) if one.function == function), None)
    if example is None:
        return "", ""
    return example.arguments, f"the {example.origin} at line {example.origin_line}"
