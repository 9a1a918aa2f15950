"""A tiny model with random weights, which stands in for a trained one where only the machinery counts.

``python -m tests.backend.tiny`` writes the folder ``tiny`` anew; it needs the extra ``train``. The
folder is kept so that the quick suite can run the embedded backend without that extra.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cwm_lsp.backend import weights
from cwm_lsp.backend.weights import Manifest

Floats = npt.NDArray[np.float32]

FOLDER = Path(__file__).parent / "tiny"

LAYERS, HIDDEN, INTERMEDIATE, HEADS, KV_HEADS, HEAD_DIM = 2, 64, 96, 4, 2, 16
VOCABULARY, CONTEXT, THETA, EPSILON = 96, 640, 10_000.0, 1e-5


def parameters(vocabulary: int = VOCABULARY) -> dict[str, Floats]:
    """The parameters by the names of ``CwmForCausalLM``; the same on every machine."""
    random = np.random.default_rng(20)
    inner, cached = HEADS * HEAD_DIM, KV_HEADS * HEAD_DIM
    shapes = {"model.embed_tokens.weight": (vocabulary, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        shapes |= {
            f"{prefix}.self_attn.q_proj.weight": (inner, HIDDEN),
            f"{prefix}.self_attn.k_proj.weight": (cached, HIDDEN),
            f"{prefix}.self_attn.v_proj.weight": (cached, HIDDEN),
            f"{prefix}.self_attn.o_proj.weight": (HIDDEN, inner),
            f"{prefix}.mlp.gate_proj.weight": (INTERMEDIATE, HIDDEN),
            f"{prefix}.mlp.up_proj.weight": (INTERMEDIATE, HIDDEN),
            f"{prefix}.mlp.down_proj.weight": (HIDDEN, INTERMEDIATE),
            f"{prefix}.input_layernorm.weight": (HIDDEN,),
            f"{prefix}.post_attention_layernorm.weight": (HIDDEN,),
        }
    return {name: _values(random, shape) for name, shape in shapes.items()}


def rope() -> tuple[Floats, Floats]:
    """RoPE's cosines and sines [CONTEXT, HEAD_DIM / 2]."""
    frequencies = THETA ** (-np.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    angles = np.arange(CONTEXT)[:, None] * frequencies
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def build(folder: Path, bits: int = 8) -> None:
    """Write the model to ``folder``."""
    from cwm_lsp.learn.onnx_graph import DecoderGraph, Shape

    shape = Shape(LAYERS, HIDDEN, INTERMEDIATE, HEADS, KV_HEADS, HEAD_DIM, VOCABULARY, CONTEXT, EPSILON)
    graph = DecoderGraph(shape, parameters(), bits=bits, accuracy=4).build(*rope()).SerializeToString()
    digest = hashlib.sha256(graph).hexdigest()
    sizes = (CONTEXT, VOCABULARY, LAYERS, HEADS, KV_HEADS, HEAD_DIM, HIDDEN)
    weights.save(folder, Manifest("tiny", "compact", *sizes, THETA, bits, digest), graph)


def _values(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    if len(shape) == 1:
        return random.uniform(0.5, 1.5, shape).astype(np.float32)
    return random.normal(0, 0.25, shape).astype(np.float32)


if __name__ == "__main__":
    build(FOLDER)
