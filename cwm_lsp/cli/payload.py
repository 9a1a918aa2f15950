"""The objects that ``--json`` prints. Keys are a promise: ``docs/cli.md`` documents them, a test compares.

Observed values are texts; predicted ones are objects with a probability, so that the two cannot be mixed up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cwm_lsp.align.model import Comparison, Divergence, Tally
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.features.results import Predicted
from cwm_lsp.trace.json import VERSION, summary
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.predicted import Guess, PredictedStep


def recorded(trace: Trace) -> dict[str, Any]:
    """``record --json``: the run."""
    return summary(trace)


def predicted(made: Predicted, model: BackendInfo) -> dict[str, Any]:
    """``predict --json``: what the model expects of a run that did not take place."""
    head = summary(made.start)
    return {
        "version": VERSION,
        "file": head["file"],
        "files": head["files"],
        "entry": head["entry"],
        "given": head["events"],
        "predicted": _steps(made.steps, len(made.start.events)),
        "finished": made.finished,
        "problems": [asdict(problem) for problem in made.problems],
        "threshold": made.threshold,
        "model": _model(model),
    }


def compared(
    comparison: Comparison, steps: Sequence[PredictedStep | None], model: BackendInfo
) -> dict[str, Any]:
    """``compare --json``: the run, its prediction and where they part.

    ``predicted[k]["step"]`` and ``divergence["step"]`` index ``observed``; events that the model was not
    asked about have no entry in ``predicted``.
    """
    head = summary(comparison.trace)
    return {
        "version": VERSION,
        "file": head["file"],
        "files": head["files"],
        "entry": head["entry"],
        "python": head["python"],
        "recorder": head["recorder"],
        "seconds": head["seconds"],
        "cut": head["cut"],
        "output": head["output"],
        "observed": head["events"],
        "predicted": _steps(steps, 1),
        "divergence": _divergence(comparison.divergence),
        "agreement": {"values": _tally(comparison.values), "flow": _tally(comparison.flow)},
        "threshold": comparison.threshold,
        "model": _model(model),
    }


def _steps(steps: Sequence[PredictedStep | None], first: int) -> list[dict[str, Any]]:
    return [_step(step, index) for index, step in enumerate(steps, first) if step is not None]


def _step(step: PredictedStep, index: int) -> dict[str, Any]:
    return {
        "step": index,
        "event": str(step.kind),
        "line": step.line,
        "function": step.function,
        "depth": step.depth,
        "frame": step.frame,
        "probability": step.probability,
        "changed": _guesses(step.changed),
        "removed": list(step.removed),
        "value": _guess(step.value) if step.value is not None else None,
    }


def _guesses(guesses: Mapping[str, Guess]) -> dict[str, Any]:
    return {name: _guess(guess) for name, guess in guesses.items()}


def _guess(guess: Guess) -> dict[str, Any]:
    return {"text": guess.text, "probability": guess.probability}


def _divergence(divergence: Divergence | None) -> dict[str, Any] | None:
    if divergence is None:
        return None
    return {
        "step": divergence.step,
        "line": divergence.line,
        "kind": str(divergence.kind),
        "name": divergence.name,
        "observed": divergence.observed,
        "predicted": divergence.predicted,
        "probability": divergence.probability,
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {"right": tally.right, "total": tally.total, "withheld": tally.withheld, "share": tally.share}


def _model(info: BackendInfo) -> dict[str, Any]:
    return {
        "backend": info.name,
        "name": info.model,
        "codec": info.codec,
        "context": info.context,
        "device": info.device,
        "digest": info.digest,
    }
