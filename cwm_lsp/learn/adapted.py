"""Where adapted weights lie, and the way back. Needs nothing of what made them."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from cwm_lsp.backend.weights import MANIFEST
from cwm_lsp.errors import UserError


def adapted_folder() -> Path:
    """Where adapted weights go: the user's data folder of this system."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "cwm-lsp" / "adapted"


def check_room(folder: Path) -> None:
    """Raise ``UserError`` where adapted weights cannot be put into ``folder``."""
    if folder.exists() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise UserError(
            f"{folder} holds other things than adapted weights.", "Name another folder with --out."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent):
            pass
    except OSError as error:
        raise UserError(f"Nothing can be written to {folder.parent}: {error.strerror}.") from error


def place(made: Path, folder: Path) -> None:
    """Put the weights in ``made`` into ``folder`` in place of those there, whole or not at all.

    Raises ``UserError``.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(made, partial)
        undo(folder)
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise UserError(f"The adapted weights cannot be written to {folder}: {error}.") from error


def undo(folder: Path) -> bool:
    """Remove adapted weights; whether there were any. A folder that holds none is left alone."""
    if not (folder / MANIFEST).is_file():
        return False
    shutil.rmtree(folder)
    return True
