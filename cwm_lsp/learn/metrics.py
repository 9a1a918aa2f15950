"""Figures from evaluated rows. ``docs/evaluation.md`` says the same in prose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cwm_lsp.learn.judging import Claim, Frame, Role, RowResult, Status

FIGURES: Mapping[str, str] = {
    "format_valid": "events of free runs that decode, of those and the ones that mean nothing",
    "frames_exact": "frames right: a call's or line's kind and all its locals (every changed value right, "
    "none missing, none extra), a return's or exception's kind and value",
    "changed_exact": "frames right, of the calls and lines in which the run shows a changed local",
    "values_exact": "changed values of calls and lines right",
    "results_exact": "values of returns and exceptions right",
    "next_line_exact": "events of which kind and line are right",
    "whole_exact": "frames right of which the line is right too",
    "return_forced": "rows of which the entry's returned value is right, the run before it being given",
    "final_free": "rows whose free run ends with the observed value, or an exception of the observed type",
}
"""Shares, all but the first and the last with the real run forced. Cut and opaque values count nowhere."""

BINS = 15
PRECISION = 0.95
_RESAMPLES = 1000
_LENGTHS = (8, 16, 32, 64, 128)
_CURVE_POINTS = 20

Count = tuple[float, float]
"""How many are right, of how many."""
Floats = npt.NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims of similar probability: how many, their mean probability, the share that is right."""

    count: int
    probability: float
    right: float


