"""Saved runs, read back: what ``record --output`` and ``--json`` of record, predict and compare wrote.

``--json`` carries no source text: the files are read from where they were, and a file that is not that text
any more is shown without its lines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cwm_lsp.align.compare import compare
from cwm_lsp.errors import SourceError
from cwm_lsp.features.results import Call, Compared, Predicted, Recorded, Result
from cwm_lsp.record import read_source
from cwm_lsp.trace import json as trace_json
from cwm_lsp.trace.model import EventKind, SourceFile, Trace
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.trace.predicted import Guess, PredictedStep, Problem

HINT = "Write one with `cwm-lsp record --output FILE`, or by --json of record, predict or compare."


def load(path: Path) -> Result:
    """The result in a file. Raises ``SourceError`` where there is none."""
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path} is no saved run: {error}.", HINT) from error
    if not isinstance(data, dict):
        raise SourceError(f"{path} is no saved run.", HINT)
    try:
        return _result(data, path)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SourceError(f"{path} is damaged: {error!r}.", HINT) from error


def _result(data: Mapping[str, Any], path: Path) -> Result:
    if data.get("format") == trace_json.FORMAT:
        return _recorded(trace_json.from_json(data))
    if "observed" in data:
        trace = trace_json.from_summary(data, _files(data), "observed")
        found = compare(
            trace,
            _by_event(data["predicted"], len(trace.events)),
            threshold=float(data["threshold"]),
            model=str(data["model"]["name"]),
        )
        return Compared(Call(trace.entry, ""), found)
    if "given" in data:
        return _predicted(data)
    if "events" in data:
        return _recorded(trace_json.from_summary(data, _files(data)))
    raise SourceError(f"{path} is no saved run.", HINT)


def _recorded(trace: Trace) -> Recorded:
    return Recorded(Call(trace.entry, ""), normalise(trace))


def _predicted(data: Mapping[str, Any]) -> Predicted:
    start = trace_json.from_summary(data, _files(data), "given")
    return Predicted(
        call=Call(start.entry, ""),
        start=start,
        steps=tuple(_with_states([_step(one) for one in data["predicted"]])),
        problems=tuple(Problem(int(one["position"]), str(one["message"])) for one in data["problems"]),
        finished=bool(data["finished"]),
        threshold=float(data["threshold"]),
        model=str(data["model"]["name"]),
    )


def _files(data: Mapping[str, Any]) -> list[SourceFile]:
    return [_file(str(one["path"]), str(one["digest"])) for one in data["files"]]


def _file(path: str, digest: str) -> SourceFile:
    """The text of the run, or none where the file is another one by now."""
    try:
        found = read_source(path)
    except SourceError:
        return SourceFile(path, "")
    return found if found.digest == digest else SourceFile(path, "")


def _by_event(steps: Sequence[Mapping[str, Any]], events: int) -> list[PredictedStep | None]:
    """For each event after the entry call its step."""
    found: list[PredictedStep | None] = [None] * (events - 1)
    for one in steps:
        index = int(one["step"])
        if not 0 < index < events:
            raise IndexError(f"no event {index}")
        found[index - 1] = _step(one)
    return found


def _step(data: Mapping[str, Any]) -> PredictedStep:
    value = data["value"]
    return PredictedStep(
        kind=EventKind(data["event"]),
        line=int(data["line"]),
        function=str(data["function"]),
        depth=int(data["depth"]),
        probability=float(data["probability"]),
        changed={name: _guess(guess) for name, guess in data["changed"].items()},
        removed=tuple(map(str, data["removed"])),
        value=None if value is None else _guess(value),
        frame=int(data["frame"]),
    )


def _guess(data: Mapping[str, Any]) -> Guess:
    return Guess(str(data["text"]), float(data["probability"]))


def _with_states(steps: Sequence[PredictedStep]) -> list[PredictedStep]:
    """Steps with the whole state of their frames, which ``--json`` leaves out since the changes give it."""
    states: dict[int, dict[str, Guess]] = {}
    found: list[PredictedStep] = []
    for step in steps:
        held = {name: guess for name, guess in states.get(step.frame, {}).items() if name not in step.removed}
        states[step.frame] = held | dict(step.changed)
        found.append(replace(step, locals=states[step.frame]))
    return found
