"""Real runs: a target is launched under debugpy and comes back as a :class:`~cwm_lsp.trace.model.Trace`."""

from __future__ import annotations

from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.session import Stop, record
from cwm_lsp.record.source import read_source
from cwm_lsp.record.target import (
    Breakpoint,
    FunctionTarget,
    ModuleTarget,
    Options,
    Progress,
    PytestTarget,
    ScriptTarget,
    Target,
)

__all__ = [
    "Breakpoint",
    "FunctionTarget",
    "Limits",
    "ModuleTarget",
    "Options",
    "Progress",
    "PytestTarget",
    "ScriptTarget",
    "Stop",
    "Target",
    "read_source",
    "record",
]
