"""The transformers backend: a CWM or Llama checkpoint on a GPU or the CPU, with a memory of our own.

The layers are those of the library; the loop over them is ours, because the library's caches can
neither be shared by forks nor go back once a layer with a window has slid. Every layer keeps all keys
and values, and a window is a mask. Tokens are scored and chosen where the logits are, by ``cwm_kernels``, and
only scores and ids come back.
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from cwm_kernels.head import Workspace
from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.checkpoint import Checkpoint
from cwm_lsp.backend.engine import Distribution
from cwm_lsp.backend.kv import Allocate, KVShape, SharedMemory
from cwm_lsp.backend.local import CacheLimits, LocalBackend
from cwm_lsp.backend.pretrained import load
from cwm_lsp.backend.protocol import BackendInfo, Ids, Scores
from cwm_lsp.backend.rows import BYTES, KVRows
from cwm_lsp.backend.verified import ahead, head_scores
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelUnavailable

if TYPE_CHECKING:
    from cwm_lsp.backend.constraint import Grammars

logger = logging.getLogger(__name__)

R = TypeVar("R")

CHUNKS = {"cpu": 256, "cuda": 2048}
"""Tokens of one pass: what fills the device, while a cancel waits for no more than that."""

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
        logger.info("logits are read by %s", self._workspace.path.why)

    @property
    def chunk(self) -> int:
        """How many tokens are best given to one ``forward``."""
        return CHUNKS[self._device.type]

    def memory(self) -> SharedMemory[Tensor]:
        """An empty memory, on the model's device and of its type."""
        return SharedMemory(self._shape, self.info.context, self._zeros)

    def rows(self) -> TransformersRows:
        """Rows for passes behind several prefixes."""
        limit = BYTES if self._device.type != "cuda" else _kept(self._device)
        return TransformersRows(self, self._shape, self._zeros, self._model.dtype.itemsize, limit)

    def verify(
        self, memory: SharedMemory[Tensor], tokens: Ids, first_row: int, targets: Ids
    ) -> tuple[Scores, Distribution]:
        """Append ``tokens`` [T]; the scores of ``targets`` from ``first_row`` on, and what comes next."""

        def answer(hidden: Tensor) -> tuple[Scores, Distribution]:
            rows = hidden[first_row : first_row + len(targets)]
            head = self._model.lm_head.weight
            scores = head_scores(rows, head, targets, self._workspace, self.info.model)
            return scores, self._ahead(hidden[-1:])[0]

        return self._appended(memory, tokens, answer)

    def follow(self, memory: SharedMemory[Tensor], tokens: Ids) -> Distribution:
        """Append ``tokens`` [T], and say what comes after the last of them."""
        return self._appended(memory, tokens, lambda hidden: self._ahead(hidden[-1:])[0])

    def _appended(self, memory: SharedMemory[Tensor], tokens: Ids, answer: Callable[[Tensor], R]) -> R:
        """``answer`` of the hidden states [T, d] of ``tokens``; what fails leaves ``memory`` as it was."""
        before = memory.length
        try:
            with self._room(len(tokens), before), torch.inference_mode():
                return answer(self._hidden(memory, tokens))
        except BaseException:
            memory.rewind(before)
            raise

    def _hidden(self, memory: SharedMemory[Tensor], tokens: Ids) -> Tensor:
        """Hidden states [T, d] after the last norm, ``tokens`` being appended to ``memory``."""
        before = memory.length
        store = _Store(memory.extend(len(tokens)).arrays, before, memory.length)
        positions = torch.arange(before, memory.length, device=self._device)
        masks = {window: self._mask(before, memory.length, window) for window in set(self._windows)}
        return self._passed(tokens[None], positions[None], masks, store)[0]

    # For rows too.

    @contextmanager
    def _room(self, count: int, before: int) -> Iterator[None]:
        """Say in a ``BackendError`` that there is none for ``count`` tokens behind ``before``."""
        try:
            yield
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise BackendError(
                f"The GPU has no room for {count} more tokens behind {before} of {self.info.model}.",
                "Close other programs on it, or take a smaller model.",
            ) from error

    def side_by_side(self, arrays: Tensor, tokens: Ids, lengths: Sequence[int]) -> list[Distribution]:
        """Append one of ``tokens`` [B] to a row of ``arrays``, of ``lengths`` tokens then."""
        longest = max(lengths)
        ends = torch.tensor(lengths, device=self._device)
        distance = (ends - 1)[:, None] - torch.arange(longest, device=self._device)[None]
        masks: dict[int, Tensor | None] = {
            window: ((distance >= 0) & (distance < window))[:, None, None] for window in set(self._windows)
        }
        with self._room(len(tokens), longest - 1), torch.inference_mode():
            store = _Columns(arrays, ends - 1, longest)
            return self._ahead(self._passed(tokens[:, None], (ends - 1)[:, None], masks, store)[:, 0])

    def _passed(
        self, ids: Ids, positions: Tensor, masks: dict[int, Tensor | None], store: _Store | _Columns
    ) -> Tensor:
        """Hidden states [B, T, d] after the last norm of ``ids`` at ``positions``, both [B, T]."""
        inner = self._model.model
        x = inner.embed_tokens(torch.from_numpy(ids.astype(np.int64)).to(self._device))
        angles = inner.rotary_emb(x, positions)
        for layer, window in zip(inner.layers, self._windows, strict=True):
            x = layer(
                x,
                attention_mask=masks[window],
                position_ids=positions,
                position_embeddings=angles,
                **{self._cache: store},
            )
        hidden: Tensor = inner.norm(x)
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

    def _ahead(self, hidden: Tensor) -> list[Distribution]:
        """What comes after each of ``hidden`` [B, d]."""
        logits: Tensor = self._model.lm_head(hidden)
        return [ahead(row, self._workspace.path, self.info.model) for row in logits]

    def _zeros(self, size: tuple[int, ...]) -> Tensor:
        return torch.zeros(size, dtype=self._model.dtype, device=self._device)


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


class _Columns:
    """The library's cache during a pass over rows: row ``i`` takes its keys and values at ``places[i]``."""

    def __init__(self, arrays: Tensor, places: Tensor, longest: int) -> None:
        self._arrays = arrays
        self._places = places
        self._rows = torch.arange(len(places), device=places.device)
        self._longest = longest

    def update(
        self, key: Tensor, value: Tensor, layer: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        """Take what a layer computed [B, heads, 1, head_dim]; return all that is held, of the longest row."""
        block = self._arrays[layer]
        block[0, self._rows, :, self._places] = key[:, :, 0]
        block[1, self._rows, :, self._places] = value[:, :, 0]
        count = len(self._rows)
        return block[0, :count, :, : self._longest], block[1, :count, :, : self._longest]


class TransformersRows(KVRows[Tensor]):
    """Rows of a model of transformers: one pass of the library's layers over all of them."""

    def __init__(
        self, engine: TransformersEngine, shape: KVShape, zeros: Allocate[Tensor], item: int, limit: int
    ) -> None:
        super().__init__(shape, engine.info.context, zeros, item, limit)
        self._engine = engine

    def follow(self, tokens: Ids) -> list[Distribution]:
        """Append one of ``tokens`` [B] to each row; what comes next in each."""
        arrays = self.extend()
        return self._engine.side_by_side(arrays, tokens, self.lengths)


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
