"""Ends code that runs too long, in its own process: cheap enough to be set for every single check.

The time is processor time where the system can count it, so that a busy machine makes no candidate look slow.
One long operation inside the interpreter does not notice a Python signal handler: a second timer then ends
the process, and the parent starts another. What merely blocks has no processor time: where the system tells
how long a thread waited for a processor it is ended once it was asleep for long, elsewhere by its parent.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LAST_RESORT = 0.1
"""Processor seconds beyond twice the limit after which the process ends itself."""


TICK = 0.004
"""Processor seconds after which a check that has not had its time yet is looked at again."""


BLOCKED = 6.0
"""Seconds asleep after which a check is taken to wait for what never comes."""

LOOK = 0.25
"""Seconds between two looks at how long a check has been asleep."""

_SCHEDULED = "/proc/thread-self/schedstat"


class _Asleep:
    """How long a check may be asleep, in seconds; set by whoever knows how long checks do sleep.

    ``ended``: whether the last check was ended for that.
    """

    limit = BLOCKED
    ended = False


ASLEEP = _Asleep()


def idle() -> float:
    """Seconds that this thread was neither at work nor waiting for a processor, from some point on."""
    return time.monotonic() - time.process_time() - (_queued() if _TOLD else 0.0)


def _queued() -> float:
    """Seconds that this thread was ready to run and had no processor."""
    with open(_SCHEDULED, "rb") as file:
        return int(file.read().split()[1]) / 1e9


_TOLD = os.path.exists(_SCHEDULED)


class Overtime(BaseException):
    """A check ran longer than it may. No ``Exception``, so that ordinary handlers let it pass."""


def _raise(number: int, frame: FrameType | None) -> None:
    raise Overtime


def _quiet(number: int, frame: FrameType | None) -> None:
    """A signal that came just too late."""


if sys.platform == "win32":
    import _thread

    @contextmanager
    def limited(seconds: float) -> Iterator[None]:
        """Raise ``Overtime`` in the body after ``seconds`` on the clock."""
        before = signal.signal(signal.SIGINT, _raise)
        timer = threading.Timer(seconds, _thread.interrupt_main)
        timer.start()
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, _quiet)
            timer.cancel()
            timer.join()
            signal.signal(signal.SIGINT, before)

else:

    @contextmanager
    def limited(seconds: float) -> Iterator[None]:
        """Raise ``Overtime`` in the body after ``seconds`` of processor time, and again while it goes on."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        started = time.process_time()

        def ring(number: int, frame: FrameType | None) -> None:
            # The timer counts whole ticks, and may charge us with one that was mostly another's.
            if time.process_time() - started >= seconds:
                raise Overtime

        seen: list[float] = []

        def look(number: int, frame: FrameType | None) -> None:
            # On a busy machine a check that could run but has no processor is not asleep.
            seen.append(idle())
            if seen[-1] - seen[0] >= ASLEEP.limit - LOOK:
                ASLEEP.ended = True
                raise Overtime

        ASLEEP.ended = False
        signal.signal(signal.SIGPROF, ring)
        if _TOLD:
            signal.signal(signal.SIGALRM, look)
            signal.setitimer(signal.ITIMER_REAL, LOOK, LOOK)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds * 2 + LAST_RESORT)
        signal.setitimer(signal.ITIMER_PROF, seconds, min(seconds, TICK))
        try:
            try:
                yield
            finally:
                _disarmed()
        finally:
            _disarmed()  # once more, where it rang in the middle of that

    def _disarmed() -> None:
        signal.signal(signal.SIGPROF, _quiet)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGALRM, _quiet)
        signal.setitimer(signal.ITIMER_REAL, 0)
