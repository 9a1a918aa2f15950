"""Small programs that between them use every kind of statement, and a call to run each.

They are the texts of ``sources``, each with its call in a first line of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise

SOURCES = Path(__file__).parent / "sources"


def record(source: str, call: str, events: int = 5000) -> Trace:
    """The normalised trace of a real run in this interpreter."""
    return normalise(trace_call(source, call, Limits(events=events, seconds=10.0)))


def program(name: str) -> tuple[str, str]:
    """Source and call of a program."""
    call, _, source = (SOURCES / f"{name}.txt").read_text(encoding="utf-8").partition("\n")
    return source, call.removeprefix("# ")


def names() -> list[str]:
    """Programs that this interpreter can parse."""
    found = sorted(path.stem for path in SOURCES.glob("*.txt"))
    return [name for name in found if name != "except_star" or sys.version_info >= (3, 11)]
