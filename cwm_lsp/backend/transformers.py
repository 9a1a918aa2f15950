"""The transformers backend: a CWM or Llama checkpoint on a GPU or the CPU, with a memory of our own.

The layers are those of the library; the loop over them is ours, because the library's caches can
neither be shared by forks nor go back once a layer with a window has slid. Every layer keeps all keys
and values, and a window is a mask. Tokens are scored where the logits are, by ``cwm_kernels``, and
only the scores and one row of logits come back.
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from cwm_kernels.head import Workspace
from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.checkpoint import Checkpoint
from cwm_lsp.backend.kv import KVShape, SharedMemory
from cwm_lsp.backend.local import CacheLimits, LocalBackend
from cwm_lsp.backend.protocol import BackendInfo, Ids, Logs, Scores
from cwm_lsp.backend.verified import head_scores
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelUnavailable

if TYPE_CHECKING:
    from cwm_lsp.backend.constraint import Grammars

logger = logging.getLogger(__name__)

R = TypeVar("R")

CHUNKS = {"cpu": 256, "cuda": 2048}
"""Tokens of one pass: what fills the device, while a cancel waits for no more than that."""

_TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_HEAD = "lm_head.weight"
_KEPT_ON_HOST = 512 << 20
_KEPT_SHARE = 4


class TransformersEngine:
    """A model of transformers in this process; ``info`` names the device that it is on."""

    def __init__(self, model: Any, info: BackendInfo) -> None:
        self.info = info
        self._model = model.eval()
        self._device: torch.device = model.lm_head.weight.device
        config = model.config
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self._shape = KVShape(config.num_hidden_layers, config.num_key_value_heads, width)
        self._windows = _windows(config)
        # transformers 5.24 renamed it, and drops the older name in 5.40.
        takes = inspect.signature(type(model.model.layers[0]).forward).parameters
        self._cache = "cache" if "cache" in takes else "past_key_values"
        self._workspace = Workspace(model.lm_head.weight)
        logger.info("logits are read by %s", self._workspace.path)

    @property
    def chunk(self) -> int:
        """How many tokens are best given to one ``forward``."""
        return CHUNKS[self._device.type]

    def memory(self) -> SharedMemory[Tensor]:
        """An empty memory, on the model's device and of its type."""

        def zeros(size: tuple[int, ...]) -> Tensor:
            return torch.zeros(size, dtype=self._model.dtype, device=self._device)

        return SharedMemory(self._shape, self.info.context, zeros)

    def forward(self, memory: SharedMemory[Tensor], tokens: Ids, first_row: int) -> Logs:
        """Append ``tokens`` [T]; logits [T - first_row, V]."""
        return self._appended(memory, tokens, lambda hidden: self._logits(hidden[first_row:]))

    def verify(
        self, memory: SharedMemory[Tensor], tokens: Ids, first_row: int, targets: Ids
    ) -> tuple[Scores, Logs]:
        """Append ``tokens`` [T]; the scores of ``targets`` from ``first_row`` on, and the last row [V]."""

        def answer(hidden: Tensor) -> tuple[Scores, Logs]:
            rows = hidden[first_row : first_row + len(targets)]
            head = self._model.lm_head.weight
            scores = head_scores(rows, head, targets, self._workspace, self.info.model)
            return scores, self._logits(hidden[-1:])[0]

        return self._appended(memory, tokens, answer)

    def _appended(self, memory: SharedMemory[Tensor], tokens: Ids, answer: Callable[[Tensor], R]) -> R:
        """``answer`` of the hidden states [T, d] of ``tokens``; what fails leaves ``memory`` as it was."""
        before = memory.length
        try:
            with torch.inference_mode():
                return answer(self._hidden(memory, tokens))
        except torch.OutOfMemoryError as error:
            memory.rewind(before)
            torch.cuda.empty_cache()
            raise BackendError(
                f"The GPU has no room for {len(tokens)} more tokens behind {before} of {self.info.model}.",
                "Close other programs on it, or take a smaller model.",
            ) from error
        except BaseException:
            memory.rewind(before)
            raise

    def _hidden(self, memory: SharedMemory[Tensor], tokens: Ids) -> Tensor:
        """Hidden states [T, d] after the last norm, ``tokens`` being appended to ``memory``."""
        before = memory.length
        store = _Store(memory.extend(len(tokens)).arrays, before, memory.length)
        inner = self._model.model
        x = inner.embed_tokens(torch.from_numpy(tokens.astype(np.int64)).to(self._device)[None])
        positions = torch.arange(before, memory.length, device=self._device)[None]
        angles = inner.rotary_emb(x, positions)
        masks = {window: self._mask(before, memory.length, window) for window in set(self._windows)}
        for layer, window in zip(inner.layers, self._windows, strict=True):
            x = layer(
                x,
                attention_mask=masks[window],
                position_ids=positions,
                position_embeddings=angles,
                **{self._cache: store},
            )
        hidden: Tensor = inner.norm(x)[0]
        return hidden

    def _mask(self, before: int, after: int, window: int) -> Tensor | None:
        """Which of ``after`` tokens each of the last T sees [1, 1, T, after]; ``None`` for causal attention.

        ``None`` lets the library take its fastest kernel, which is right for a single token and from 0 on.
        """
        if after <= window and (before == 0 or after - before == 1):
            return None
        distance = (
            torch.arange(before, after, device=self._device)[:, None]
            - torch.arange(after, device=self._device)[None]
        )
        return ((distance >= 0) & (distance < window))[None, None]

    def _logits(self, hidden: Tensor) -> Logs:
        logits: Logs = self._model.lm_head(hidden).float().cpu().numpy()
        if np.isnan(logits).any():
            raise BackendError(f"{self.info.model} computed what is no number.", "Its weights are damaged.")
        return logits


