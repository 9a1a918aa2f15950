"""How far a training run is, and the checkpoint that it goes on from."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.errors import ModelUnavailable, UserError
from cwm_lsp.learn.model import ModelShape, WorldModel

CHECKPOINT = "checkpoint.pt"
"""The name of the file in the folder of a run."""

_CURVE = "curve.json"


@dataclass(slots=True)
class Progress:
    """How far a run is, kept in its checkpoint; ``stage_`` counts are those its present stage began with.

    ``curve`` has a row for every 50 updates: ``step``, ``tokens``, ``seconds``, ``loss`` in nats and
    ``accuracy`` on the tokens that the model answers for, and ``rate``, the factor of the learning rates.
    """

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    stage_step: int = 0
    stage_tokens: int = 0
    stage_seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model in training; ``progress`` is :class:`Progress` as plain data, ``digest`` the file's SHA-256."""

    model: WorldModel
    optimizers: Sequence[Mapping[str, Any]]
    progress: Mapping[str, Any]
    digest: str


def save_checkpoint(
    path: Path, model: WorldModel, optimizers: Sequence[torch.optim.Optimizer], progress: Progress
) -> None:
    """Write a checkpoint whole or not at all, and the curve beside it. Raises ``UserError``."""
    state: dict[str, Any] = {
        "shape": model.shape.to_dict(),
        "vocabulary": v.SIZE,
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "progress": asdict(progress),
    }
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.save(state, partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        path.with_name(_CURVE).write_text(json.dumps(progress.curve), encoding="utf-8")
    except (OSError, RuntimeError) as error:  # torch says the one or the other of a disk that is full
        raise UserError(f"The checkpoint {path} cannot be written: {error}.") from error


def read_checkpoint(path: Path) -> Checkpoint:
    """What is in the training checkpoint ``path``. Raises ``ModelUnavailable`` where it is none."""
    try:
        data = path.read_bytes()
        state = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
        model = WorldModel(ModelShape(**state["shape"]))
        model.load_state_dict(state["model"])
        digest = hashlib.sha256(data).hexdigest()
        return Checkpoint(model.eval(), state["optimizers"], state["progress"], digest)
    except (OSError, EOFError, RuntimeError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise ModelUnavailable(f"{path} is no checkpoint of `cwm-lsp model train`: {error}.") from error
