"""Probabilities that mean what they say, and the one under which a value is withheld.

Fitted on runs of human-written functions that neither training nor the reported figures use: claims are put
in bins of equal mass by the model's own probability, bins out of order are pooled (isotonic regression by
pool-adjacent-violators), and the map goes straight from one bin's centre to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cwm_lsp.backend import weights
from cwm_lsp.errors import UserError
from cwm_lsp.learn.judging import RowResult, Status
from cwm_lsp.learn.metrics import Floats, calibration_error, confidence
from cwm_lsp.predict import Calibration

POINTS = 20
"""Most points of a map."""

PRECISION = 0.9
"""Of the values that are shown, at least this share is right on the fitting data."""

LEAST = 200
"""Claims below which a map would be noise."""

_FOLDS = 5
_Block = tuple[float, float, float]
"""Claims: how many, their mean probability, the share that is right, smoothed."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A map and how good it is.

    ``values`` counts the claims it was fitted on. ``before`` and ``after`` are expected calibration errors of
    the model's own probabilities and of mapped ones, the latter cross-validated over rows. ``shown`` is the
    share of the claims at or over the threshold, ``precision`` the share of those that is right.
    """

    calibration: Calibration
    values: int
    before: float
    after: float
    shown: float
    precision: float

    def to_json(self) -> dict[str, Any]:
        """What is stored with the weights: ``points`` and ``threshold`` to be read, the rest to be known."""
        return {
            "points": [[round(raw, 6), round(real, 6)] for raw, real in self.calibration.points],
            "threshold": round(self.calibration.threshold, 4),
            "values": self.values,
            "ece_before": round(self.before, 4),
            "ece_after": round(self.after, 4),
            "shown": round(self.shown, 4),
            "precision": round(self.precision, 4),
        }


def fit(results: Sequence[RowResult], precision: float = PRECISION) -> Fitted:
    """The map for a model whose own, uncalibrated probabilities are in ``results``.

    Raises ``UserError`` when there are too few claims.
    """
    rows = [_claims(row) for row in results if row.status is Status.DONE]
    shown = np.concatenate([np.zeros((0, 2)), *rows])
    if len(shown) < LEAST:
        raise UserError(
            f"{len(shown)} values are too few to calibrate on; it takes {LEAST}.", "Take more rows."
        )
    points = isotonic(shown)
    mapped = _mapped(points, shown)
    threshold = choose_threshold(mapped, precision)
    kept = mapped[mapped[:, 0] >= threshold]
    return Fitted(
        calibration=Calibration(points, threshold),
        values=len(shown),
        before=calibration_error(shown) or 0.0,
        after=_cross_validated(rows),
        shown=len(kept) / len(shown),
        precision=float(kept[:, 1].mean()) if len(kept) else 0.0,
    )


def isotonic(shown: Floats, points: int = POINTS) -> tuple[tuple[float, float], ...]:
    """A rising map (raw, calibrated) of at most ``points`` pairs; ``shown [N, 2]``: probability, right."""
    ordered = shown[np.argsort(shown[:, 0], kind="stable")]
    blocks: list[_Block] = []
    for part in np.array_split(ordered, min(points, len(ordered))):
        count = float(len(part))
        blocks.append((count, float(part[:, 0].mean()), float((part[:, 1].sum() + 0.5) / (count + 1))))
        while len(blocks) > 1 and (blocks[-2][2] >= blocks[-1][2] or blocks[-2][1] >= blocks[-1][1]):
            blocks[-2:] = [_pooled(blocks[-2], blocks[-1])]
    return tuple((raw, real) for _, raw, real in blocks)


def _pooled(left: _Block, right: _Block) -> _Block:
    count = left[0] + right[0]
    raw, real = ((left[i] * left[0] + right[i] * right[0]) / count for i in (1, 2))
    return count, raw, real


def choose_threshold(shown: Floats, precision: float = PRECISION) -> float:
    """The smallest probability with at least ``precision`` of the claims from it on right; 1 if none is."""
    ordered = shown[np.argsort(-shown[:, 0], kind="stable")]
    right = ordered[:, 1].cumsum() / np.arange(1, len(ordered) + 1)
    last = np.append(ordered[1:, 0] != ordered[:-1, 0], True)[: len(ordered)]
    enough = ordered[last & (right >= precision), 0]
    return float(enough.min()) if len(enough) else 1.0


def store(folder: Path, fitted: Fitted, source: str) -> None:
    """Put the map into ``model.json`` of ``folder``; ``source`` names the runs that it was fitted on."""
    loaded = weights.load(folder)
    manifest = replace(loaded.manifest, calibration={**fitted.to_json(), "fitted_on": source})
    weights.save(folder, manifest, loaded.model)


def _claims(row: RowResult) -> Floats:
    return confidence(claim for frame in row.frames for claim in frame.claims)


def _mapped(points: tuple[tuple[float, float], ...], shown: Floats) -> Floats:
    calibration = Calibration(points)
    probabilities = [calibration(float(probability)) for probability in shown[:, 0]]
    return np.column_stack([probabilities, shown[:, 1]])


def _cross_validated(rows: Sequence[Floats]) -> float:
    """The calibration error on rows that the map was not fitted on."""
    parts: list[Floats] = []
    for fold in range(_FOLDS):
        inside = [row for index, row in enumerate(rows) if index % _FOLDS != fold]
        outside = np.concatenate([np.zeros((0, 2)), *rows[fold::_FOLDS]])
        if len(outside) and sum(map(len, inside)):
            parts.append(_mapped(isotonic(np.concatenate(inside)), outside))
    return calibration_error(np.concatenate(parts)) or 0.0 if parts else 0.0
