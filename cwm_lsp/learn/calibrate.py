"""Probabilities that mean what they say, and the one under which a value is withheld.

Fitted on runs of human-written functions that neither training nor the reported figures use: claims are put
in bins of equal mass by the model's own probability, bins out of order are pooled (isotonic regression by
pool-adjacent-violators), and the map goes straight from one bin's centre to the next. A logistic regression
then says how far the model's past in the same run, at the same line, moves that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cwm_lsp.backend import weights
from cwm_lsp.errors import UserError
from cwm_lsp.learn.judging import RowResult, Status
from cwm_lsp.learn.metrics import Floats, calibration_error
from cwm_lsp.predict import Calibration, ProbabilityMap, Track, Trust, log_odds

POINTS = 20
"""Most points of a map."""

PRECISION = 0.95
"""Of the values that are shown, at least this share is right on the fitting data."""

LIKELY = 0.5
"""What is rather wrong than right is not shown."""

LEAST = 200
"""Claims below which a map would be noise."""

_FEW = 100
"""Uncertain claims below which they say nothing of the model."""

_IN_A_BLOCK = 20
"""Claims, at least, of which one pair of a map is made, unless there are fewer."""

_FOLDS = 5
_NEWTON_STEPS = 12
_Block = tuple[float, float, float]
"""Claims: how many, their mean probability, the share that is right, smoothed."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Maps and how good they are.

    ``values`` counts the claims that the map of values was fitted on. ``before`` and ``after`` are expected
    calibration errors of the model's own probabilities and of mapped ones, the latter cross-validated over
    rows, ``flow_before`` and ``flow_after`` the same of where the run goes. ``shown`` is the share of the
    values at or over the threshold, ``precision`` the share of those that is right.
    """

    calibration: Calibration
    values: int
    before: float
    after: float
    flow_before: float
    flow_after: float
    shown: float
    precision: float

    def to_json(self) -> dict[str, Any]:
        """What is stored with the weights: the maps and the threshold to be read, the rest to be known."""
        return {
            **self.calibration.to_json(),
            "claims": self.values,
            "ece_before": round(self.before, 4),
            "ece_after": round(self.after, 4),
            "flow_ece_before": round(self.flow_before, 4),
            "flow_ece_after": round(self.flow_after, 4),
            "shown": round(self.shown, 4),
            "precision": round(self.precision, 4),
        }


@dataclass(frozen=True, slots=True)
class _Said:
    """A claim: where it was made, its raw probability and whether it was right."""

    line: int
    probability: float
    right: bool


_Row = Sequence[_Said]


def fit(results: Sequence[RowResult], precision: float = PRECISION) -> Fitted:
    """The maps for a model whose own, uncalibrated probabilities are in ``results``.

    Raises ``UserError`` when there are too few claims.
    """
    done = [row for row in results if row.status is Status.DONE]
    values, flow = [_values(row) for row in done], [_flow(row) for row in done]
    raw = _raw(values)
    if len(raw) < LEAST:
        raise UserError(
            f"{len(raw)} values are too few to calibrate on; it takes {LEAST}.", "Take more rows."
        )
    of_values, of_flow = fit_map(values), fit_map(flow)
    mapped = _mapped(of_values, values)
    threshold = choose_threshold(mapped, precision)
    kept = mapped[mapped[:, 0] >= threshold]
    return Fitted(
        calibration=Calibration(of_values, of_flow, threshold),
        values=len(raw),
        before=calibration_error(raw) or 0.0,
        after=_cross_validated(values),
        flow_before=calibration_error(_raw(flow)) or 0.0,
        flow_after=_cross_validated(flow),
        shown=len(kept) / len(raw),
        precision=float(kept[:, 1].mean()) if len(kept) else 0.0,
    )


def fit_map(rows: Sequence[_Row]) -> ProbabilityMap:
    """A rising map of the claims' probabilities, and how much a run's past moves it."""
    points = isotonic(_raw(rows))
    parts, rights = [np.zeros((0, 4))], [np.zeros(0)]
    for row in rows:
        past = list(_trusted(ProbabilityMap(points), row))
        parts.append(np.array([(1.0, log_odds(p), s.line, s.run) for p, s in past]).reshape(-1, 4))
        rights.append(np.array([said.right for said in row], float))
    return ProbabilityMap(points, logistic(np.concatenate(parts), np.concatenate(rights)))


def logistic(parts: Floats, right: Floats) -> tuple[float, ...]:
    """Weights of a logistic regression of ``right [N]`` on ``parts [N, 4]``, drawn to the rising map."""
    prior, ridge = np.array([0.0, 1.0, 0.0, 0.0]), np.array([50.0, 50.0, 2.0, 2.0])
    weights = prior.copy()
    for _ in range(_NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-parts @ weights))
        slope = parts.T @ (right - probability) - ridge * (weights - prior)
        curvature = (parts.T * (probability * (1 - probability))) @ parts + np.diag(ridge)
        weights = weights + np.linalg.solve(curvature, slope)
    return tuple(float(weight) for weight in weights)


def isotonic(shown: Floats, points: int = POINTS) -> tuple[tuple[float, float], ...]:
    """A rising map (raw, calibrated) of at most ``points`` pairs; ``shown [N, 2]``: probability, right.

    Claims that are certain, which most are that were worked out, make one pair of their own; where there are
    few others, that is the only one, and the model's own word counts for them.
    """
    ordered = shown[np.argsort(shown[:, 0], kind="stable")]
    certain = int(np.searchsorted(ordered[:, 0], 1.0))
    few = len(ordered) > certain and certain < _FEW
    parts = [] if few else np.array_split(ordered[:certain], max(1, min(points - 1, certain // _IN_A_BLOCK)))
    blocks: list[_Block] = []
    for part in (*parts, ordered[certain:]):
        if len(part) == 0:
            continue
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
    """The smallest probability with at least ``precision`` of the claims from it on right; 1 if none is.

    Never under :data:`LIKELY`: where nearly all that is claimed is sure, the rest could be anything. Nothing
    likelier is withheld where enough of all claims are right.
    """
    ordered = shown[np.argsort(-shown[:, 0], kind="stable")]
    right = ordered[:, 1].cumsum() / np.arange(1, len(ordered) + 1)
    last = np.append(ordered[1:, 0] != ordered[:-1, 0], True)[: len(ordered)]
    enough = ordered[last & (right >= precision), 0]
    if len(enough) == 0:
        return 1.0
    return LIKELY if enough.min() == ordered[-1, 0] else max(LIKELY, float(enough.min()))


def store(folder: Path, fitted: Fitted, source: str) -> None:
    """Put the map into ``model.json`` of ``folder``; ``source`` names the runs that it was fitted on."""
    loaded = weights.load(folder)
    manifest = replace(loaded.manifest, calibration={**fitted.to_json(), "fitted_on": source})
    weights.save(folder, manifest, loaded.model)


def _values(row: RowResult) -> list[_Said]:
    return [
        _Said(frame.line, claim.probability, claim.right)
        for frame in row.frames
        for claim in frame.claims
        if claim.probability is not None
    ]


def _flow(row: RowResult) -> list[_Said]:
    return [_Said(frame.line, frame.flow_probability, frame.flow) for frame in row.frames]


def _raw(rows: Sequence[_Row]) -> Floats:
    return np.array([(said.probability, said.right) for row in rows for said in row], float).reshape(-1, 2)


def _trusted(chosen: ProbabilityMap, row: _Row) -> Iterator[tuple[float, Trust]]:
    """For each claim of a run its probability by the rising map, and the trust before it."""
    track = Track()
    for said in row:
        probability = chosen.rising(said.probability)
        yield probability, track.trust(said.line)
        track.add(said.line, probability, said.right)


def _mapped(chosen: ProbabilityMap, rows: Sequence[_Row]) -> Floats:
    found = [
        (chosen(said.probability, trust), said.right)
        for row in rows
        for said, (_, trust) in zip(row, _trusted(chosen, row), strict=True)
    ]
    return np.array(found, float).reshape(-1, 2)


def _cross_validated(rows: Sequence[_Row]) -> float:
    """The calibration error on rows that the map was not fitted on."""
    parts: list[Floats] = []
    for fold in range(_FOLDS):
        inside = [row for index, row in enumerate(rows) if index % _FOLDS != fold]
        if any(inside):
            parts.append(_mapped(fit_map(inside), rows[fold::_FOLDS]))
    return calibration_error(np.concatenate(parts)) or 0.0 if parts else 0.0
