"""What a candidate may not do: write outside its scratch folder, use the network, start processes, grow.

An audit hook sees every such attempt on every platform, before it happens. That protects from the accidents
of a wrong edit, not from malice; where bubblewrap is installed the parent starts the whole child inside it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

MEMORY = 2 << 30
"""Bytes of address space that a child may have, where the system can bound it."""

_REFUSED = {
    "os.exec",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.sendmsg",
    "socket.sendto",
    "subprocess.Popen",
}
_CHANGES = {
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "shutil.rmtree",
}
may_end: set[int] = set()
"""Processes that the agent itself started and may end."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


NOT_ALLOWED = "not allowed while a fix is tried"
"""What every refusal says."""


class Refused(PermissionError):
    """A candidate tried what it may not do."""


def confine(scratch: str) -> None:
    """From now on refuse what leaves ``scratch``. Cannot be undone in this process."""
    root = os.path.realpath(scratch)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING and not _inside(path, root):
                raise Refused(f"A write to {path!r} is {NOT_ALLOWED}.")
        elif event == "os.kill" and arguments[0] in may_end:
            may_end.discard(arguments[0])
        elif event in _REFUSED:
            raise Refused(f"{event} is {NOT_ALLOWED}.")
        elif event in _CHANGES and not all(_inside(one, root) for one in arguments[:2]):
            raise Refused(f"{event} outside the scratch copy is {NOT_ALLOWED}.")

    sys.addaudithook(hook)


def _inside(path: object, root: str) -> bool:
    """Whether a path lies in ``root``; a descriptor, a mode or the null device does no harm."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return True
    text = os.fsdecode(path)
    if text == os.devnull:
        return True
    found = os.path.realpath(text)
    return found == root or found.startswith(root + os.sep)


def bound() -> None:
    """Bound memory, file sizes and core dumps of this process, where the system has a way to."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (("RLIMIT_AS", MEMORY), ("RLIMIT_FSIZE", 64 << 20), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(ValueError, OSError):  # a tighter bound stands already
            resource.setrlimit(getattr(resource, name), (value, value))