class _Store:
    """The library's cache during one pass: keys and values go to the places ``before`` to ``after``."""

    def __init__(self, arrays: Tensor, before: int, after: int) -> None:
        self._arrays = arrays
        self._before = before
        self._after = after

    def update(
        self, key: Tensor, value: Tensor, layer: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        """Take what a layer computed [1, heads, T, head_dim]; return all that it may attend to."""
        block = self._arrays[layer]
        block[0, :, :, self._before : self._after] = key
        block[1, :, :, self._before : self._after] = value
        return block[0, :, :, : self._after], block[1, :, :, : self._after]


def create(settings: Settings) -> LocalBackend[SharedMemory[Tensor]]:
    """The backend that ``settings`` describe. Raises ``ModelUnavailable``."""
    torch.set_num_threads(settings.threads or max(1, (os.cpu_count() or 1) - 1))
    found = checkpoint.read(settings.model)
    found.verify()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    engine = TransformersEngine(load(found, device), found.info(str(device)))
    return LocalBackend(engine, CacheLimits(size=_kept(device)), _grammars(found))


def _grammars(found: Checkpoint) -> Grammars | None:
    """Grammars over the tokens of a checkpoint with a tokenizer. Raises ``ModelUnavailable``."""
    if found.codec != checkpoint.CWM:
        return None
    from cwm_lsp.backend.constraint import Grammars  # a compact model needs no llguidance

    return Grammars(found.folder / checkpoint.TOKENIZER, found.config["vocab_size"])


def load(found: Checkpoint, device: torch.device) -> Any:
    """The model on ``device``, in the type in which most of its weights lie. Raises ``ModelUnavailable``."""
    dtype = _dtype(found)
    try:
        config = AutoConfig.from_pretrained(found.folder, local_files_only=True, trust_remote_code=False)
        with torch.device("meta"):
            model: Any = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation="sdpa")
        _fill(model, _weights(found, device, dtype))
        # Its angles are no weights, so they were left behind when the model was laid out.
        inner = model.model
        inner.rotary_emb = type(inner.rotary_emb)(config=config).to(device)
    except (SafetensorError, OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise ModelUnavailable(f"The checkpoint {found.folder} cannot be loaded: {error}.") from error
    return model


def _weights(found: Checkpoint, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    for file in found.files:
        with safe_open(file, framework="pt", device=str(device)) as opened:
            weights |= {name: opened.get_tensor(name).to(dtype) for name in opened.keys()}  # noqa: SIM118
    return weights


def _fill(model: Any, weights: dict[str, Tensor]) -> None:
    """Put ``weights`` where they belong. Raises ``ValueError`` where they are not those of ``model``."""
    if model.config.tie_word_embeddings:
        weights.pop(_HEAD, None)
    wrong = model.load_state_dict(weights, strict=False, assign=True)
    if model.config.tie_word_embeddings:
        model.lm_head.weight = model.model.embed_tokens.weight
    missing = [name for name in wrong.missing_keys if name != _HEAD or not model.config.tie_word_embeddings]
    if missing or wrong.unexpected_keys:
        lists = {"lacks": missing, "has no place for": wrong.unexpected_keys}
        said = [f"{what} {len(names)}, {names[0]} the first" for what, names in lists.items() if names]
        raise ValueError(f"of the weights it {' and '.join(said)}")


def _dtype(found: Checkpoint) -> torch.dtype:
    """The type of the widest tensor. Raises ``ModelUnavailable`` for one that is not computed in."""
    if found.dtype not in _TYPES:
        raise ModelUnavailable(
            f"The weights of {found.folder} are {found.dtype}, not one of {', '.join(_TYPES)}."
        )
    return _TYPES[found.dtype]


def _windows(config: Any) -> tuple[int, ...]:
    """How many tokens each layer sees; the context where it sees all."""
    everything = config.max_position_embeddings
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
    sizes = {"full_attention": everything, "sliding_attention": getattr(config, "sliding_window", None)}
    windows = [sizes.get(kind) for kind in kinds]
    if not all(windows):
        raise ModelUnavailable(
            f"The layers attend in ways that are not known: {', '.join(sorted(set(kinds)))}."
        )
    return tuple(window for window in windows if window)


def _kept(device: torch.device) -> int:
    """Bytes that closed prefixes may keep."""
    if device.type != "cuda":
        return _KEPT_ON_HOST
    free, _ = torch.cuda.mem_get_info(device)
    return free // _KEPT_SHARE