@dataclass(frozen=True, slots=True)
class Point:
    """If only values of at least ``threshold`` are shown: the share shown, and the share right of those."""

    threshold: float
    coverage: float
    precision: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures of one evaluation; ``None`` stands for a figure of nothing.

    ``figures`` holds :data:`FIGURES`, ``ece`` and ``coverage_at_95`` over the rows evaluated, ``intervals``
    the 95 % intervals of the former (rows resampled), ``all_rows`` the same figures where each row that was
    not evaluated counts as wrong. The tables give figures of parts, each with its count.
    """

    model: str
    rows: int
    rows_evaluated: int
    statuses: Mapping[str, int]
    figures: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float]]
    all_rows: Mapping[str, float | None]
    by_type: Mapping[str, Mapping[str, float | None]]
    by_length: Mapping[str, Mapping[str, float | None]]
    by_depth: Mapping[str, Mapping[str, float | None]]
    by_event: Mapping[str, Mapping[str, float | None]]
    by_statement: Mapping[str, Mapping[str, float | None]]
    reliability: tuple[Bin, ...]
    risk_coverage: tuple[Point, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """One flat object: the figures stand at the top, rounded to 4 digits."""
        data = asdict(self)
        figures = data.pop("figures")
        head = {name: data.pop(name) for name in ("model", "rows", "rows_evaluated")}
        document: dict[str, Any] = _rounded({**head, **figures, **data})
        return document


def _rounded(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _rounded(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_rounded(value) for value in data]
    return round(data, 4) if isinstance(data, float) else data


def summarise(model: str, results: Sequence[RowResult], seconds: float) -> Evaluation:
    """The figures of ``results``."""
    done = [row for row in results if row.status is Status.DONE]
    claims = [claim for row in done for frame in row.frames for claim in frame.claims]
    shown = confidence(claims)
    statuses = [str(row.status) for row in results]
    figures: dict[str, float | None] = {name: _share(count) for name, count in counts(done).items()}
    figures["ece"] = calibration_error(shown)
    figures["coverage_at_95"] = coverage(claims)
    return Evaluation(
        model=model,
        rows=len(results),
        rows_evaluated=len(done),
        statuses={status: statuses.count(status) for status in sorted(set(statuses))},
        figures=figures,
        intervals=intervals(done),
        all_rows=over_all(results),
        by_type=_by_type(claims),
        by_length=_by_length(done),
        by_depth=_by_frame(done, lambda frame: str(frame.depth) if frame.depth < 3 else "3 and more"),
        by_event=_by_frame(done, lambda frame: str(frame.kind)),
        by_statement=_by_frame(done, lambda frame: frame.statement),
        reliability=reliability(shown),
        risk_coverage=risk_coverage(claims),
        seconds=seconds,
    )


# --- shares ------------------------------------------------------------------------------------


def counts(rows: Iterable[RowResult]) -> dict[str, Count]:
    """For each of :data:`FIGURES`, how many are right of how many."""
    total = dict.fromkeys(FIGURES, (0.0, 0.0))
    for row in rows:
        for name, (right, of) in _counts(row).items():
            total[name] = (total[name][0] + right, total[name][1] + of)
    return total


def _counts(row: RowResult) -> dict[str, Count]:
    judged = [frame for frame in row.frames if frame.right is not None]
    claims = [claim for frame in row.frames for claim in frame.claims]
    return {
        "format_valid": (row.free, row.free + row.problems),
        "frames_exact": _tally(frame.right for frame in judged),
        "changed_exact": _tally(frame.right for frame in judged if frame.changed),
        "values_exact": _tally(claim.right for claim in claims if claim.role is Role.CHANGED),
        "results_exact": _tally(claim.right for claim in claims if claim.role is Role.RESULT),
        "next_line_exact": _tally(frame.flow for frame in row.frames),
        "whole_exact": _tally(frame.right and frame.flow for frame in judged),
        "return_forced": _tally([row.returned]),
        "final_free": _tally([row.final]),
    }


def _tally(rights: Iterable[bool | None]) -> Count:
    known = [right for right in rights if right is not None]
    return sum(known), len(known)


def _share(count: Count) -> float | None:
    right, total = count
    return right / total if total else None


def over_all(results: Sequence[RowResult]) -> dict[str, float | None]:
    """The shares where a row that was not evaluated counts as wrong.

    It weighs what an evaluated row of as many events weighs on average; one that could not be run has the
    mean number of events.
    """
    done = [row for row in results if row.status is Status.DONE]
    missing = [row for row in results if row.status is not Status.DONE]
    if not done:
        return dict.fromkeys((*FIGURES, "coverage_at_95"), 0.0 if missing else None)
    mean = sum(row.events for row in done) / len(done)
    weight = sum(row.events or mean for row in missing) / (mean * len(done)) if mean else 0.0
    found: dict[str, float | None] = {}
    for name, (right, of) in counts(done).items():
        by_row = name in ("return_forced", "final_free")
        found[name] = _share((right, of * (1 + (len(missing) / len(done) if by_row else weight))))
    covered = coverage([claim for row in done for frame in row.frames for claim in frame.claims])
    found["coverage_at_95"] = None if covered is None else covered / (1 + weight)
    return found


def intervals(rows: Sequence[RowResult], seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % intervals of the shares, by resampling rows, since the frames of a row hang together."""
    if not rows:
        return {}
    pairs: Floats = np.array([list(_counts(row).values()) for row in rows])  # [rows, figures, 2]
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(rows), [1 / len(rows)] * len(rows), size=_RESAMPLES)
    sums = np.einsum("dr,rfc->dfc", draws, pairs)
    found: dict[str, tuple[float, float]] = {}
    for index, name in enumerate(FIGURES):
        right, total = sums[:, index, 0], sums[:, index, 1]
        if total.any():
            low, high = np.quantile(right[total > 0] / total[total > 0], (0.025, 0.975))
            found[name] = (float(low), float(high))
    return found


# --- parts -------------------------------------------------------------------------------------


def _by_type(claims: Iterable[Claim]) -> dict[str, dict[str, float | None]]:
    groups = _grouped((claim.type, claim) for claim in claims if claim.role is not Role.EXTRA)
    return {
        name: {"values": len(group), "exact": _share(_tally(claim.right for claim in group))}
        for name, group in groups
    }


def _by_length(rows: Iterable[RowResult]) -> dict[str, dict[str, float | None]]:
    names = [f"to {length}" for length in _LENGTHS] + [f"over {_LENGTHS[-1]}"]
    groups = dict(_grouped((names[int(np.searchsorted(_LENGTHS, row.events))], row) for row in rows))
    return {
        name: {"rows": len(groups[name])}
        | {key: _share(count) for key, count in counts(groups[name]).items()}
        for name in names
        if name in groups
    }


