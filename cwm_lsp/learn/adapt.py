"""Fine-tuning the embedded model on one's own runs: locally, measured on unseen functions, undoable.

The shipped folder is all it takes: its 8-bit weights are multiplied out, trained on the user's runs mixed
with generated programs (so that nothing learnt is lost), and exported to a folder of the user's. What was
shipped is never touched; leaving the setting ``model`` empty goes back to it.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from cwm_lsp.backend import registry
from cwm_lsp.backend.weights import read_manifest
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.config import Settings
from cwm_lsp.errors import RunError
from cwm_lsp.learn.adapted import place
from cwm_lsp.learn.corpus.programs import generate
from cwm_lsp.learn.data import TRACE_LIMITS, Example, batches, example, pad
from cwm_lsp.learn.evaluate import evaluate_trace
from cwm_lsp.learn.metrics import Evaluation, summarise
from cwm_lsp.learn.model import WorldModel
from cwm_lsp.learn.own_runs import OwnRun, Split
from cwm_lsp.learn.sandbox import Sandbox
from cwm_lsp.learn.train import update
from cwm_lsp.learn.weights import publish, restore
from cwm_lsp.predict import Predictor
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise

Advance = Callable[[str, float, float], None]
"""Called with the stage, how much of it is done and how much there is."""

DECIDES = "frames_exact"
"""The figure that must rise on the held-out functions for the adapted weights to be kept."""

_POOL = 16


@dataclass(frozen=True, slots=True)
class AdaptOptions:
    """How to fine-tune: until ``seconds`` are over or each run was seen ``passes`` times.

    ``rate`` is AdamW's, falling linearly to 0. ``own_share`` of the examples are the user's own.
    ``general_runs`` generated ones measure what was known before.
    """

    seconds: float = 300.0
    passes: int = 20
    rate: float = 2e-4
    own_share: float = 0.5
    general_runs: int = 40
    batch_tokens: int = 4096
    threads: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Adapted:
    """What came of it: figures on the held-out functions and on generated programs, each before and after.

    ``folder`` holds the adapted weights, or is ``None`` where they were no better and nothing was kept.
    """

    folder: Path | None
    train_runs: int
    steps: int
    before: Evaluation
    after: Evaluation
    general_before: Evaluation
    general_after: Evaluation


async def adapt(
    runs: Split, shipped: Path, out: Path, options: AdaptOptions | None = None, advance: Advance | None = None
) -> Adapted:
    """Fine-tune the weights in ``shipped`` on ``runs.train``; where ``held_out`` gains, write ``out``.

    Raises ``ModelUnavailable`` for weights that cannot be trained on, ``UserError`` where ``out`` cannot be
    written.
    """
    options = options or AdaptOptions()
    tell = advance or (lambda stage, done, total: None)
    own = [(run.function, run.trace) for run in runs.held_out]
    with Sandbox(TRACE_LIMITS) as sandbox, tempfile.TemporaryDirectory() as made:
        generated = _generated(sandbox, random.Random(options.seed))
        general = [("generated", trace) for trace in islice(generated, options.general_runs)]
        before, general_before = await _figures(shipped, own, general, options, tell)
        model = restore(shipped)
        steps = _fine_tune(model, runs.train, generated, options, tell)
        folder, manifest = Path(made), read_manifest(shipped)
        name = f"{manifest.name}, adapted"
        publish(model, folder, name, calibration=manifest.calibration, bits=manifest.bits)
        after, general_after = await _figures(folder, own, general, options, tell)
        better = (after.figures[DECIDES] or 0.0) > (before.figures[DECIDES] or 0.0)
        if better:
            place(folder, out)
    return Adapted(
        out if better else None, len(runs.train), steps, before, after, general_before, general_after
    )


async def _figures(
    weights: Path,
    own: Sequence[tuple[str, Trace]],
    general: Sequence[tuple[str, Trace]],
    options: AdaptOptions,
    tell: Advance,
) -> tuple[Evaluation, Evaluation]:
    """The figures of the weights in a folder, real lines forced, on both sets of runs."""
    backend = registry.create("embedded", Settings(model=str(weights), threads=options.threads))
    predictor = Predictor(backend, CompactCodec())
    try:
        found = []
        for name, trace in (*own, *general):
            found.append(await evaluate_trace(name, trace, predictor))
            tell("Measuring", len(found), len(own) + len(general))
    finally:
        await backend.close()
    name = backend.info.model
    return summarise(name, found[: len(own)], 0.0), summarise(name, found[len(own) :], 0.0)


def _generated(sandbox: Sandbox, rng: random.Random) -> Iterator[Trace]:
    """Normalised runs of generated programs, without end."""
    while True:
        program = generate(rng)
        with contextlib.suppress(RunError):
            trace = sandbox.trace(program.source, program.call)
            if trace.cut is None and len(trace.events) > 1:
                yield normalise(trace)


def _fine_tune(
    model: WorldModel,
    runs: Sequence[OwnRun],
    generated: Iterator[Trace],
    options: AdaptOptions,
    tell: Advance,
) -> int:
    """Train ``model`` in place; the number of updates."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, betas=(0.9, 0.97), weight_decay=0.0)
    feed = _Feed(runs, generated, options)
    begin, steps = time.monotonic(), 0
    while True:
        spent = time.monotonic() - begin
        share = max(spent / options.seconds, feed.drawn / (options.passes * len(runs)))
        tell("Adapting", min(1.0, share), 1.0)
        if share >= 1:
            break
        ids, weights = (torch.from_numpy(array).to(device) for array in pad(next(feed.batches)))
        for parameters in optimizer.param_groups:
            parameters["lr"] = options.rate * (1 - share)
        update(model, [optimizer], ids, weights)
        steps += 1
    model.cpu().eval()
    return steps


class _Feed:
    """Examples of the user's runs and of generated ones, mixed; ``drawn`` counts the former."""

    def __init__(self, runs: Sequence[OwnRun], generated: Iterator[Trace], options: AdaptOptions) -> None:
        self.drawn = 0
        self._runs, self._generated, self._share = runs, generated, options.own_share
        self._rng = random.Random(options.seed)
        self.batches = batches(self._examples(), options.batch_tokens, _POOL, self._rng)

    def _examples(self) -> Iterator[Example]:
        while True:
            own = self._rng.random() < self._share
            self.drawn += own
            trace = self._rng.choice(self._runs).trace if own else next(self._generated)
            made = example(trace, self._rng)
            if made is not None:
                yield made
