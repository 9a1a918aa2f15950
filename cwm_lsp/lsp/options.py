"""What an editor may set, from ``initializationOptions`` and ``workspace/didChangeConfiguration``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from cwm_lsp.config import Layer, Settings, merge
from cwm_lsp.errors import SettingsError
from cwm_lsp.features.results import Switches

SECTION = "cwm"
"""Settings may come inside an object of this name, as editors send a whole section."""

SWITCHES = tuple(one.name for one in fields(Switches))
_SETTINGS = frozenset(one.name for one in fields(Settings))


@dataclass(frozen=True, slots=True)
class EditorOptions:
    """What the editor set. ``settings`` are valid values for :class:`cwm_lsp.config.Settings`."""

    trusted: bool = True
    switches: Switches = field(default_factory=Switches)
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The options that hold now, and a sentence for each setting that was refused."""

    options: EditorOptions
    problems: tuple[str, ...]


def parse(raw: object, before: EditorOptions) -> Parsed:
    """``before`` with what ``raw`` says laid over it. A setting that means nothing changes nothing.

    But a ``trusted`` that is neither true nor false counts as false.
    """
    if raw is None:
        return Parsed(before, ())
    if not isinstance(raw, Mapping):
        return Parsed(before, (f"The settings must be an object, not {raw!r}.",))
    if SECTION in raw:
        return parse(raw[SECTION], before)
    options, problems = before, []
    for key, value in raw.items():
        try:
            options = _with(options, key, value)
        except SettingsError as error:
            problems.append(str(error))
            if key == "trusted":
                options = replace(options, trusted=False)
    return Parsed(options, tuple(problems))


def toggled(switches: Switches, name: str) -> Switches:
    """``switches`` with one of them the other way. Raises :class:`SettingsError` for an unknown name."""
    if name not in SWITCHES:
        raise SettingsError(f"{name!r} is no switch.", f"Choose one of {', '.join(SWITCHES)}.")
    return replace(switches, **{name: not getattr(switches, name)})


def _with(options: EditorOptions, key: str, value: object) -> EditorOptions:
    if key == "trusted":
        return replace(options, trusted=_flag(key, value))
    if key == "show":
        return replace(options, switches=_switches(value, options.switches))
    name = _python(key)
    if name not in _SETTINGS:
        raise SettingsError(f"{key!r} is no setting of cwm-lsp.", "docs/editors.md lists the settings.")
    merge([Layer("the editor's settings", {name: value})])
    return replace(options, settings={**options.settings, name: value})


def _switches(raw: object, before: Switches) -> Switches:
    if not isinstance(raw, Mapping):
        raise SettingsError(f"show must be an object of switches, not {raw!r}.")
    unknown = sorted(set(map(str, raw)) - set(SWITCHES))
    if unknown:
        raise SettingsError(f"show.{unknown[0]} is no switch.", f"Choose among {', '.join(SWITCHES)}.")
    flags: dict[str, Any] = {name: _flag(f"show.{name}", value) for name, value in raw.items()}
    return replace(before, **flags)


def _flag(name: str, raw: object) -> bool:
    if not isinstance(raw, bool):
        raise SettingsError(f"{name} must be true or false, not {raw!r}.")
    return raw


def _python(key: str) -> str:
    """``maxEvents`` and ``max-events`` as ``max_events``."""
    spaced = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
    return spaced.replace("-", "_")
