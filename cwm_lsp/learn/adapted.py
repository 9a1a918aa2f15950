"""Where adapted weights lie, and the way back. Needs nothing of what made them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from cwm_lsp.backend.weights import MANIFEST


def adapted_folder() -> Path:
    """Where adapted weights go: the user's data folder of this system."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "cwm-lsp" / "adapted"


def undo(folder: Path) -> bool:
    """Remove adapted weights; whether there were any. A folder that holds none is left alone."""
    if not (folder / MANIFEST).is_file():
        return False
    shutil.rmtree(folder)
    return True
