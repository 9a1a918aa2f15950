"""How a model did so far in one run: where it was wrong at a line, it is believed less at the next visit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from cwm_lsp.trace.model import Event, EventKind
from cwm_lsp.trace.predicted import PredictedStep

SHRINK = 1.0
"""Claims of no surprise that every mean begins with."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The mean of right minus probability of earlier claims, -1 to 1: at the same ``line``, in the ``run``.

    0 says that the model was as right as it said, or was not asked yet.
    """

    line: float = 0.0
    run: float = 0.0


UNKNOWN = Trust()


@dataclass(slots=True)
class _Mean:
    total: float = 0.0
    count: int = 0

    @property
    def shrunk(self) -> float:
        return self.total / (self.count + SHRINK)


@dataclass(slots=True)
class Track:
    """Claims of one kind in the order of a run."""

    _lines: dict[int, _Mean] = field(default_factory=lambda: defaultdict(_Mean))
    _run: _Mean = field(default_factory=_Mean)

    def trust(self, line: int) -> Trust:
        """How far the model can be trusted with its next claim at ``line``."""
        return Trust(self._lines[line].shrunk, self._run.shrunk)

    def add(self, line: int, probability: float, right: bool) -> None:
        """A claim at ``line`` was checked; ``probability`` is that of a rising map alone."""
        for mean in (self._lines[line], self._run):
            mean.total += right - probability
            mean.count += 1


@dataclass(slots=True)
class History:
    """The values and the ways of one run, each event told once after it was predicted."""

    values: Track = field(default_factory=Track)
    flow: Track = field(default_factory=Track)
    _at: dict[int, int] = field(default_factory=dict)

    def line(self, event: Event) -> int:
        """The line whose statement led to ``event``."""
        return event.line if event.kind is EventKind.CALL else self._at.get(event.frame, 0)

    def happened(self, event: Event) -> None:
        """Follow the run by one event."""
        if event.kind in (EventKind.CALL, EventKind.LINE):
            self._at[event.frame] = event.line

    def checked(self, event: Event, said: PredictedStep) -> None:
        """``said`` was predicted for ``event``, with the probabilities of rising maps."""
        line = self.line(event)
        self.flow.add(line, said.probability, said.kind is event.kind and said.line == event.line)
        for name, guess in said.changed.items():
            value = event.locals.get(name)
            self.values.add(line, guess.probability, value is not None and value.text == guess.text)
        if said.value is not None:
            right = event.value is not None and event.value.text == said.value.text
            self.values.add(line, said.value.probability, right)
