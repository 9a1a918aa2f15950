"""How debugpy serves each kind of request, and what that changes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto


class Kind(Enum):
    """How a command is served."""

    BOUND = auto()
    """By the suspended thread that it is about."""
    RESUMING = auto()
    """By that thread as well, and it goes on."""
    FREE = auto()
    """By debugpy's own threads."""


KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            "completions",
            "evaluate",
            "exceptionInfo",
            "gotoTargets",
            "scopes",
            "setExpression",
            "setVariable",
            "stackTrace",
            "stepInTargets",
            "variables",
        ),
        Kind.BOUND,
    ),
    **dict.fromkeys(("continue", "goto", "next", "stepIn", "stepOut"), Kind.RESUMING),
}

RESUMED = frozenset(("continued", "exited", "terminated"))
"""Events after which nobody stands where questions were asked."""

READING = frozenset(
    (
        "exceptionInfo",
        "loadedSources",
        "modules",
        "scopes",
        "source",
        "stackTrace",
        "threads",
        "variables",
    )
)
"""Requests that change nothing in the program."""
