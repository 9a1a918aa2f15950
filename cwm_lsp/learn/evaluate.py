"""Evaluating a model on runs: each is recorded in a sandbox, then asked for in the model's two ways.

A row that cannot be run, hangs or does not fit is counted and named, and never ends the evaluation.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context

from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.errors import ContextExceeded, CwmError, ModelUnavailable
from cwm_lsp.learn.judging import RowResult, Status, judged_row
from cwm_lsp.learn.metrics import Evaluation, summarise
from cwm_lsp.learn.rows import Row
from cwm_lsp.learn.sandbox import GRACE, ROW_LIMITS, Sandbox
from cwm_lsp.predict import Calibration, Prediction, Predictor
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.trace.model import EventKind, Trace
from cwm_lsp.trace.normalise import normalise

Advance = Callable[[int, int], None]
"""Called with the number of rows done and of all."""

MakePredictor = Callable[[], Predictor]
"""Makes the predictor, in the process that uses it."""


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """How far to go: ``free_events`` of a free run, 0 leaving it out; ``limits`` of a recording, which is
    ended from outside ``grace`` seconds later.
    """

    free_events: int = 400
    limits: Limits = ROW_LIMITS
    grace: float = GRACE


async def evaluate(
    rows: Sequence[Row],
    predictor: Predictor,
    options: EvaluateOptions | None = None,
    advance: Advance | None = None,
) -> Evaluation:
    """Figures of ``predictor`` on ``rows``. Raises ``BackendError`` when the model itself fails."""
    start = time.monotonic()
    results = await evaluate_rows(rows, predictor, options or EvaluateOptions(), advance)
    return summarise(predictor.backend.info.model, results, time.monotonic() - start)


async def evaluate_rows(
    rows: Sequence[Row], predictor: Predictor, options: EvaluateOptions, advance: Advance | None = None
) -> list[RowResult]:
    """The results of ``rows``, in their order."""
    results: list[RowResult] = []
    with Sandbox(options.limits, options.grace) as sandbox:
        for row in rows:
            results.append(await _evaluated(row, predictor, options, sandbox))
            if advance is not None:
                advance(len(results), len(rows))
    return results


async def _evaluated(row: Row, predictor: Predictor, options: EvaluateOptions, sandbox: Sandbox) -> RowResult:
    try:
        trace = await asyncio.to_thread(sandbox.trace, row.program.source, row.program.call)
    except CwmError as error:
        return RowResult(row.name, Status.FAILED, message=str(error))
    return await evaluate_trace(row.name, normalise(trace), predictor, options.free_events)


async def evaluate_trace(name: str, trace: Trace, predictor: Predictor, free_events: int = 0) -> RowResult:
    """The result of one normalised run, called ``name``. Raises ``BackendError`` when the model fails."""
    events = max(0, len(trace.events) - 1)
    if trace.cut is not None:
        return RowResult(name, Status.CUT, events, trace.cut.message)
    if not events or trace.events[0].kind is not EventKind.CALL:
        return RowResult(name, Status.EMPTY, events, "It showed no event after a call.")
    try:
        steps = await predictor.score(trace)
        free = await _free(trace, predictor, free_events)
    except ContextExceeded as error:
        return RowResult(name, Status.TOO_LONG, events, str(error))
    return judged_row(name, trace, steps, free)


async def _free(trace: Trace, predictor: Predictor, events: int) -> Prediction | None:
    if not events:
        return None
    return await predictor.run_ahead(replace(trace, events=trace.events[:1]), max_events=events)


def uncalibrated(predictor: Predictor) -> Predictor:
    """The same predictor saying the model's own probabilities."""
    return replace(predictor, calibration=Calibration())


def unaided(predictor: Predictor) -> Predictor:
    """The same predictor with nothing worked out for the model.

    Raises ``ModelUnavailable`` for a format in which nothing is.
    """
    if not isinstance(predictor.codec, CompactCodec):
        raise ModelUnavailable(
            f"Nothing is worked out for {predictor.backend.info.model}.", "Leave --unaided out."
        )
    return replace(predictor, codec=CompactCodec(aided=False))


# --- a model of one's own ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model ``info`` made of rows, in their order."""

    info: BackendInfo
    results: Sequence[RowResult]


async def answers(
    rows: Sequence[Row], make: MakePredictor, options: EvaluateOptions, advance: Advance | None = None
) -> Answers:
    """The results of ``rows`` from a predictor that is made for them and closed."""
    predictor = make()
    try:
        return Answers(predictor.backend.info, await evaluate_rows(rows, predictor, options, advance))
    finally:
        await predictor.backend.close()


def answers_in_parallel(
    rows: Sequence[Row],
    make: MakePredictor,
    options: EvaluateOptions,
    jobs: int,
    advance: Advance | None = None,
) -> Answers:
    """Like :func:`answers`, each of ``jobs`` processes with its own predictor; ``make`` is picklable."""
    shards = [rows[index :: jobs * 4] for index in range(min(len(rows), jobs * 4))]
    found: dict[int, Answers] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        submitted = {pool.submit(_answers, shard, make, options): index for index, shard in enumerate(shards)}
        for future in as_completed(submitted):
            found[submitted[future]] = future.result()
            if advance is not None:
                advance(sum(len(part.results) for part in found.values()), len(rows))
    results = [found[index % len(shards)].results[index // len(shards)] for index in range(len(rows))]
    return Answers(found[0].info, results)


def _answers(rows: Sequence[Row], make: MakePredictor, options: EvaluateOptions) -> Answers:
    return asyncio.run(answers(rows, make, options))
