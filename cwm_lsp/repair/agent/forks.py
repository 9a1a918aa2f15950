"""Work done in a fork, so that nothing of it stays; a fork that waits for nothing is ended."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from typing import Any

from . import guard
from .alarm import ASLEEP

FORKS = hasattr(os, "fork")

POLLED = 0.25


def forked(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The dict that ``work()`` gives, worked out in a fork; ``{"died", "blocked"}`` when it gave none.

    One that is asleep without a break for longer than a check may be is ended. Processor time does not tell,
    it has none; on a busy machine a process that could run is not asleep.
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
    data, blocked = _received(reading, child, ASLEEP.limit + POLLED)
    _, status = os.waitpid(child, 0)
    return dict(json.loads(data)) if data and not blocked else {"died": status, "blocked": blocked}


def reseeded() -> None:
    """Let what is random come out otherwise: a fork has the state of its parent, as all forks have."""
    for module in (sys.modules.get("random"), sys.modules.get("numpy.random")):
        if module is not None:
            module.seed()


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
