"""The model card, written from what was measured: no figure in it is typed by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cwm_lsp.backend.weights import MODEL, Manifest, read_manifest
from cwm_lsp.errors import SourceError
from cwm_lsp.learn.metrics import FIGURES
from cwm_lsp.learn.plots import line_plot

TRAINING = "training.json"
"""Beside the weights: how they were made (see :func:`training_facts`)."""

_EXTRA = {
    "ece": "expected calibration error per value said, 15 bins of equal mass",
    "coverage_at_95": "changed values that can be shown, the most probable first, with 95 % of them right",
}


def training_facts(
    *,
    shape: Mapping[str, int],
    parameters: int,
    progress: Mapping[str, Any],
    device: str,
    data: Sequence[str],
    curve_points: int = 40,
) -> dict[str, Any]:
    """What is stored in :data:`TRAINING`; ``progress`` is a checkpoint's, ``data`` a line for each source."""
    curve = list(progress["curve"])
    stride = max(1, -(-len(curve) // curve_points))
    return {
        "shape": dict(shape),
        "parameters": parameters,
        "steps": progress["step"],
        "tokens": progress["tokens"],
        "seconds": round(progress["seconds"], 1),
        "device": device,
        "data": list(data),
        "curve": [
            {key: round(value, 4) for key, value in row.items()} for row in curve[::-1][::stride][::-1]
        ],
    }


def card_plots(folder: Path, evaluations: Sequence[Path], stem: str) -> dict[str, str]:
    """The card's plots as SVG by file name, all of which begin with ``stem``.

    The curve of the training, and for each evaluation how probabilities held and what may be shown.
    Raises ``SourceError``.
    """
    curve = _object(folder / TRAINING)["curve"]
    lines = {
        "loss": [(row["tokens"] / 1e6, row["loss"]) for row in curve],
        "next token right": [(row["tokens"] / 1e6, row["accuracy"]) for row in curve],
    }
    plots = {f"{stem}-training.svg": line_plot("Training", "million tokens", "", lines)}
    for number, path in enumerate(evaluations, 1):
        found = _object(path)
        data, ideal = found["data"], ((0.0, 0.0), (1.0, 1.0))
        said = [(one["probability"], one["right"]) for one in found["reliability"]]
        kept = [(one["coverage"], one["precision"]) for one in found["risk_coverage"]]
        plots[f"{stem}-reliability-{number}.svg"] = line_plot(
            f"Reliability on {data}",
            "probability said",
            "share right",
            {"said": said, "ideal": ideal},
        )
        plots[f"{stem}-coverage-{number}.svg"] = line_plot(
            f"Risk and coverage on {data}",
            "share of changed values shown",
            "of them right",
            {"": kept},
        )
    return plots


def model_card(folder: Path, evaluations: Sequence[Path], stem: str = "model-card") -> str:
    """The card of the weights in ``folder`` as Markdown; ``evaluations`` are files that ``model eval`` wrote.

    It refers to the files of :func:`card_plots` with the same ``stem``.

    Raises ``ModelUnavailable`` or ``SourceError``.
    """
    manifest, training = read_manifest(folder), _object(folder / TRAINING)
    size = (folder / MODEL).stat().st_size
    measured = [_object(path) for path in evaluations]
    parts = [
        _head(manifest, training, size),
        _AID,
        _training(training, stem),
        _calibration(manifest.calibration),
    ]
    for number, found in enumerate(measured, 1):
        plots = (
            f"![How probabilities held]({stem}-reliability-{number}.svg)\n\n"
            f"![What may be shown at which precision]({stem}-coverage-{number}.svg)"
        )
        parts += [_figures(found, manifest), plots]
    return "\n\n".join([*parts, _LIMITS]) + "\n"


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise SourceError(f"{path} holds no JSON object.")
    return found


def _head(manifest: Manifest, training: Mapping[str, Any], size: int) -> str:
    return f"""# Model card: {manifest.name}

<!-- Written by `cwm-lsp model card`; change the measurements, not this file. -->

A decoder of the CWM architecture that predicts Python executions step by step, for the embedded backend of
cwm-lsp. It was trained from nothing on traces that this project recorded; no weights of others went into it.

| | |
|---|---|
| parameters | {training["parameters"]:,} |
| layers, width | {manifest.layers}, {manifest.hidden} |
| heads, key/value heads | {manifest.heads}, {manifest.kv_heads} |
| context, vocabulary | {manifest.context:,}, {manifest.vocabulary:,} tokens (`{manifest.codec}` format) |
| file | `{MODEL}`, {size / 1e6:.1f} MB, {manifest.bits}-bit weights |
| SHA-256, verified at every load | `{manifest.sha256}` |
| licence | Apache-2.0, like the code |"""


def _training(training: Mapping[str, Any], stem: str) -> str:
    sources = "\n".join(f"- {line}" for line in training["data"])
    rows = "\n".join(
        f"| {row['tokens'] / 1e6:.1f} | {row['seconds'] / 60:.0f} | {row['loss']:.3f} "
        f"| {_percent(row['accuracy'])} |"
        for row in training["curve"]
    )
    return f"""## Training

{training["tokens"] / 1e6:,.1f} million tokens in {training["steps"]:,} steps,
{training["seconds"] / 60:,.0f} minutes on {training["device"]}. The corpus:

{sources}

Evaluation sets are kept out of it by an exact and a near-duplicate check. Loss and accuracy are of the tokens
that the model answers for, on fresh training examples:

![Loss and accuracy by tokens]({stem}-training.svg)

| million tokens | minutes | loss | next token right |
|---|---|---|---|
{rows}"""


def _calibration(stored: Mapping[str, Any]) -> str:
    if "ece_after" not in stored:
        return "## Calibration\n\nNone is stored: probabilities are the model's own."
    points, fitted_on = len(stored["values"]["points"]), stored["fitted_on"]
    before, after = (f"{stored[name]:.3f}" for name in ("ece_before", "ece_after"))
    ways_before, ways_after = (f"{stored[f'flow_{name}']:.3f}" for name in ("ece_before", "ece_after"))
    return f"""## Calibration

A rising map of {points} points, moved by how the model did so far in the same run, fitted on
{stored["claims"]:,} values of {fitted_on}, which neither training nor the figures below use.
Expected calibration error there: {before} before, {after} after (cross-validated); of where the run goes,
{ways_before} and {ways_after}. Values under {stored["threshold"]:.2f} are withheld: the others,
{stored["shown"]:.0%} of all, were right in {stored["precision"]:.0%} of the cases."""


def _figures(found: Mapping[str, Any], manifest: Manifest) -> str:
    other = (
        "" if found.get("weights") == manifest.sha256 else "\n\n**Measured with other weights than these.**"
    )
    rows = "\n".join(
        f"| `{name}` | {_percent(found[name])} | {_interval(found, name)} "
        f"| {_percent(found['all_rows'].get(name))} | {meaning} |"
        for name, meaning in {**FIGURES, **_EXTRA}.items()
    )
    return f"""## {found["data"]}

{found["rows_evaluated"]:,} of {found["rows"]:,} rows evaluated ({_statuses(found["statuses"])}), on Python \
{found["python"]}:

```
{found["command"]}
```

| figure | evaluated rows | 95 % interval | all rows | share of |
|---|---|---|---|---|
{rows}

{_part(found["by_type"], "type of value", ("values", "exact"))}

{_part(found["by_length"], "events of the run", ("rows", "frames_exact", "changed_exact", "final_free"))}

{_part(found["by_depth"], "depth of the frame", ("frames", "frames_exact", "changed_exact"))}

{_reliability(found["reliability"])}{other}"""


def _statuses(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in statuses.items())


def _interval(found: Mapping[str, Any], name: str) -> str:
    interval = found["intervals"].get(name)
    return f"{_percent(interval[0])} to {_percent(interval[1])}" if interval else ""


def _part(table: Mapping[str, Mapping[str, Any]], head: str, columns: Sequence[str], most: int = 12) -> str:
    """The largest parts, in the order of the table."""
    count = columns[0]
    least = sorted((row[count] for row in table.values()), reverse=True)[:most][-1:] or [0]
    lines = [f"| {head} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, row in table.items():
        if row[count] >= least[0]:
            lines.append(
                f"| {name} | {row[count]} | {' | '.join(_percent(row[key]) for key in columns[1:])} |"
            )
    return "\n".join(lines)


def _reliability(bins: Sequence[Mapping[str, float]]) -> str:
    rows = "\n".join(
        f"| {one['count']:.0f} | {_percent(one['probability'])} | {_percent(one['right'])} |" for one in bins
    )
    return f"| values | mean probability said | right |\n|---|---|---|\n{rows}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


_AID = """## What is worked out for it

The format shows the model, at each line, the values of its operands and what can be worked out from the
state that it has described so far: what pure expressions come to, what statements make of names, containers
and attributes, what names share an object, what calls changed, which function is entered with what, and
which line follows a head that is decided. All of it is computed by builtins on literals, within bounds;
nothing of the user's is run. What the model answers for is what the state becomes and where the run goes.
Much of its accuracy is owed to this: figures of a command with `--unaided` are without that."""

_LIMITS = """## Limits

- It models small functions and methods over built-in types and one's own classes. Objects of libraries,
  input and output, threads, time and chance are outside of what it learnt; their values are opaque to it or
  guessed.
- Where nothing can be worked out it is weak: what iterators and generators that are kept give, what libraries
  return, hash orders, and what changed through a name that no statement shows. Without aid it is weak at
  exact arithmetic, the methods of strings and long values too.
- Of code with more than 160 lines or 96 different names in play it is shown, page by page, the part around
  where the run stands.
- Probabilities are calibrated on human-written functions. On code far from those they are too high.
- A prediction is never a measurement: cwm-lsp shows the two apart and withholds what is improbable."""
