"""A trained checkpoint to the folder of weights that the embedded backend runs.

Needs the extra ``train``; what it writes needs onnxruntime alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import transformers
from transformers import CwmConfig, CwmForCausalLM

import cwm_lsp
from cwm_lsp.backend import weights
from cwm_lsp.backend.protocol import Backend
from cwm_lsp.backend.weights import Manifest
from cwm_lsp.errors import ModelUnavailable
from cwm_lsp.learn.onnx_graph import BLOCK, DecoderGraph, Floats, Shape

INT8_ACTIVATIONS = 4
"""The accuracy level at which onnxruntime has fast 8-bit kernels on CPUs: thirty times level 1's decoding."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far exported weights are from the model they came from, over ``tokens`` scored tokens.

    ``best`` is the share of places where both name the same most likely token; ``probability_mean`` and
    ``probability_max`` are of the absolute difference in the probability of the given token.
    """

    tokens: int
    best: float
    probability_mean: float
    probability_max: float


def export_weights(
    checkpoint: Path,
    out: Path,
    *,
    codec: str = "compact",
    calibration: Mapping[str, Any] | None = None,
    name: str = "",
    bits: int = 8,
) -> Manifest:
    """Write ``model.onnx`` and ``model.json`` of the ``save_pretrained`` folder ``checkpoint`` to ``out``.

    ``bits`` is 8 or 32. Raises ``ModelUnavailable`` for a model that the graph cannot express.
    """
    model = CwmForCausalLM.from_pretrained(checkpoint, dtype=torch.float32, local_files_only=True)
    config = model.config
    _check(config, bits)
    graph = _graph(model, bits).SerializeToString()
    manifest = Manifest(
        name=name or checkpoint.name,
        codec=codec,
        context=config.max_position_embeddings,
        vocabulary=config.vocab_size,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_dim=config.head_dim,
        hidden=config.hidden_size,
        rope_theta=float(_parameters(config)["rope_theta"]),
        bits=bits,
        sha256=hashlib.sha256(graph).hexdigest(),
        calibration=dict(calibration or {}),
        provenance={
            "cwm-lsp": cwm_lsp.__version__,
            "onnx": onnx.__version__,
            "torch": str(torch.__version__),
            "transformers": transformers.__version__,
        },
    )
    weights.save(out, manifest, graph)
    return manifest


async def agreement(model: CwmForCausalLM, backend: Backend, sequences: Sequence[Sequence[int]]) -> Agreement:
    """Compare ``backend`` with ``model``, in torch, on ``sequences`` of at least two tokens each."""
    same: list[np.ndarray[Any, np.dtype[np.bool_]]] = []
    apart: list[Floats] = []
    for sequence in sequences:
        prefix = await backend.open()
        scores = await prefix.extend(sequence)
        await prefix.close()
        with torch.no_grad():
            ids = torch.tensor([sequence])
            logprob = model(ids).logits[0, :-1].float().log_softmax(-1)
        given = logprob.gather(1, ids[0, 1:, None])[:, 0].numpy()
        same.append(scores.best[1:] == logprob.argmax(-1).numpy())
        apart.append(np.abs(np.exp(scores.logprob[1:]) - np.exp(given)))
    differences = np.concatenate(apart)
    return Agreement(
        tokens=len(differences),
        best=float(np.concatenate(same).mean()),
        probability_mean=float(differences.mean()),
        probability_max=float(differences.max()),
    )


def _graph(model: CwmForCausalLM, bits: int) -> onnx.ModelProto:
    config = model.config
    shape = Shape(
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_dim=config.head_dim,
        vocabulary=config.vocab_size,
        context=config.max_position_embeddings,
        epsilon=config.rms_norm_eps,
    )
    # Tied parameters are named once, so a tied head is the absence of one.
    arrays = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    cosine, sine = _rope(model, shape)
    return DecoderGraph(shape, arrays, bits=bits, accuracy=INT8_ACTIVATIONS).build(cosine, sine)


def _rope(model: CwmForCausalLM, shape: Shape) -> tuple[Floats, Floats]:
    """The model's own tables [context, head_dim / 2]; the second half of its angles repeats the first."""
    positions = torch.arange(shape.context)[None]
    with torch.no_grad():
        tables = model.model.rotary_emb(torch.zeros(1), positions)
    half = shape.head_dim // 2
    cosine, sine = (np.ascontiguousarray(table[0, :, :half].numpy()) for table in tables)
    return cosine, sine


def _parameters(config: CwmConfig) -> Mapping[str, Any]:
    """RoPE's parameters, which a loaded configuration always has."""
    assert config.rope_parameters is not None
    return config.rope_parameters


def _check(config: CwmConfig, bits: int) -> None:
    """Refuse what the graph would silently compute differently."""
    rope = _parameters(config)["rope_type"]
    windowed = "sliding_attention" in (config.layer_types or ())
    inner = config.num_attention_heads * config.head_dim
    refusals = {
        f"bits is {bits}, not 8 or 32": bits not in (8, 32),
        f"its activation is {config.hidden_act}, not silu": config.hidden_act != "silu",
        "its MLP has biases": config.mlp_bias,
        f"its RoPE is {rope}": rope not in ("default", "linear", "llama3"),
        f"its head_dim {config.head_dim} is no multiple of 16": config.head_dim % 16 != 0,
        f"a window of {config.sliding_window} is shorter than its context": (
            windowed and config.sliding_window < config.max_position_embeddings
        ),
        f"a size is no multiple of {BLOCK}": (
            bits == 8 and any(size % BLOCK for size in (config.hidden_size, config.intermediate_size, inner))
        ),
    }
    reasons = [reason for reason, holds in refusals.items() if holds]
    if reasons:
        raise ModelUnavailable(f"The model cannot be exported: {'; '.join(reasons)}.")
