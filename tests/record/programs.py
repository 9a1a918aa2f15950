"""Programs written for one test: text in, a file in a temporary folder out, and the trace of a call."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from cwm_lsp.record import FunctionTarget, Limits, Options, record
from cwm_lsp.trace.model import EventKind, Trace
from tests.golden.harness import bare_trace


def written(folder: Path, source: str, name: str = "program.py") -> str:
    """The path of a file with this source, its indentation removed."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return str(path)


async def traced(path: str, function: str = "f", arguments: str = "", **options: Any) -> Trace:
    """The trace of a call, under debugpy."""
    limits = options.pop("limits", Limits(seconds=20))
    return await record(FunctionTarget(path, function, arguments), Options(limits=limits, **options))


async def quickly(path: str, function: str = "f", arguments: str = "", **options: Any) -> Trace:
    """The same under the agent alone, for what has nothing to do with debugpy."""
    return await bare_trace(FunctionTarget(path, function, arguments), Options(**options))


def lines(trace: Trace) -> list[int]:
    """The lines that ran, in order."""
    return [event.line for event in trace.events if event.kind is EventKind.LINE]
