"""From a model's own probability to one that means what it says."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cwm_lsp.predict.history import UNKNOWN, Trust

_EDGE = 1e-4


@dataclass(frozen=True, slots=True)
class ProbabilityMap:
    """A rising map of probabilities, moved by how the model did so far in the same run.

    ``points`` are pairs (raw, calibrated), both rising; below the first the map goes straight to 0, and none
    means the identity. ``weights``, empty or four,
    are those of a logistic regression on 1, the log-odds of the mapped probability, and a trust's ``line``
    and ``run``.
    """

    points: tuple[tuple[float, float], ...] = ()
    weights: tuple[float, ...] = ()

    def rising(self, probability: float) -> float:
        """The probability by ``points`` alone."""
        if not self.points:
            return probability
        points = ((0.0, 0.0), *self.points)
        place = max(1, bisect_left(points, (probability, 0.0)))
        if place == len(points):
            return points[-1][1]
        (left, low), (right, high) = points[place - 1], points[place]
        share = (probability - left) / (right - left) if right > left else 1.0
        return low + share * (high - low)

    def __call__(self, probability: float, trust: Trust = UNKNOWN) -> float:
        """The calibrated probability."""
        mapped = self.rising(probability)
        if not self.weights:
            return mapped
        parts = (1.0, log_odds(mapped), trust.line, trust.run)
        return 1 / (1 + math.exp(-sum(w * part for w, part in zip(self.weights, parts, strict=True))))

    def to_json(self) -> dict[str, Any]:
        """``points`` and ``weights``, rounded."""
        points = [[round(raw, 6), round(real, 6)] for raw, real in self.points]
        return {"points": points, "weights": [round(weight, 4) for weight in self.weights]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ProbabilityMap:
        """The map that :meth:`to_json` wrote; the identity of an empty object."""
        points = tuple((float(raw), float(real)) for raw, real in stored.get("points", ()))
        return cls(points, tuple(map(float, stored.get("weights", ()))))


def log_odds(probability: float) -> float:
    """The logarithm of p / (1 - p), away from both ends."""
    kept = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))


@dataclass(frozen=True, slots=True)
class Calibration:
    """One map for values, one for where the run goes, fitted on runs that the model never saw.

    ``threshold`` is the calibrated probability under which a value is withheld.
    """

    values: ProbabilityMap = field(default_factory=ProbabilityMap)
    flow: ProbabilityMap = field(default_factory=ProbabilityMap)
    threshold: float = 0.5

    def to_json(self) -> dict[str, Any]:
        """What is stored with the weights."""
        maps = {"values": self.values.to_json(), "flow": self.flow.to_json()}
        return {**maps, "threshold": round(self.threshold, 4)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Calibration:
        """What :meth:`to_json` wrote; of an empty object the identity."""
        values, flow = (ProbabilityMap.from_json(stored.get(name, {})) for name in ("values", "flow"))
        return cls(values, flow, float(stored.get("threshold", cls().threshold)))
