"""From a trained model to the folder that the embedded backend runs, and back to one that can be trained on.

Reading back multiplies the 8-bit weights out, so the model computes what the shipped one computes, up to the
rounding of activations; nothing but the shipped folder is needed to go on from it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from cwm_lsp.backend.weights import Manifest, load
from cwm_lsp.errors import ModelUnavailable
from cwm_lsp.learn.model import ROPE_THETA, ModelShape, WorldModel, to_cwm

_MIDDLE = 128  # what the exporter adds to make 8-bit weights unsigned
_EMBEDDING = "model.embed_tokens.weight"


def publish(
    model: WorldModel, folder: Path, name: str, *, calibration: Mapping[str, Any] | None = None, bits: int = 8
) -> Manifest:
    """Write ``model`` as the weights ``folder`` under ``name``; ``bits`` is 8 or 32."""
    # Training and going on from weights need no transformers, which takes longer to import than torch.
    from transformers.utils import logging as transformers_logging

    from cwm_lsp.learn.export import export_weights

    transformers_logging.disable_progress_bar()  # bars over a model of some megabytes say nothing
    with tempfile.TemporaryDirectory() as pretrained:
        to_cwm(model).save_pretrained(pretrained)
        return export_weights(Path(pretrained), folder, name=name, calibration=calibration, bits=bits)


def restore(folder: Path) -> WorldModel:
    """The model in ``folder``. Raises ``ModelUnavailable`` where it cannot be read or is of another kind."""
    loaded = load(folder)
    graph = onnx.load_model_from_string(loaded.model).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    manifest = loaded.manifest
    if manifest.rope_theta != ROPE_THETA or manifest.head_dim * manifest.heads != manifest.hidden:
        raise ModelUnavailable(f"{folder} is not a model that `cwm-lsp model train` made.")
    try:
        state = _state(arrays, manifest.layers)
    except KeyError as error:
        raise ModelUnavailable(f"{folder} has no weights {error}.") from error
    model = WorldModel(_shape(manifest, state))
    model.load_state_dict(state)
    return model


def _shape(manifest: Manifest, state: Mapping[str, Tensor]) -> ModelShape:
    return ModelShape(
        vocabulary=manifest.vocabulary,
        hidden=manifest.hidden,
        layers=manifest.layers,
        heads=manifest.heads,
        kv_heads=manifest.kv_heads,
        inner=state["layers.0.down.weight"].shape[1],
        context=manifest.context,
    )


def _state(arrays: Mapping[str, npt.NDArray[Any]], layers: int) -> dict[str, Tensor]:
    """The parameters of a :class:`WorldModel` by name."""
    state = {
        "embedding.weight": _weight(arrays, _EMBEDDING),
        "norm.weight": _plain(arrays, "model.norm.weight"),
    }
    for index in range(layers):
        ours, theirs = f"layers.{index}", f"model.layers.{index}"
        qkv = "+".join(f"{theirs}.self_attn.{part}_proj.weight" for part in "qkv")
        gate, up = (_weight(arrays, f"{theirs}.mlp.{part}_proj.weight") for part in ("gate", "up"))
        state |= {
            f"{ours}.norm_in.weight": _plain(arrays, f"{theirs}.input_layernorm.weight"),
            f"{ours}.norm_mid.weight": _plain(arrays, f"{theirs}.post_attention_layernorm.weight"),
            f"{ours}.attention.qkv.weight": _weight(arrays, qkv),
            f"{ours}.attention.out.weight": _weight(arrays, f"{theirs}.self_attn.o_proj.weight"),
            f"{ours}.gate_up.weight": torch.cat([gate, up]),
            f"{ours}.down.weight": _weight(arrays, f"{theirs}.mlp.down_proj.weight"),
        }
    return state


def _plain(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Tensor:
    return torch.from_numpy(np.array(arrays[name], np.float32))


def _weight(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Tensor:
    """A matrix [N, K], from 8-bit blocks [N, K / block, block] with their scales, or as it stands."""
    if f"{name}.transposed" in arrays:
        return _plain(arrays, f"{name}.transposed").T.contiguous()
    if f"{name}.data" not in arrays:
        return _plain(arrays, name)
    data, scales = arrays[f"{name}.data"].astype(np.float32), arrays[f"{name}.scales"]
    return torch.from_numpy(((data - _MIDDLE) * scales[:, :, None]).reshape(len(data), -1).astype(np.float32))
