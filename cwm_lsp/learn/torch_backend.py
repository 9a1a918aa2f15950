"""A checkpoint as a backend, before it is exported: for evaluation, and as the oracle of the exported one.

It computes from the plain weights of :class:`~cwm_lsp.learn.model.WorldModel`, one layer written out a second
time because it needs what training does not: keys and values of the tokens before.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cwm_kernels.head import Workspace
from cwm_lsp.backend.engine import Distribution
from cwm_lsp.backend.kv import Block, KVMemory, KVShape
from cwm_lsp.backend.local import LocalBackend
from cwm_lsp.backend.protocol import BackendInfo, Ids, Scores
from cwm_lsp.backend.verified import ahead, head_scores
from cwm_lsp.learn.model import EPSILON, WorldModel
from cwm_lsp.learn.progress import read_checkpoint


class TorchEngine:
    """A :class:`~cwm_lsp.backend.engine.Engine` over a model in this process, on the CPU, in float32."""

    chunk = 512

    def __init__(self, model: WorldModel, name: str = "checkpoint", digest: str = "") -> None:
        shape = model.shape
        self.info = BackendInfo("torch", name, "compact", shape.context, shape.vocabulary, "cpu", digest)
        self._shape = shape
        self._kv = KVShape(shape.layers, shape.kv_heads, shape.head_dim)
        self._weights = {key: weight.detach().float().cpu() for key, weight in model.state_dict().items()}
        self._table = self._weights["embedding.weight"]
        self._workspace = Workspace(self._table)
        self._cos, self._sin = model.cos.float().cpu(), model.sin.float().cpu()

    def memory(self) -> KVMemory:
        """An empty memory."""
        return KVMemory(self._kv, self._shape.context)

    def verify(
        self, memory: KVMemory, tokens: Ids, first_row: int, targets: Ids
    ) -> tuple[Scores, Distribution]:
        """Append ``tokens`` [T]; the scores of ``targets`` from ``first_row`` on, and what comes next."""
        hidden = self._appended(memory, tokens)
        rows = hidden[first_row : first_row + len(targets)]
        scores = head_scores(rows, self._table, targets, self._workspace, self.info.model)
        return scores, self._ahead(hidden)

    def follow(self, memory: KVMemory, tokens: Ids) -> Distribution:
        """Append ``tokens`` [T], and say what comes after the last of them."""
        return self._ahead(self._appended(memory, tokens))

    def _ahead(self, hidden: Tensor) -> Distribution:
        logits = F.linear(hidden[-1], self._table)
        return ahead(logits, self._workspace.path, self.info.model)

    def _appended(self, memory: KVMemory, tokens: Ids) -> Tensor:
        """Hidden states [T, d] after the last norm; what fails leaves ``memory`` as it was."""
        before, after = memory.length, memory.length + len(tokens)
        block = memory.extend(len(tokens))
        try:
            with torch.inference_mode():
                return self._hidden(block, torch.from_numpy(tokens.astype(np.int64)), before, after)
        except BaseException:
            memory.rewind(before)
            raise

    def _hidden(self, block: Block, ids: Tensor, before: int, after: int) -> Tensor:
        x = self._table[ids]
        cos, sin = self._cos[before:after], self._sin[before:after]
        # Row t may see what was before and the first t + 1 of the given ones.
        seen = torch.ones(after - before, after, dtype=torch.bool).tril(before)
        memory = torch.from_numpy(block.arrays)
        for layer in range(self._shape.layers):
            x = x + self._attention(layer, x, memory[layer, :, 0], cos, sin, before, after, seen)
            h = self._norm(x, f"layers.{layer}.norm_mid")
            gate, up = F.linear(h, self._weights[f"layers.{layer}.gate_up.weight"]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, self._weights[f"layers.{layer}.down.weight"])
        return self._norm(x, "norm")

    def _attention(
        self,
        layer: int,
        x: Tensor,
        memory: Tensor,
        cos: Tensor,
        sin: Tensor,
        before: int,
        after: int,
        seen: Tensor,
    ) -> Tensor:
        """Attention for ``x [T, hidden]``; fills ``memory [2, kv_heads, capacity, head_dim]``."""
        shape = self._shape
        normed = self._norm(x, f"layers.{layer}.norm_in")
        qkv = F.linear(normed, self._weights[f"layers.{layer}.attention.qkv.weight"])
        heads = qkv.view(len(x), -1, shape.head_dim).transpose(0, 1)
        q, k, value = torch.split(heads, [shape.heads, shape.kv_heads, shape.kv_heads])
        memory[0, :, before:after] = _rotate(k, cos, sin)
        memory[1, :, before:after] = value
        y = F.scaled_dot_product_attention(
            _rotate(q, cos, sin)[None],
            memory[0, None, :, :after],
            memory[1, None, :, :after],
            attn_mask=seen,
            enable_gqa=True,
        )
        return F.linear(
            y[0].transpose(0, 1).reshape(len(x), -1), self._weights[f"layers.{layer}.attention.out.weight"]
        )

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.rms_norm(x, (self._shape.hidden,), self._weights[f"{name}.weight"], EPSILON)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate ``x [H, T, D]`` by the angles of its positions, ``cos`` and ``sin`` being ``[T, D / 2]``."""
    left, right = x.chunk(2, -1)
    return torch.cat([left * cos - right * sin, right * cos + left * sin], -1)


def model_backend(model: WorldModel, name: str = "checkpoint", digest: str = "") -> LocalBackend[KVMemory]:
    """The backend of a model in this process."""
    return LocalBackend(TorchEngine(model, name, digest))


def checkpoint_backend(path: Path, threads: int = 1) -> LocalBackend[KVMemory]:
    """The backend of the training checkpoint ``path``. Raises ``ModelUnavailable`` where it is none."""
    torch.set_num_threads(threads)
    checkpoint = read_checkpoint(path)
    return model_backend(checkpoint.model, f"{path.parent.name}/{path.name}", checkpoint.digest)
