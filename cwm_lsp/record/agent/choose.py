"""One chooser of the recorder core. It says which and why; the reason goes into the recording."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from .core import Emitter, Wanted
from .monitoring import MonitoringRecorder, free_tool
from .probe import ProbeRecorder
from .settrace import SettraceRecorder

AUTO = "auto"
CORES = ("monitoring", "settrace", "probe")
"""Best first. ``probe`` needs the debugger to set its breakpoints and is never chosen unasked."""


class Recorder(Protocol):
    """One way of hearing what frames do."""

    @property
    def name(self) -> str:
        """One of ``CORES``."""
        ...

    @property
    def lost(self) -> bool:
        """Whether the recorder was displaced while it should have been recording."""
        ...

    def install(self) -> None:
        """Start with the next call."""
        ...

    def remove(self) -> None:
        """Stop."""
        ...


def choose(emitter: Emitter, wanted: Wanted, asked: str = AUTO) -> tuple[Recorder, str]:
    """The recorder to use and why. ``asked`` names one of ``CORES`` or leaves it open."""
    makers: dict[str, Callable[[], tuple[Recorder | None, str]]] = {
        "monitoring": lambda: _monitoring(emitter, wanted),
        "settrace": lambda: (SettraceRecorder(emitter, wanted), "in front of the debugger's trace function"),
        "probe": lambda: (ProbeRecorder(emitter, wanted), "by conditions of breakpoints"),
    }
    reasons: list[str] = []
    for core in CORES if asked == AUTO else (asked, *CORES):
        recorder, why = makers[core]()
        reasons.append(f"{core}: {why}")
        if recorder is not None:
            return recorder, "; ".join(reasons)
    raise RuntimeError("; ".join(reasons))


def _monitoring(emitter: Emitter, wanted: Wanted) -> tuple[Recorder | None, str]:
    if not hasattr(sys, "monitoring"):
        return None, "Python before 3.12 has no sys.monitoring"
    tool = free_tool()
    if tool is None:
        return None, "its tool ids are taken"
    return MonitoringRecorder(emitter, wanted, tool), f"beside the debugger, as tool {tool}"
