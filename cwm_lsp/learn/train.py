"""Training the embedded model: one command, on a CPU or on one or several GPUs.

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
from cwm_lsp.learn.data import ExampleFeed, batches, pad
from cwm_lsp.learn.model import ModelShape, WorldModel


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """A training run. It ends after ``tokens`` or ``seconds``, whichever is set (both: the first)."""

    out: Path
    tokens: int = 0
    seconds: float = 0.0
    batch_tokens: int = 3584
    muon_rate: float = 0.02
    adam_rate: float = 3e-3
    warmup_steps: int = 100
    decay_share: float = 0.4
    longest_start: int = 384
    longest: int = 1152
    seed: int = 0
    workers: int = 1
    threads: int = 1
    real: tuple[Path, ...] = ()
    exclude: tuple[Path, ...] = ()
    checkpoint_seconds: float = 300.0


@dataclass(slots=True)
class Progress:
    """How far a run is, kept in its checkpoint."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)


def train(
    shape: ModelShape, options: TrainOptions, report: Callable[[dict[str, float]], None] = lambda row: None
) -> WorldModel:
    """Train a model, or go on from the checkpoint in ``options.out``."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = WorldModel(shape).to(device)
    optimizers = _optimizers(model, options)
    progress = Progress()
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.exists():
        progress = _resume(checkpoint, model, optimizers)
    feed = ExampleFeed(options.seed + progress.step, options.workers, options.real, options.exclude)
    try:
        _loop(model, optimizers, feed, options, progress, device, report)
    finally:
        feed.close()
    save_checkpoint(checkpoint, model, optimizers, progress)
    return model


def _loop(
    model: WorldModel,
    optimizers: list[torch.optim.Optimizer],
    feed: ExampleFeed,
    options: TrainOptions,
    progress: Progress,
    device: torch.device,
    report: Callable[[dict[str, float]], None],
) -> None:
    rng = random.Random(options.seed + progress.step)
    source = (one for one in feed if len(one) <= _longest(options, _share(options, progress)))
    base = [[float(group["lr"]) for group in optimizer.param_groups] for optimizer in optimizers]
    window: list[tuple[float, float]] = []
    mark = saved = time.monotonic()
    for group in batches(source, options.batch_tokens, 256, rng):
        share = _share(options, progress)
        if share >= 1:
            break
        factor = _rate(options, progress.step, share)
        for optimizer, rates in zip(optimizers, base, strict=True):
            for parameters, rate in zip(optimizer.param_groups, rates, strict=True):
                parameters["lr"] = rate * factor
        ids, weights = (torch.from_numpy(array).to(device) for array in pad(group))
        window.append(update(model, optimizers, ids, weights))
        now = time.monotonic()
        progress.step += 1
        progress.tokens += sum(map(len, group))
        progress.seconds += now - mark
        mark = now
        if len(window) == 50:
            loss, accuracy = (sum(column) / len(window) for column in zip(*window, strict=True))
            row = {"step": progress.step, "tokens": progress.tokens, "seconds": progress.seconds}
            row |= {"loss": loss, "accuracy": accuracy, "rate": factor}
            progress.curve.append(row)
            report(row)
            window = []
        if now - saved > options.checkpoint_seconds:
            save_checkpoint(options.out / "checkpoint.pt", model, optimizers, progress, base)
            saved = now


def update(
    model: WorldModel, optimizers: list[torch.optim.Optimizer], ids: Tensor, weights: Tensor
) -> tuple[float, float]:
    """One update; the mean loss and the accuracy on the tokens that the model answers for."""
    targets, weights = ids[:, 1:], weights[:, 1:]
    chosen = weights > 0
    with torch.autocast(ids.device.type, torch.bfloat16):
        hidden = model(ids[:, :-1])
        logits = model.logits(hidden[chosen])
    wanted, weight = targets[chosen], weights[chosen]
    losses = F.cross_entropy(logits.float(), wanted, reduction="none")
    loss = (losses * weight).sum() / weight.sum()
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    with torch.no_grad():
        asked = weight >= 0.5
        right = (logits.argmax(-1) == wanted)[asked].float().mean()
        return float(losses[asked].mean()), float(right)


def _optimizers(model: WorldModel, options: TrainOptions) -> list[torch.optim.Optimizer]:
    matrices = [weight for layer in model.layers for weight in layer.parameters() if weight.dim() == 2]
    known = {id(weight) for weight in matrices}
    rest = [weight for weight in model.parameters() if id(weight) not in known]
    return [
        torch.optim.Muon(matrices, lr=options.muon_rate, weight_decay=0.01, momentum=0.95),
        torch.optim.AdamW(rest, lr=options.adam_rate, betas=(0.9, 0.97), weight_decay=0.0),
    ]


def _share(options: TrainOptions, progress: Progress) -> float:
    by_tokens = progress.tokens / options.tokens if options.tokens else 0.0
    by_time = progress.seconds / options.seconds if options.seconds else 0.0
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
