"""Where adapted weights lie, and the way back. Needs nothing of what made them."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cwm_lsp.backend.weights import MANIFEST, MODEL
from cwm_lsp.errors import UserError

_FILES = {MANIFEST, MODEL}


def adapted_folder() -> Path:
    """Where adapted weights go: the user's data folder of this system. Raises ``UserError``."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    if not base.is_absolute():
        raise UserError(f"You have no folder for data: {base} is none.", "Name a folder with --out.")
    return base / "cwm-lsp" / "adapted"


def check_room(folder: Path) -> None:
    """Raise ``UserError`` where adapted weights cannot be put into ``folder``."""
    try:
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder} is a file.", "Name a folder with --out.")
        _check_ours(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent):
            pass
    except OSError as error:
        raise UserError(f"Nothing can be written to {folder.parent}: {error.strerror}.") from error


def place(made: Path, folder: Path) -> None:
    """Put the weights in ``made`` into ``folder`` in place of those there, whole or not at all.

    Raises ``UserError``.
    """
    try:
        _check_ours(folder)
        with _aside(folder) as aside:
            shutil.copytree(made, aside / "made")
            there = folder.exists()
            if there:
                folder.rename(aside / "before")
            try:
                (aside / "made").rename(folder)
            except OSError:
                if there:
                    (aside / "before").rename(folder)
                raise
    except OSError as error:
        raise UserError(f"The adapted weights cannot be written to {folder}: {error}.") from error


def undo(folder: Path) -> bool:
    """Remove adapted weights, whole or not at all; whether there were any.

    Raises ``UserError`` where they cannot be removed, or do not lie there alone.
    """
    try:
        if not (folder / MANIFEST).is_file():
            return False
        _check_ours(folder)
        with _aside(folder) as aside:
            folder.rename(aside / "before")
    except OSError as error:
        raise UserError(f"{folder} cannot be removed: {error}.") from error
    return True


def _check_ours(folder: Path) -> None:
    """Raise ``UserError`` where ``folder`` holds what adapted weights do not consist of.

    The shipped weights have the facts of their training beside them, and so do exported ones.
    """
    others = sorted({entry.name for entry in folder.iterdir()} - _FILES) if folder.is_dir() else []
    if others:
        raise UserError(
            f"{folder} holds other things than adapted weights: {others[0]}.",
            "Name another folder with --out.",
        )


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder``, for what is made and for what goes away: between the two one may rename."""
    with tempfile.TemporaryDirectory(
        prefix=f"{folder.name}.", dir=folder.parent, ignore_cleanup_errors=True
    ) as made:
        yield Path(made)
