"""When a search must be over, and how the time until then is shared out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LEAST_START = 5.0
LONGEST_START = 60.0
"""Seconds in which the children must have started: those of the budget, within these bounds."""

LEAST = 2.0
LEAST_SHARE = 0.25
"""Seconds that a search gets however long its children took to start, and the same of the budget."""

GRACE = 0.5
"""Seconds beyond the end after which a child that is at work is ended."""


@dataclass
class Deadline:
    """The end of a search of ``budget`` seconds by ``clock``.

    Shares are those of the time that is left once the children have started: that takes long on a machine
    with other work, whatever the budget is.
    """

    budget: float = math.inf
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    over: float = field(init=False)
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.clock()
        self.over = self._begun + max(LEAST_START, self.budget)

    def begin(self) -> None:
        """The children have started: what is left is for the search."""
        began, self._begun = self._begun, self.clock()
        least = min(LEAST, LEAST_SHARE * self.budget)
        self.over = max(began + self.budget, self._begun + least)

    def extend(self) -> None:
        """A language model was waited for: what it gave is still run."""
        self.over = max(self.over, self.clock() + LEAST_SHARE * self.budget)

    @property
    def span(self) -> float:
        """Seconds that the search has in all."""
        return self.over - self._begun

    @property
    def left(self) -> float:
        """Seconds until the end, none once it is over."""
        return max(0.0, self.over - self.clock())

    def late(self) -> bool:
        """Whether nothing more may be begun."""
        return self.clock() >= self.over

    @property
    def start(self) -> float:
        """Seconds that a child may take to start."""
        return min(LONGEST_START, self.left)

    def at(self, share: float) -> float:
        """The time at which so much of the search's share is over."""
        return self._begun + share * self.span

    def within(self, patience: float) -> float:
        """Until when something is waited for that may take so many seconds."""
        return min(self.clock() + patience, self.over + GRACE)
