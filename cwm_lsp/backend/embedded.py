"""The embedded engine: trained weights on the CPU, through onnxruntime, with a memory of our own.

The graph (:mod:`cwm_lsp.learn.onnx_graph` describes its inputs) reads and writes keys and values
in the block that we bind as both its past and its present.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from cwm_lsp.backend.engine import HostEngine
from cwm_lsp.backend.kv import Block, Floats, KVMemory, KVShape, zeros
from cwm_lsp.backend.local import LocalBackend
from cwm_lsp.backend.protocol import BackendInfo, Ids, Logs
from cwm_lsp.backend.rows import KVRows
from cwm_lsp.backend.scoring import HostLogits
from cwm_lsp.backend.weights import Weights, load, locate
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable

CHUNK = 128
"""Tokens of one pass: more are no faster on a core, and a cancel would wait longer."""


class EmbeddedEngine(HostEngine[KVMemory]):
    """One onnxruntime session. ``threads`` are those of one operator."""

    chunk = CHUNK

    def __init__(self, weights: Weights, threads: int = 1) -> None:
        manifest = weights.manifest
        self.info: BackendInfo = manifest.info
        self._shape = KVShape(manifest.layers, manifest.kv_heads, manifest.head_dim)
        self._session = _session(weights.model, manifest.name, threads)
        self._bindings: weakref.WeakKeyDictionary[Block, ort.IOBinding] = weakref.WeakKeyDictionary()

    def memory(self) -> KVMemory:
        """An empty memory."""
        return KVMemory(self._shape, self.info.context)

    def rows(self) -> EmbeddedRows:
        """Rows for passes behind several prefixes."""
        return EmbeddedRows(self, self._shape)

    def forward(self, memory: KVMemory, tokens: Ids, first_row: int) -> Logs:
        """Append ``tokens`` [T]; logits [T - first_row, V]."""
        before, after = memory.length, memory.length + len(tokens)
        block = memory.extend(len(tokens))
        try:
            binding = self._bindings.get(block)
            if binding is None:
                binding = self._bindings[block] = self.binding(block.arrays)
            logits = self.run(binding, tokens[None], [after], np.arange(first_row, len(tokens)))
        except BaseException:
            memory.rewind(before)
            raise
        rows: Logs = logits[0]
        return rows

    # For rows too.

    def run(
        self, binding: ort.IOBinding, ids: Ids, lengths: Sequence[int], wanted: npt.NDArray[np.int64]
    ) -> Logs:
        """Append ``ids`` [B, T], ``lengths`` being the tokens held then; logits [B, R, V]."""
        # onnxruntime reads these where they lie: they must live until the run is over.
        feeds = {
            "ids": ids.astype(np.int64),
            "seqlens": np.array(lengths, np.int32) - 1,
            "total": np.array(max(lengths), np.int32),
            "rows": wanted,
        }
        logits = np.empty((len(ids), len(wanted), self.info.vocabulary), np.float32)
        for name, array in feeds.items():
            binding.bind_cpu_input(name, array)
        binding.bind_output("logits", "cpu", 0, np.float32, logits.shape, logits.ctypes.data)
        self._session.run_with_iobinding(binding)
        return logits

    def binding(self, arrays: Floats) -> ort.IOBinding:
        """The session with ``arrays`` [layers, 2, B, ...] as past and present, each layer's in one piece."""
        binding = self._session.io_binding()
        for layer, parts in enumerate(arrays):
            for part, array in zip(("key", "value"), parts, strict=True):
                value = ort.OrtValue.ortvalue_from_numpy(array)
                binding.bind_ortvalue_input(f"past_{part}_{layer}", value)
                binding.bind_ortvalue_output(f"present_{part}_{layer}", value)
        return binding


class EmbeddedRows(KVRows[Floats]):
    """Rows of the embedded engine: the first of them are the batch of its graph."""

    def __init__(self, engine: EmbeddedEngine, shape: KVShape) -> None:
        super().__init__(shape, engine.info.context, zeros, np.dtype(np.float32).itemsize)
        self._engine = engine
        self._bound: dict[int, ort.IOBinding] = {}
        self._bound_to: Floats | None = None

    def follow(self, tokens: Ids) -> list[HostLogits]:
        """Append one of ``tokens`` [B] to each row; what comes next in each."""
        arrays, count = self.extend(), len(tokens)
        if self._bound_to is not arrays:
            self._bound, self._bound_to = {}, arrays
        if count not in self._bound:
            self._bound[count] = self._engine.binding(arrays[:, :, :count])
        logits = self._engine.run(self._bound[count], tokens[:, None], self.lengths, np.zeros(1, np.int64))
        return [HostLogits(row) for row in logits[:, 0]]

    def clear(self) -> None:
        """Give all rows and their bytes up."""
        super().clear()
        self._bound, self._bound_to = {}, None


def create(settings: Settings) -> LocalBackend[KVMemory]:
    """The backend that ``settings`` describe. Raises ``ModelUnavailable``."""
    weights = load(locate(settings.model))
    threads = settings.threads or max(1, (os.cpu_count() or 1) - 1)
    return LocalBackend(EmbeddedEngine(weights, threads))


def _session(model: bytes, name: str, threads: int) -> ort.InferenceSession:
    ort.disable_telemetry_events()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin between two operators would take the core that the user's program runs on.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions share no base class but this
        raise ModelUnavailable(
            f"onnxruntime {ort.__version__} cannot run the weights {name}: {error}",
            "Install the onnxruntime that this release of cwm-lsp asks for.",
        ) from error
