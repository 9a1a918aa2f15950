"""Training the embedded model: one command, on a CPU or a GPU, or under ``torchrun`` on several.

Muon for the matrices of the layers, AdamW for embeddings and norms; warm-up, a constant rate, then a
linear decay over the last part. Progress is measured in tokens or in seconds, whichever limit is given, so
that a run of fixed length always ends decayed. Checkpoints are resumed where they stopped.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cwm_lsp.errors import Cancelled, ModelUnavailable
from cwm_lsp.learn.card import TRAINING
from cwm_lsp.learn.data import ExampleFeed, batches, pad
from cwm_lsp.learn.model import ModelShape, WorldModel
from cwm_lsp.learn.muon import Muon
from cwm_lsp.learn.precision import fast_type
from cwm_lsp.learn.progress import CHECKPOINT, Progress, read_checkpoint, save_checkpoint
from cwm_lsp.learn.ranks import Ranks
from cwm_lsp.learn.weights import restore

_ALONE = Ranks()
ADAM_SHARE = 0.15
"""AdamW's rate in those of Muon's that were found to go together."""


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """A training run. It ends after ``tokens`` or ``seconds``, whichever is set (both: the first).

    ``init`` is what to begin from where ``out`` has no checkpoint of its own: another run's checkpoint, its
    optimizers included, or a folder of weights.
    ``batch_tokens`` and ``workers`` are per process. ``compiled`` takes ``torch.compile``, which needs a
    C++ compiler and pays after a minute or two.
    """

    out: Path
    init: Path | None = None
    tokens: int = 0
    seconds: float = 0.0
    batch_tokens: int = 3584
    muon_rate: float = 0.02
    adam_rate: float = 0.02 * ADAM_SHARE
    warmup_steps: int = 100
    decay_share: float = 0.4
    longest_start: int = 384
    longest: int = 1152
    seed: int = 0
    workers: int = 1
    threads: int = 1
    compiled: bool = False
    real: tuple[Path, ...] = ()
    exclude: tuple[Path, ...] = ()
    checkpoint_seconds: float = 300.0


def train(
    shape: ModelShape, options: TrainOptions, report: Callable[[dict[str, float]], None] = lambda row: None
) -> WorldModel:
    """Train a model, or go on from the checkpoint in ``options.out``, which an interrupt leaves there too.

    Raises ``ModelUnavailable`` for what cannot be gone on from, ``UserError`` where ``options.out`` cannot be
    written, and ``Cancelled`` after an interrupt.
    """
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    ranks = Ranks.join()
    model = WorldModel(shape).to(ranks.device)
    optimizers = make_optimizers(model, options)
    progress = Progress()
    checkpoint = options.out / CHECKPOINT
    if checkpoint.exists():
        progress = _resume(checkpoint, model, optimizers)
    elif options.init is not None:
        progress = _begin(options, model, optimizers)
    if ranks.first:  # what cannot be written is known now, and not after the first minutes
        save_checkpoint(checkpoint, model, optimizers, progress)
    seed = (options.seed + progress.step) * 257 + ranks.rank
    feed = ExampleFeed(seed, options.workers, options.real, options.exclude)
    interrupted = False
    try:
        _loop(model, optimizers, feed, options, progress, ranks, report)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        feed.close()
    if ranks.first:
        save_checkpoint(checkpoint, model, optimizers, progress)
    if interrupted:
        raise Cancelled(
            f"Stopped after {progress.tokens:,} tokens.", f"The same command goes on from {checkpoint}."
        )
    ranks.leave()
    return model


def _loop(
    model: WorldModel,
    optimizers: list[torch.optim.Optimizer],
    feed: ExampleFeed,
    options: TrainOptions,
    progress: Progress,
    ranks: Ranks,
    report: Callable[[dict[str, float]], None],
) -> None:
    rng = random.Random((options.seed + progress.step) * 257 + ranks.rank)
    # Compiling in place leaves the names of the weights as they are.
    if options.compiled:
        model.compile(dynamic=True)
    source = (one for one in feed if len(one) <= _longest(options, _share(options, progress)))
    window: list[tuple[float, float]] = []
    mark = saved = time.monotonic()
    for group in batches(source, options.batch_tokens, 256, rng):
        share = _share(options, progress)
        if share >= 1:
            break
        factor = _rate(options, progress.step - progress.stage_step, share)
        for optimizer, rate in zip(optimizers, (options.muon_rate, options.adam_rate), strict=True):
            for parameters in optimizer.param_groups:
                parameters["lr"] = rate * factor
        ids, weights = (torch.from_numpy(array).to(ranks.device) for array in pad(group))
        window.append(update(model, optimizers, ids, weights, ranks))
        now = time.monotonic()
        tokens, seconds = ranks.agree(sum(map(len, group)), now - mark)
        mark = now
        progress.step += 1
        progress.tokens += int(tokens)
        progress.seconds += seconds / ranks.size
        if len(window) == 50:
            loss, accuracy = (sum(column) / len(window) for column in zip(*window, strict=True))
            row = {"step": progress.step, "tokens": progress.tokens, "seconds": progress.seconds}
            row |= {"loss": loss, "accuracy": accuracy, "rate": factor}
            progress.curve.append(row)
            if ranks.first:
                report(row)
            window = []
        if ranks.first and now - saved > options.checkpoint_seconds:
            save_checkpoint(options.out / CHECKPOINT, model, optimizers, progress)
            saved = now


def update(
    model: WorldModel,
    optimizers: list[torch.optim.Optimizer],
    ids: Tensor,
    weights: Tensor,
    ranks: Ranks = _ALONE,
) -> tuple[float, float]:
    """One update; the mean loss and the accuracy on the tokens that the model answers for."""
    targets, weights = ids[:, 1:], weights[:, 1:]
    chosen = weights > 0
    precision = fast_type(ids.device)
    with torch.autocast(ids.device.type, precision, enabled=precision is not torch.float32):
        hidden = model(ids[:, :-1])
        logits = model.logits(hidden[chosen])
    wanted, weight = targets[chosen], weights[chosen]
    losses = F.cross_entropy(logits.float(), wanted, reduction="none")
    loss = (losses * weight).sum() / weight.sum()
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    ranks.average(model.parameters())
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    with torch.no_grad():
        asked = weight >= 0.5
        right = (logits.argmax(-1) == wanted)[asked].float().mean()
        return float(losses[asked].mean()), float(right)


def make_optimizers(model: WorldModel, options: TrainOptions) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for the rest."""
    matrices = [weight for layer in model.layers for weight in layer.parameters() if weight.dim() == 2]
    known = {id(weight) for weight in matrices}
    rest = [weight for weight in model.parameters() if id(weight) not in known]
    return [
        Muon(matrices, lr=options.muon_rate, weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(rest, lr=options.adam_rate, betas=(0.9, 0.97), weight_decay=0.0),
    ]


def _share(options: TrainOptions, progress: Progress) -> float:
    by_tokens = (progress.tokens - progress.stage_tokens) / options.tokens if options.tokens else 0.0
    by_time = (progress.seconds - progress.stage_seconds) / options.seconds if options.seconds else 0.0
    return max(by_tokens, by_time)


def _rate(options: TrainOptions, step: int, share: float) -> float:
    """Factor of the learning rates."""
    decay = 1.0 if share < 1 - options.decay_share else max(0.02, (1 - share) / options.decay_share)
    return min(1.0, (step + 1) / options.warmup_steps) * decay


def _longest(options: TrainOptions, share: float) -> int:
    """The longest example to learn from: short ones first, all from the middle of the run on."""
    return math.ceil(options.longest_start + (options.longest - options.longest_start) * min(1.0, share * 2))


def _begin(options: TrainOptions, model: WorldModel, optimizers: list[torch.optim.Optimizer]) -> Progress:
    """A stage that goes on from ``options.init``."""
    assert options.init is not None
    if options.init.is_dir():
        progress = _from_weights(options.init, model)
    else:
        progress = _resume(options.init, model, optimizers)
    progress.stage_step, progress.stage_tokens = progress.step, progress.tokens
    progress.stage_seconds = progress.seconds
    return progress


def _from_weights(folder: Path, model: WorldModel) -> Progress:
    """Weights that were exported, and how far they were trained where the folder says so."""
    _take(folder, restore(folder), model)
    record = folder / TRAINING
    if not record.is_file():
        return Progress()
    said = json.loads(record.read_text(encoding="utf-8"))
    return Progress(said["steps"], said["tokens"], said["seconds"], curve=said["curve"])


def _resume(path: Path, model: WorldModel, optimizers: list[torch.optim.Optimizer]) -> Progress:
    """What the checkpoint ``path`` left, in ``model`` and ``optimizers``, and how far it had come."""
    found = read_checkpoint(path)
    _take(path, found.model, model)
    for optimizer, saved in zip(optimizers, found.optimizers, strict=True):
        optimizer.load_state_dict(dict(saved))
    return Progress(**found.progress)


def _take(source: Path, found: WorldModel, model: WorldModel) -> None:
    """Let ``model`` have the weights of ``found``. Raises ``ModelUnavailable`` where their sizes differ."""
    if found.shape != model.shape:
        sizes = ", ".join(f"{name} {size}" for name, size in found.shape.to_dict().items())
        raise ModelUnavailable(
            f"{source} holds a model of other sizes: {sizes}.", "Give the same ones, or another --out."
        )
    model.load_state_dict(found.state_dict())
