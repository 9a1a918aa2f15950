"""What a ghost session answers where it stands: frames, variables, expressions, a what-if. Nothing moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cwm_lsp.dap.arguments import number
from cwm_lsp.dap.asking import PREFIX
from cwm_lsp.dap.ghost_run import GhostRun
from cwm_lsp.dap.ghost_state import StateView, exception_info, written
from cwm_lsp.errors import ArgumentsError
from cwm_lsp.trace.model import EventKind, SourceFile
from cwm_lsp.wire.dap import Request

Answer = Mapping[str, Any]


class GhostAnswers:
    """Those of one moment of a run, number ``at``. Methods raise ``ArgumentsError``."""

    def __init__(self, source: SourceFile, run: GhostRun, at: int, threshold: float) -> None:
        self._source = source
        self._run = run
        self._at = at
        self._threshold = threshold
        self.view = StateView(source, run.moments[at], threshold)

    def stack(self, request: Request) -> Answer:
        """``stackTrace``."""
        frames = self.view.stack()
        start = number(request.arguments, "startFrame")
        levels = number(request.arguments, "levels") or len(frames)
        return {"stackFrames": frames[start : start + levels], "totalFrames": len(frames)}

    def scopes(self, request: Request) -> Answer:
        """``scopes``: the one that there is."""
        return {"scopes": [self.view.scope(request.arguments.get("frameId"))]}

    def variables(self, request: Request) -> Answer:
        """``variables``."""
        return {"variables": self.view.variables(request.arguments.get("variablesReference"))}

    def evaluate(self, request: Request) -> Answer:
        """``evaluate``: what is known, or can be computed."""
        expression = str(request.arguments.get("expression", ""))
        if expression.lstrip().startswith(PREFIX):
            raise ArgumentsError(
                "A what-if in a ghost session is a variable that is set.",
                "Set one of the innermost frame: what follows is predicted anew.",
            )
        return self.view.evaluate(expression, request.arguments.get("frameId"))

    def exception_info(self, request: Request) -> Answer:
        """``exceptionInfo``."""
        return exception_info(self.view.moment, self._threshold)

    def set_variable(self, request: Request) -> Answer:
        """``setVariable``, a what-if: the prediction goes on from the changed state."""
        view, run = self.view, self._run
        name, reference = str(request.arguments.get("name", "")), request.arguments.get("variablesReference")
        top = view.moment.top
        if view.moment.kind is not EventKind.LINE or not view.is_top(reference) or name not in top.locals:
            raise ArgumentsError(
                f"{name} cannot be changed here.", "Change a variable of the innermost frame, before a line."
            )
        run.suppose(self._at, name, written(str(request.arguments.get("value", ""))))
        self.view = StateView(self._source, run.moments[self._at], self._threshold)
        found = self.view.variable(name, self.view.moment.top.locals[name])
        return {key: found[key] for key in ("value", "type", "variablesReference")}
