"""Which interpreter runs the user's code when nothing says so: the one of the project."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cwm_lsp.config import Loaded

FOLDERS = (".venv", "venv")
_INSIDE = Path("Scripts", "python.exe") if os.name == "nt" else Path("bin", "python")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A path or command, not yet asked for its version, and why it is this one."""

    path: str
    why: str


def choose(loaded: Loaded, near: Path, environment: Mapping[str, str] = os.environ) -> Chosen:
    """The setting; else the activated environment; else the nearest one at or above ``near``; else ours."""
    if loaded.settings.python:
        return Chosen(loaded.settings.python, f"The setting `python` in {loaded.origins['python']} names it.")
    active = environment.get("VIRTUAL_ENV") or environment.get("CONDA_PREFIX")
    if active and (found := _python(Path(active))):
        return Chosen(found, "Its environment is activated.")
    start = near.absolute()
    for folder in (start, *start.parents):
        for name in FOLDERS:
            if found := _python(folder / name):
                return Chosen(found, f"It is in the nearest environment, {folder / name}.")
    return Chosen(sys.executable, "No environment was found, so it is the one that cwm-lsp runs in.")


def _python(environment: Path) -> str:
    direct = environment / "python.exe"  # where conda has it on Windows
    for path in (environment / _INSIDE, direct):
        if path.is_file():
            return str(path)
    return ""
