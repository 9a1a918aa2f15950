"""What a session that predicts promises beyond debugpy's own capabilities, and what it takes back."""

from __future__ import annotations

from cwm_lsp.dap import surprise
from cwm_lsp.dap.options import SessionOptions
from cwm_lsp.wire.dap import Json

_BACKWARDS = ("supportsStepBack", "supportsRestartFrame")
_DATA = ("supportsDataBreakpoints",)


def promised(body: Json) -> Json:
    """debugpy's answer to ``initialize`` with ours in it."""
    filters = [*(body.get("exceptionBreakpointFilters") or ()), surprise.capability()]
    return {
        **body,
        **dict.fromkeys((*_BACKWARDS, *_DATA), True),
        "exceptionBreakpointFilters": filters,
        "supportsExceptionFilterOptions": True,
    }


def withdrawn(options: SessionOptions) -> dict[str, bool]:
    """What a configuration has turned off again."""
    off = () if options.predictions else _DATA
    kept = options.predictions and options.stepBack
    return dict.fromkeys(off if kept else (*off, *_BACKWARDS), False)