def _by_frame(rows: Iterable[RowResult], part: Callable[[Frame], str]) -> dict[str, dict[str, float | None]]:
    frames = [frame for row in rows for frame in row.frames]
    table: dict[str, dict[str, float | None]] = {}
    for name, group in _grouped((part(frame), frame) for frame in frames):
        found = _counts(RowResult("", Status.DONE, frames=tuple(group)))
        figures = ("frames_exact", "changed_exact", "next_line_exact")
        table[name] = {"frames": len(group)} | {figure: _share(found[figure]) for figure in figures}
    return table


def _grouped(pairs: Iterable[tuple[str, T]]) -> Iterator[tuple[str, list[T]]]:
    groups: dict[str, list[T]] = {}
    for name, one in pairs:
        groups.setdefault(name, []).append(one)
    return iter(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


# --- probabilities -----------------------------------------------------------------------------


def confidence(claims: Iterable[Claim]) -> Floats:
    """Probability and rightness ``[N, 2]`` of the values said, changes that did not happen among them."""
    pairs = [(claim.probability, claim.right) for claim in claims if claim.probability is not None]
    return np.array(pairs, np.float64).reshape(-1, 2)


def reliability(shown: Floats, bins: int = BINS) -> tuple[Bin, ...]:
    """``shown [N, 2]``, probability and rightness, in bins of equal mass from the least probable on."""
    ordered = shown[np.argsort(shown[:, 0], kind="stable")]
    return tuple(
        Bin(len(part), float(part[:, 0].mean()), float(part[:, 1].mean()))
        for part in np.array_split(ordered, bins)
        if len(part)
    )


def calibration_error(shown: Floats, bins: int = BINS) -> float | None:
    """Expected calibration error: how far probability and truth are apart, the mean over equal-mass bins."""
    if not len(shown):
        return None
    return sum(one.count * abs(one.probability - one.right) for one in reliability(shown, bins)) / len(shown)


def _ranked(claims: Iterable[Claim]) -> tuple[Floats, Floats, Floats]:
    """Of changed values, for each threshold from the highest on: it, the coverage and the precision.

    Coverage is the share of the observed changed values that are shown. A change that did not happen, shown,
    counts against precision.
    """
    concerned = [claim for claim in claims if claim.role is not Role.RESULT]
    changed = sum(claim.role is Role.CHANGED for claim in concerned)
    rows = [
        (claim.probability, claim.right, claim.role is Role.CHANGED)
        for claim in concerned
        if claim.probability is not None
    ]
    table = np.array(rows, np.float64).reshape(-1, 3)
    table = table[np.argsort(-table[:, 0], kind="stable")]
    shown = np.arange(1, len(table) + 1)
    # Equal probabilities are shown together.
    last = np.append(table[1:, 0] != table[:-1, 0], True)[: len(table)]
    covered = table[:, 2].cumsum() / max(1, changed)
    return table[last, 0], covered[last], (table[:, 1].cumsum() / shown)[last]


def coverage(claims: Sequence[Claim], precision: float = PRECISION) -> float | None:
    """The largest share of changed values that can be shown at ``precision``, the most probable first."""
    if not any(claim.role is Role.CHANGED for claim in claims):
        return None
    _, covered, precise = _ranked(claims)
    enough = covered[precise >= precision]
    return float(enough.max()) if len(enough) else 0.0


def risk_coverage(claims: Sequence[Claim], points: int = _CURVE_POINTS) -> tuple[Point, ...]:
    """The curve of what is right of the most probable changed values, at most ``points`` evenly spaced."""
    thresholds, covered, precise = _ranked(claims)
    if not len(covered):
        return ()
    wanted = np.searchsorted(covered, np.linspace(0, covered[-1], points + 1)[1:] - 1e-12)
    return tuple(
        Point(float(thresholds[at]), float(covered[at]), float(precise[at])) for at in np.unique(wanted)
    )
