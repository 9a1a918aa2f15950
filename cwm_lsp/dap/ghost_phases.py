"""The state machine of a ghost session, as tables. ``dap/ghost.py`` follows them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from cwm_lsp.dap.extension import REALLY
from cwm_lsp.dap.stepping import Step


class Phase(Enum):
    """Where a session stands."""

    NEW = auto()
    INITIALIZED = auto()
    CONFIGURING = auto()
    RUNNING = auto()
    STOPPED = auto()
    ENDED = auto()


_LAUNCHED = frozenset({Phase.CONFIGURING, Phase.RUNNING, Phase.STOPPED})
_STANDING = frozenset({Phase.STOPPED})

ALLOWED: Mapping[str, frozenset[Phase]] = {
    "initialize": frozenset({Phase.NEW}),
    "launch": frozenset({Phase.INITIALIZED}),
    "restart": _LAUNCHED - {Phase.CONFIGURING},
    "setBreakpoints": _LAUNCHED,
    "setExceptionBreakpoints": _LAUNCHED,
    "configurationDone": frozenset({Phase.CONFIGURING}),
    "threads": _LAUNCHED,
    "stackTrace": _STANDING,
    "scopes": _STANDING,
    "variables": _STANDING,
    "evaluate": _STANDING,
    "setVariable": _STANDING,
    "exceptionInfo": _STANDING,
    "restartFrame": _STANDING,
    REALLY: _STANDING,
    "next": _STANDING,
    "stepIn": _STANDING,
    "stepOut": _STANDING,
    "stepBack": _STANDING,
    "continue": _STANDING,
    "reverseContinue": _STANDING,
    "pause": frozenset({Phase.RUNNING}),
    "terminate": frozenset(Phase),
    "disconnect": frozenset(Phase),
}

STEPS: Mapping[str, Step] = {
    "next": Step.OVER,
    "stepIn": Step.INTO,
    "stepOut": Step.OUT,
    "stepBack": Step.BACK,
    "continue": Step.CONTINUE,
    "reverseContinue": Step.REVERSE,
}
