"""The keys of a launch configuration that are ours, read and taken out before debugpy sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from cwm_lsp.errors import SettingsError


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What a proxied session does beside debugging. ``docs/dap.md`` has them for users."""

    predictions: bool = True
    """Whether anything is predicted at all."""
    lookAhead: bool = True
    """Whether lines beyond the present one are."""
    stepBack: bool = True
    """Whether stops are kept, to be gone back to."""
    history: bool = False
    """Whether every line that runs between the stops is kept as well, which slows the program."""
    cwmStates: bool = False
    """Whether the client draws values itself and wants the event ``cwm/states``."""


_GIVEN_BACK = {"showReturnValue": True}
"""Without it debugpy does not tell what a function gave back, so that nothing could be held against it."""

KEYS = tuple(field.name for field in fields(SessionOptions))


def taken_out(arguments: Mapping[str, Any]) -> tuple[SessionOptions, dict[str, Any]]:
    """Our options, and the configuration for debugpy. Raises ``SettingsError``."""
    given = {key: arguments[key] for key in KEYS if key in arguments}
    for key, value in given.items():
        if not isinstance(value, bool):
            raise SettingsError(f'"{key}" in the configuration is true or false, not {value!r}.')
    options = SessionOptions(**given)
    if arguments.get("noDebug") is True:  # nothing is ever stopped, nor can a breakpoint be set
        options = replace(options, predictions=False)
    rest = {key: value for key, value in arguments.items() if key not in KEYS}
    return options, {**_GIVEN_BACK, **rest} if options.predictions else rest
