"""The process that candidates run in: started shut in, read by a thread."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cwm_lsp.errors import RunError

BOOT = Path(__file__).parent / "agent" / "boot.py"

_OWN_GROUP: dict[str, Any] = {"start_new_session": True}
if sys.platform == "win32":
    _OWN_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}


def started(python: str, folder: Path) -> subprocess.Popen[bytes]:
    """A child that serves the copy in ``folder``, where the folder for its temporary files is too."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [*_sandbox(folder), python, str(BOOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder / "work",
        # Sets of texts then have the same order in every run.
        env={
            **os.environ,
            "PYTHONHASHSEED": "0",
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
        },
        **_OWN_GROUP,
    )


def isolation() -> str:
    """What keeps a child from the rest of the machine."""
    return "bubblewrap" if shutil.which("bwrap") else "guarded"


def _sandbox(folder: Path) -> list[str]:
    """The command that shuts the child in, where bubblewrap is installed."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return []
    words = "--die-with-parent --unshare-all --ro-bind / / --dev /dev --proc /proc --cap-drop ALL"
    return [bwrap, *words.split(), "--bind", str(folder), str(folder)]


ENDING = 1.0
"""Seconds in which a process that answers no more has ended, if it does."""


def unstarted(
    process: subprocess.Popen[bytes], answer: Mapping[str, Any] | None, tests: bool, patience: float
) -> RunError:
    """Why a child that was waited for so long cannot be asked."""
    if answer is not None:
        return RunError(str(answer["error"]))
    what = "What the tests import" if tests else "The process that runs candidates"
    try:
        code = process.wait(ENDING)
    except subprocess.TimeoutExpired:
        return RunError(f"{what} took more than {patience:.0f} s to start.", "Give a larger --budget.")
    return RunError(f"{what} ended {'the process' if tests else 'at once'} (exit status {code}).")


def read(process: subprocess.Popen[bytes], lines: queue.Queue[bytes]) -> None:
    """Put each line of its answers into ``lines``, and an empty one at the end."""
    assert process.stdout is not None
    with contextlib.suppress(OSError, ValueError):  # closed under our hands: the child was ended
        for line in process.stdout:
            lines.put(line)
    lines.put(b"")
