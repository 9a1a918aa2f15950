"""From a model's own probability of a value to one that means what it says."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone, piecewise linear map of probabilities, fitted on runs that the model never saw.

    ``points`` are pairs (raw, calibrated), both rising; none means the identity. ``threshold`` is
    the calibrated probability under which a value is withheld.
    """

    points: tuple[tuple[float, float], ...] = ()
    threshold: float = 0.5

    def __call__(self, probability: float) -> float:
        """The calibrated probability."""
        if not self.points:
            return probability
        place = bisect_left(self.points, (probability, 0.0))
        if place == 0:
            return self.points[0][1]
        if place == len(self.points):
            return self.points[-1][1]
        (left, low), (right, high) = self.points[place - 1], self.points[place]
        share = (probability - left) / (right - left) if right > left else 1.0
        return low + share * (high - low)
