"""What stops a ghost session, as its client has asked for it: breakpoints of the one file, and exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cwm_lsp.dap.launch import breakpoints, same_file
from cwm_lsp.dap.stepping import Rules
from cwm_lsp.trace.model import SourceFile

Answer = dict[str, Any]


class GhostRules:
    """The breakpoints that are wanted, and those of them that stand in the file as it was read."""

    def __init__(self) -> None:
        self._wanted: Sequence[Any] = ()
        self._standing: Mapping[int, str] = {}
        self._exceptions = True

    def rules(self, threshold: float) -> Rules:
        """What stops a step. ``threshold`` is the probability under which a value is withheld."""
        return Rules(threshold, self._standing, self._exceptions)

    def set_breakpoints(self, source: SourceFile, arguments: Mapping[str, Any]) -> Answer:
        """The answer to ``setBreakpoints``."""
        wanted = arguments.get("breakpoints") or []
        asked = arguments.get("source") or {}
        if not same_file(str(asked.get("path", "")), source.path):
            said = {"verified": False, "message": "Not in the file that is predicted."}
            return {"breakpoints": [said for _ in wanted]}
        self._wanted = wanted
        self._standing, told = breakpoints(source, wanted)
        return {"breakpoints": told}

    def set_exceptions(self, arguments: Mapping[str, Any]) -> Answer:
        """The answer to ``setExceptionBreakpoints``."""
        options = arguments.get("filterOptions") or []
        filters = [*(arguments.get("filters") or []), *(one.get("filterId") for one in options)]
        self._exceptions = "predicted" in filters
        return {"breakpoints": [{"verified": one == "predicted"} for one in filters]}

    def reread(self, source: SourceFile) -> None:
        """The file was read anew: what was wanted there stands where it can."""
        self._standing, _ = breakpoints(source, self._wanted)
