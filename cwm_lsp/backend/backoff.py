"""How long a failing thing is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable


class Backoff:
    """How long to leave a failing thing alone: not at all after one failure, then 1, 2, 4 ... 60 seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: float = 60.0) -> None:
        self._clock = clock
        self._most = most
        self._failures = 0
        self._until = clock()

    @property
    def remaining(self) -> float:
        """Seconds still to wait."""
        return max(0.0, self._until - self._clock())

    def failed(self) -> None:
        """Count a failure."""
        self._failures += 1
        pause = min(self._most, 2.0 ** (self._failures - 2)) if self._failures > 1 else 0.0
        self._until = self._clock() + pause

    def worked(self) -> None:
        """Forget the failures."""
        self._failures, self._until = 0, self._clock()
