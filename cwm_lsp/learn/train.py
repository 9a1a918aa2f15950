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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.errors import ModelUnavailable
from cwm_lsp.learn.card import TRAINING
from cwm_lsp.learn.data import ExampleFeed, batches, pad
from cwm_lsp.learn.model import ModelShape, WorldModel
from cwm_lsp.learn.muon import Muon
from cwm_lsp.learn.precision import fast_type
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


@dataclass(slots=True)
class Progress:
    """How far a run is, kept in its checkpoint; ``stage_`` counts are those its present stage began with."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    stage_step: int = 0
    stage_tokens: int = 0
    stage_seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)


def train(
    shape: ModelShape, options: TrainOptions, report: Callable[[dict[str, float]], None] = lambda row: None
) -> WorldModel:
    """Train a model, or go on from the checkpoint in ``options.out``."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    ranks = Ranks.join()
    model = WorldModel(shape).to(ranks.device)
    optimizers = make_optimizers(model, options)
    progress = Progress()
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.exists():
        progress = _resume(checkpoint, model, optimizers)
    elif options.init is not None:
        progress = _begin(options, model, optimizers)
    seed = (options.seed + progress.step) * 257 + ranks.rank
    feed = ExampleFeed(seed, options.workers, options.real, options.exclude)
    try:
        _loop(model, optimizers, feed, options, progress, ranks, report)
    finally:
        feed.close()
    if ranks.first:
        save_checkpoint(checkpoint, model, optimizers, progress)
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
    base = [[float(group["lr"]) for group in optimizer.param_groups] for optimizer in optimizers]
    window: list[tuple[float, float]] = []
    mark = saved = time.monotonic()
    for group in batches(source, options.batch_tokens, 256, rng):
        share = _share(options, progress)
        if share >= 1:
            break
        factor = _rate(options, progress.step - progress.stage_step, share)
        for optimizer, rates in zip(optimizers, base, strict=True):
            for parameters, rate in zip(optimizer.param_groups, rates, strict=True):
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
            save_checkpoint(options.out / "checkpoint.pt", model, optimizers, progress, base)
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


def save_checkpoint(
    path: Path,
    model: WorldModel,
    optimizers: list[torch.optim.Optimizer],
    progress: Progress,
    base: list[list[float]] | None = None,
) -> None:
    """Write a checkpoint whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if base is not None:
        for optimizer, rates in zip(optimizers, base, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate
    state: dict[str, Any] = {
        "shape": model.shape.to_dict(),
        "vocabulary": v.SIZE,
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "progress": asdict(progress),
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
    (path.parent / "curve.json").write_text(json.dumps(progress.curve))


def _begin(options: TrainOptions, model: WorldModel, optimizers: list[torch.optim.Optimizer]) -> Progress:
    """A stage that goes on from ``options.init``, at the rates of ``options``."""
    assert options.init is not None
    if options.init.is_dir():
        progress = _from_weights(options.init, model)
    else:
        progress = _resume(options.init, model, optimizers)
    for optimizer, rate in zip(optimizers, (options.muon_rate, options.adam_rate), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
    progress.stage_step, progress.stage_tokens = progress.step, progress.tokens
    progress.stage_seconds = progress.seconds
    return progress


def _from_weights(folder: Path, model: WorldModel) -> Progress:
    """Weights that were exported, and how far they were trained where the folder says so."""
    restored = restore(folder)
    if restored.shape != model.shape:
        raise ModelUnavailable(
            f"The weights in {folder} are of {restored.shape}.", "Give the same sizes to begin from them."
        )
    model.load_state_dict(restored.state_dict())
    record = folder / TRAINING
    if not record.is_file():
        return Progress()
    said = json.loads(record.read_text(encoding="utf-8"))
    return Progress(said["steps"], said["tokens"], said["seconds"], curve=said["curve"])


def _resume(path: Path, model: WorldModel, optimizers: list[torch.optim.Optimizer]) -> Progress:
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    return Progress(**state["progress"])


def load_model(path: Path) -> WorldModel:
    """The model of a checkpoint, ready to be asked."""
    state = torch.load(path, weights_only=True, map_location="cpu")
    model = WorldModel(ModelShape(**state["shape"]))
    model.load_state_dict(state["model"])
    return model.eval()
