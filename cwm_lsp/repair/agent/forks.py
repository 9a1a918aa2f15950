"""Work done in a fork, so that nothing of it stays; a fork that waits for nothing is ended."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Callable
from typing import Any

from . import guard

FORKS = hasattr(os, "fork")

POLLED = 0.25
BLOCKED = 6.0
"""Seconds asleep without a break after which a fork is taken to wait for what never comes.

Processor time does not tell: it has none. On a busy machine a process that could run is not asleep.
"""


def forked(work: Callable[[], dict[str, Any]], patience: float = BLOCKED) -> dict[str, Any]:
    """The dict that ``work()`` gives, worked out in a fork; ``{"died", "blocked"}`` when it gave none.

    ``patience``: seconds asleep after which it is ended.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(work()).encode("ascii"))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    data, blocked = _received(reading, child, patience)
    _, status = os.waitpid(child, 0)
    return dict(json.loads(data)) if data and not blocked else {"died": status, "blocked": blocked}


def _received(reading: int, child: int, patience: float) -> tuple[bytes, bool]:
    """All that a fork writes, and whether it had to be ended."""
    data, asleep = b"", 0.0
    try:
        while True:
            if select.select([reading], [], [], POLLED)[0]:
                chunk = os.read(reading, 1 << 16)
                if not chunk:
                    return data, False
                data += chunk
            asleep = asleep + POLLED if _sleeps(child) else 0.0
            if asleep >= patience:
                guard.may_end.add(child)
                os.kill(child, signal.SIGKILL)
                return b"", True
    finally:
        os.close(reading)


def _sleeps(pid: int) -> bool:
    """Whether a process waits, where the system tells that in ``/proc``."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1] == b"S"
    except OSError:
        return False
