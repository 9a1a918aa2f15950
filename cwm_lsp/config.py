"""Typed settings, parsed once at the edge.

A setting comes from, the later winning: its default, ``[tool.cwm-lsp]`` in the nearest
``pyproject.toml``, the environment (``CWM_LSP_PYTHON``, ``CWM_LSP_MAX_EVENTS``, ...), the editor or
the command line. What a workspace sets about *who runs and who is asked* (``python``, ``backend``, ``model``,
``endpoint``) counts only when the workspace is trusted: a repository must not choose a program to run
or a server to send sources to.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cwm_lsp.errors import SettingsError

ENVIRONMENT_PREFIX = "CWM_LSP_"
TABLE = "cwm-lsp"
BACKENDS = ("auto", "embedded", "transformers", "vllm", "off")


def _setting(
    default: object,
    help: str,
    *,
    restricted: bool = False,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A dataclass field that carries what the parser and the documentation need to know."""
    facts = {"help": help, "restricted": restricted, "choices": choices, "low": low, "high": high}
    return field(default=default, metadata=facts)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Names are those of ``pyproject.toml`` with ``-`` for ``_``."""

    python: str = _setting("", "Interpreter that runs your code; empty finds the project's.", restricted=True)
    backend: str = _setting("auto", "Which model backend predicts.", choices=BACKENDS, restricted=True)
    model: str = _setting("", "Folder of the model's weights; empty takes the shipped ones.", restricted=True)
    endpoint: str = _setting(
        "", "URLs of model servers, for the vllm backend, or in-process.", restricted=True
    )
    threshold: float | None = _setting(
        None,
        "Probability under which a value is withheld; unset takes the model's own.",
        low=0.0,
        high=1.0,
    )
    max_events: int = _setting(100_000, "Recording stops after this many events.", low=1)
    max_bytes: int = _setting(64 << 20, "Recording stops after this many bytes of values.", low=1)
    max_depth: int = _setting(1000, "Recording stops at calls nested deeper than this.", low=1)
    max_seconds: float = _setting(30.0, "Recording stops after this many seconds.", low=0.1, high=86_400.0)
    threads: int = _setting(1, "CPU threads of the embedded model; 0 takes all but one.", low=0)

    @property
    def as_dict(self) -> dict[str, object]:
        """Names as they are written in ``pyproject.toml``, with their values."""
        return {_dashed(f.name): getattr(self, f.name) for f in dataclasses.fields(self)}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with where they came from: ``origins`` names the source of each one that is not a default,
    ``ignored`` the restricted ones that an untrusted workspace asked for."""

    settings: Settings
    origins: Mapping[str, str]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """Raw values from one place. ``origin`` is what a message calls that place."""

    origin: str
    values: Mapping[str, object]
    trusted: bool = True


def load(
    start: Path,
    *,
    options: Mapping[str, object] | None = None,
    environment: Mapping[str, str] = os.environ,
    trusted: bool = False,
) -> Loaded:
    """Settings for a file or folder ``start``. ``options`` hold what the caller was given explicitly.

    Raises :class:`SettingsError`, naming the place and the setting.
    """
    layers = []
    pyproject = find_pyproject(start)
    if pyproject is not None:
        layers.append(Layer(str(pyproject), _read_table(pyproject), trusted))
    layers.append(Layer("the environment", _from_environment(environment)))
    layers.append(Layer("the options", options or {}))
    return merge(layers)


def merge(layers: Iterable[Layer]) -> Loaded:
    """Lay ``layers`` over the defaults, the later over the earlier."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    ignored: list[str] = []
    known = {f.name: f for f in dataclasses.fields(Settings)}
    for layer in layers:
        for key, raw in layer.values.items():
            name = key.replace("-", "_")
            if name not in known:
                raise _unknown(key, layer.origin, known)
            if known[name].metadata["restricted"] and not layer.trusted:
                ignored.append(_dashed(name))
                continue
            values[name] = _parse(known[name], raw, layer.origin)
            origins[name] = layer.origin
    return Loaded(Settings(**values), origins, tuple(ignored))


def find_pyproject(start: Path) -> Path | None:
    """The nearest ``pyproject.toml`` at or above ``start`` that has a ``[tool.cwm-lsp]`` table."""
    start = start.absolute()
    for folder in (start, *start.parents):
        candidate = folder / "pyproject.toml"
        if candidate.is_file() and _has_table(candidate):
            return candidate
    return None


def _has_table(path: Path) -> bool:
    # A broken pyproject.toml that never mentions us is not ours to complain about.
    try:
        return f"tool.{TABLE}" in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _read_table(path: Path) -> dict[str, object]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    table = document.get("tool", {}).get(TABLE, {})
    if not isinstance(table, dict):
        raise SettingsError(f"[tool.{TABLE}] in {path} is not a table.")
    return table


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """Variables named after a setting. Others with our prefix are left alone: they may be someone's own."""
    found: dict[str, object] = {}
    for f in dataclasses.fields(Settings):
        raw = environment.get(ENVIRONMENT_PREFIX + f.name.upper(), "")
        if raw:
            found[f.name] = raw
    return found


def _parse(setting: dataclasses.Field[Any], raw: object, origin: str) -> object:
    """One value, checked. Text is accepted for numbers, since that is what an environment holds."""
    facts = setting.metadata
    name = _dashed(setting.name)
    if isinstance(setting.default, str):
        if not isinstance(raw, str):
            raise SettingsError(f"{name} in {origin} must be text, not {raw!r}.")
        if facts["choices"] and raw not in facts["choices"]:
            raise SettingsError(
                f"{name} in {origin} is {raw!r}.", f"Choose one of {', '.join(facts['choices'])}."
            )
        return raw
    number = _number(raw, whole=isinstance(setting.default, int))
    if number is None:
        kind = "a whole number" if isinstance(setting.default, int) else "a number"
        raise SettingsError(f"{name} in {origin} must be {kind}, not {raw!r}.")
    low, high = facts["low"], facts["high"]
    # Written so that NaN, which compares false with everything, is refused as well.
    if not ((low is None or number >= low) and (high is None or number <= high)):
        bounds = f"at least {low:g}" if high is None else f"between {low:g} and {high:g}"
        raise SettingsError(f"{name} in {origin} must be {bounds}, not {raw!r}.")
    return number


def _number(raw: object, *, whole: bool) -> float | int | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    if whole and isinstance(raw, float):
        return None
    try:
        return int(raw) if whole else float(raw)
    except ValueError:
        return None


def _unknown(key: str, origin: str, known: Iterable[str]) -> SettingsError:
    close = difflib.get_close_matches(key.replace("-", "_"), known, n=1)
    hint = f"Did you mean {_dashed(close[0])}?" if close else "`cwm-lsp doctor` lists the settings."
    return SettingsError(f"{key!r} in {origin} is no setting of cwm-lsp.", hint)


def _dashed(name: str) -> str:
    return name.replace("_", "-")
