"""A decoder of CWM's shape as an ONNX graph, written node by node.

The graph is what the embedded backend runs. It uses onnxruntime's fused operators (domain
``com.microsoft``), because they are what makes one CPU thread fast enough:

- ``GroupQueryAttention`` applies RoPE and reads and writes one preallocated key/value buffer in
  place when the same memory is bound as past and present, so a step costs no concatenation;
- ``MatMulNBits`` multiplies with 8-bit weights, ``GatherBlockQuantized`` looks embeddings up in
  the very tensor that the tied head multiplies with.

Inputs: ``ids`` int64 [B, T]; ``seqlens`` int32 [B], tokens held after this call, less one;
``total`` int32 [], the largest number of tokens held after this call; ``rows`` int64 [R], which of the
T positions need logits; ``past_key_i`` and ``past_value_i`` float32 [B, K, C, D] with capacity C.
Outputs: ``logits`` float32 [B, R, V]; ``present_key_i`` and ``present_value_i`` like the past ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Floats = npt.NDArray[np.float32]

BLOCK = 32
"""Weights that share one scale, along the input dimension."""

OPSET = 21
IR_VERSION = 10

_CONTRIB = "com.microsoft"
_MIDDLE = 128  # what both operators subtract from 8-bit weights that come without zero points


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a decoder; ``heads`` are query heads, ``kv_heads`` those that are cached."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    context: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Blocks:
    """8-bit weights [N, K / BLOCK, BLOCK] and their scales [N, K / BLOCK]."""

    data: npt.NDArray[np.uint8]
    scales: Floats


def quantise(weight: Floats) -> Blocks:
    """``weight`` [N, K] to 8 bits, symmetric, each block of K scaled by its largest magnitude."""
    outputs, inputs = weight.shape
    blocks = weight.reshape(outputs, inputs // BLOCK, BLOCK)
    scales = (np.abs(blocks).max(axis=2) / 127).astype(np.float32)
    steps = np.divide(blocks, scales[:, :, None], out=np.zeros_like(blocks), where=scales[:, :, None] > 0)
    data = (np.rint(steps) + _MIDDLE).clip(0, 255).astype(np.uint8)
    return Blocks(data, scales)


class DecoderGraph:
    """Builds one model. ``weights`` maps the parameter names of ``CwmForCausalLM`` to arrays.

    ``bits`` is 8 or 32. ``accuracy`` is ``MatMulNBits``'s level: 4 multiplies with activations
    rounded to 8 bits, 1 keeps them in float32.
    """

    def __init__(self, shape: Shape, weights: Mapping[str, Floats], *, bits: int, accuracy: int) -> None:
        self._shape = shape
        self._weights = weights
        self._bits = bits
        self._accuracy = accuracy
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._blocks: dict[str, Blocks] = {}

    def build(self, cosine: Floats, sine: Floats) -> onnx.ModelProto:
        """The whole model. ``cosine`` and ``sine`` are RoPE's tables [context, head_dim / 2]."""
        self._constant("rope.cosine", cosine)
        self._constant("rope.sine", sine)
        residual = self._embed()
        pending = ""
        for layer in range(self._shape.layers):
            residual, pending = self._layer(layer, residual, pending)
        self._head(residual, pending)
        graph = helper.make_graph(
            self._nodes, "decoder", self._inputs(), self._outputs(), list(self._constants.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="cwm-lsp")

    # Pieces of the decoder. ``residual`` is the stream, ``pending`` a branch not yet added to it:
    # the addition and the norm after it are one operator.

    def _embed(self) -> str:
        name = "model.embed_tokens.weight"
        if self._bits == 32:
            return self._node("Gather", [self._constant(name, self._weights[name]), "ids"], "embedded")
        self._quantised(name)
        flat = self._constant("embedding.shape", np.array([self._shape.vocabulary, -1], np.int64))
        table = self._node("Reshape", [f"{name}.data", flat], "embedding.table")
        inputs = [table, "ids", f"{name}.scales"]
        settings = {"bits": 8, "block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
        return self._node("GatherBlockQuantized", inputs, "embedded", **settings)

    def _layer(self, index: int, residual: str, pending: str) -> tuple[str, str]:
        prefix = f"model.layers.{index}"
        normed, residual = self._norm(f"{prefix}.input_layernorm.weight", residual, pending)
        attended = self._attention(index, f"{prefix}.self_attn", normed)
        normed, residual = self._norm(f"{prefix}.post_attention_layernorm.weight", residual, attended)
        return residual, self._gated(f"{prefix}.mlp", normed)

    def _attention(self, index: int, prefix: str, normed: str) -> str:
        packed = self._linear([f"{prefix}.{part}_proj.weight" for part in "qkv"], normed, f"{prefix}.qkv")
        cache = [f"past_key_{index}", f"past_value_{index}"]
        inputs = [packed, "", "", *cache, "seqlens", "total", "rope.cosine", "rope.sine"]
        outputs = [f"{prefix}.mixed", f"present_key_{index}", f"present_value_{index}"]
        self._nodes.append(
            helper.make_node(
                "GroupQueryAttention",
                inputs,
                outputs,
                domain=_CONTRIB,
                num_heads=self._shape.heads,
                kv_num_heads=self._shape.kv_heads,
                do_rotary=1,
            )
        )
        return self._linear([f"{prefix}.o_proj.weight"], outputs[0], f"{prefix}.out")

    def _gated(self, prefix: str, normed: str) -> str:
        gate = self._linear([f"{prefix}.gate_proj.weight"], normed, f"{prefix}.gate")
        up = self._linear([f"{prefix}.up_proj.weight"], normed, f"{prefix}.up")
        silu = self._node("QuickGelu", [gate], f"{prefix}.silu", alpha=1.0)
        product = self._node("Mul", [silu, up], f"{prefix}.product")
        return self._linear([f"{prefix}.down_proj.weight"], product, f"{prefix}.down")

    def _head(self, residual: str, pending: str) -> None:
        normed, _ = self._norm("model.norm.weight", residual, pending)
        wanted = self._node("Gather", [normed, "rows"], "wanted", axis=1)
        tied = "lm_head.weight" not in self._weights
        self._linear(["model.embed_tokens.weight" if tied else "lm_head.weight"], wanted, "logits")

    # Operators.

    def _norm(self, weight: str, residual: str, pending: str) -> tuple[str, str]:
        scale = self._constant(weight, self._weights[weight])
        if not pending:
            inputs, output = [residual, scale], f"{weight}.normed"
            self._node("SimplifiedLayerNormalization", inputs, output, axis=-1, epsilon=self._shape.epsilon)
            return output, residual
        outputs = [f"{weight}.normed", "", "", f"{weight}.sum"]
        self._nodes.append(
            helper.make_node(
                "SkipSimplifiedLayerNormalization",
                [residual, pending, scale],
                outputs,
                domain=_CONTRIB,
                epsilon=self._shape.epsilon,
            )
        )
        return outputs[0], outputs[3]

    def _linear(self, names: list[str], source: str, output: str) -> str:
        """``source`` times the weights of ``names``, stacked, without a bias."""
        name = names[0] if len(names) == 1 else "+".join(names)
        if self._bits == 32:
            weight = self._constant(f"{name}.transposed", np.ascontiguousarray(self._stacked(names).T))
            return self._node("MatMul", [source, weight], output)
        blocks = self._quantised(name, names)
        outputs, inputs = blocks.data.shape[0], blocks.data.shape[1] * BLOCK
        settings = {
            "N": outputs,
            "K": inputs,
            "bits": 8,
            "block_size": BLOCK,
            "accuracy_level": self._accuracy,
        }
        return self._node("MatMulNBits", [source, f"{name}.data", f"{name}.scales"], output, **settings)

    def _quantised(self, name: str, parts: list[str] | None = None) -> Blocks:
        if name not in self._blocks:
            blocks = self._blocks[name] = quantise(self._stacked(parts or [name]))
            self._constant(f"{name}.data", blocks.data)
            self._constant(f"{name}.scales", blocks.scales)
        return self._blocks[name]

    def _stacked(self, names: list[str]) -> Floats:
        return np.concatenate([self._weights[name] for name in names])

    def _constant(self, name: str, array: npt.NDArray[Any]) -> str:
        self._constants[name] = numpy_helper.from_array(array, name)
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **settings: Any) -> str:
        domain = _CONTRIB if kind in ("GatherBlockQuantized", "MatMulNBits", "QuickGelu") else ""
        self._nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **settings))
        return output

    # The signature.

    def _inputs(self) -> list[onnx.ValueInfoProto]:
        info = helper.make_tensor_value_info
        return [
            info("ids", TensorProto.INT64, ["B", "T"]),
            info("seqlens", TensorProto.INT32, ["B"]),
            info("total", TensorProto.INT32, []),
            info("rows", TensorProto.INT64, ["R"]),
            *self._cache("past"),
        ]

    def _outputs(self) -> list[onnx.ValueInfoProto]:
        shape: list[str | int | None] = ["B", "R", self._shape.vocabulary]
        return [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape), *self._cache("present")]

    def _cache(self, when: str) -> list[onnx.ValueInfoProto]:
        shape: list[str | int | None] = ["B", self._shape.kv_heads, "C", self._shape.head_dim]
        return [
            helper.make_tensor_value_info(f"{when}_{part}_{layer}", TensorProto.FLOAT, shape)
            for layer in range(self._shape.layers)
            for part in ("key", "value")
        ]
