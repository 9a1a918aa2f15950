"""The embedded model: a small decoder of the CWM architecture, written plainly for training.

RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings: exactly what transformers'
``CwmForCausalLM`` computes when all its layers attend in full, to which :func:`to_cwm` converts.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cwm_lsp.errors import SettingsError

ROPE_THETA = 10_000.0
EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes of a model. ``hidden`` is ``heads * head_dim``; ``context`` counts tokens."""

    vocabulary: int
    hidden: int = 192
    layers: int = 5
    heads: int = 3
    kv_heads: int = 1
    inner: int = 512
    context: int = 4096

    def __post_init__(self) -> None:
        """Raise ``SettingsError`` for sizes that do not go together."""
        sizes = self.to_dict()
        wrong = [f"{name} is {size}" for name, size in sizes.items() if size < 1]
        if not wrong:
            rules = {
                f"hidden {self.hidden} is not {self.heads} heads of an even width": self.hidden
                % (2 * self.heads),
                f"heads {self.heads} are not shared by {self.kv_heads} kv-heads": self.heads % self.kv_heads,
            }
            wrong = [rule for rule, broken in rules.items() if broken]
        if wrong:
            raise SettingsError(f"There is no model of these sizes: {'; '.join(wrong)}.")

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden // self.heads

    def to_dict(self) -> dict[str, int]:
        """As plain JSON."""
        return asdict(self)


def rotary(length: int, width: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines ``[length, width / 2]`` of rotary positions."""
    frequencies = ROPE_THETA ** (-torch.arange(0, width, 2).float() / width)
    angles = torch.outer(torch.arange(length).float(), frequencies)
    return angles.cos(), angles.sin()


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate ``x [B, H, T, D]`` by position."""
    left, right = x.chunk(2, -1)
    return torch.cat([left * cos - right * sin, right * cos + left * sin], -1)


class _Attention(nn.Module):
    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.shape = shape
        width = shape.head_dim
        self.qkv = nn.Linear(shape.hidden, (shape.heads + 2 * shape.kv_heads) * width, bias=False)
        self.out = nn.Linear(shape.heads * width, shape.hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, _ = x.shape
        shape, width = self.shape, self.shape.head_dim
        heads = self.qkv(x).view(batch, length, -1, width).transpose(1, 2)
        q, k, value = heads.split([shape.heads, shape.kv_heads, shape.kv_heads], 1)
        q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
        groups = shape.heads // shape.kv_heads
        if groups > 1:
            k, value = k.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        y = F.scaled_dot_product_attention(q, k, value, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, length, -1))  # type: ignore[no-any-return]


class _Layer(nn.Module):
    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.norm_in = nn.RMSNorm(shape.hidden, eps=EPSILON)
        self.attention = _Attention(shape)
        self.norm_mid = nn.RMSNorm(shape.hidden, eps=EPSILON)
        self.gate_up = nn.Linear(shape.hidden, 2 * shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.norm_in(x), cos, sin)
        gate, up = self.gate_up(self.norm_mid(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)  # type: ignore[no-any-return]


class WorldModel(nn.Module):
    """Token ids ``[B, T]`` to hidden states ``[B, T, hidden]``; :meth:`logits` goes on to the vocabulary."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList([_Layer(shape) for _ in range(shape.layers)])
        self.norm = nn.RMSNorm(shape.hidden, eps=EPSILON)
        cos, sin = rotary(shape.context, shape.head_dim)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        """Fan-in scaled normals; what writes into the residual stream starts smaller with depth."""
        residual = 1 / math.sqrt(2 * self.shape.layers)
        for name, weight in self.named_parameters():
            if weight.dim() < 2:
                continue
            scale = residual if name.endswith(("out.weight", "down.weight")) else 1.0
            std = 0.02 if name.startswith("embedding") else scale / math.sqrt(weight.shape[1])
            nn.init.normal_(weight, std=std)

    def forward(self, ids: Tensor) -> Tensor:
        """Hidden states after the last norm."""
        length = ids.shape[1]
        x = self.embedding(ids)
        cos, sin = self.cos[:length].to(x.dtype), self.sin[:length].to(x.dtype)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)  # type: ignore[no-any-return]

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores over the vocabulary for hidden states ``[..., hidden]``."""
        return F.linear(hidden, self.embedding.weight)

    def parameter_count(self) -> int:
        """Number of weights, the tied embedding once."""
        return sum(weight.numel() for weight in self.parameters())


def cwm_config(shape: ModelShape) -> Any:
    """The transformers configuration of the same model."""
    from transformers import CwmConfig

    return CwmConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        max_position_embeddings=shape.context,
        rms_norm_eps=EPSILON,
        tie_word_embeddings=True,
        layer_types=["full_attention"] * shape.layers,
        sliding_window=shape.context,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )


def to_cwm(model: WorldModel) -> Any:
    """The same weights as a ``transformers.CwmForCausalLM``."""
    from transformers import CwmForCausalLM

    shape = model.shape
    state: dict[str, Tensor] = {
        "model.embed_tokens.weight": model.embedding.weight,
        "model.norm.weight": model.norm.weight,
        "lm_head.weight": model.embedding.weight,
    }
    sizes = [shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim, shape.kv_heads * shape.head_dim]
    for index, layer in enumerate(model.layers):
        assert isinstance(layer, _Layer)
        q, k, value = layer.attention.qkv.weight.split(sizes, 0)
        gate, up = layer.gate_up.weight.chunk(2, 0)
        state |= {
            f"model.layers.{index}.{name}.weight": weight
            for name, weight in {
                "input_layernorm": layer.norm_in.weight,
                "post_attention_layernorm": layer.norm_mid.weight,
                "self_attn.q_proj": q,
                "self_attn.k_proj": k,
                "self_attn.v_proj": value,
                "self_attn.o_proj": layer.attention.out.weight,
                "mlp.gate_proj": gate,
                "mlp.up_proj": up,
                "mlp.down_proj": layer.down.weight,
            }.items()
        }
    target = CwmForCausalLM(cwm_config(shape))
    target.load_state_dict(
        {name: weight.detach().float().clone() for name, weight in state.items()}, strict=True
    )
    target.tie_weights()
    return target.eval()
