"""The embedded engine: trained weights on the CPU, through onnxruntime, with a memory of our own.

The graph (:mod:`cwm_lsp.learn.onnx_graph` describes its inputs) reads and writes keys and values
in the block that we bind as both its past and its present.
"""

from __future__ import annotations

import os
import weakref

import numpy as np
import onnxruntime as ort

from cwm_lsp.backend.kv import Block, KVMemory, KVShape
from cwm_lsp.backend.local import LocalBackend
from cwm_lsp.backend.protocol import BackendInfo, Ids, Logs
from cwm_lsp.backend.weights import Weights, load, locate
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable

CHUNK = 256
"""Tokens of one pass: more are no faster on a core, and a cancel would wait longer."""


class EmbeddedEngine:
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

    def forward(self, memory: KVMemory, tokens: Ids, first_row: int) -> Logs:
        """Append ``tokens`` [T]; logits [T - first_row, V]."""
        before, after = memory.length, memory.length + len(tokens)
        block = memory.extend(len(tokens))
        # onnxruntime reads these where they lie: they must live until the run is over.
        feeds = {
            "ids": tokens.astype(np.int64)[None],
            "seqlens": np.array([after - 1], np.int32),
            "total": np.array(after, np.int32),
            "rows": np.arange(first_row, len(tokens), dtype=np.int64),
        }
        logits = np.empty((1, len(tokens) - first_row, self.info.vocabulary), np.float32)
        try:
            binding = self._binding(block)
            for name, array in feeds.items():
                binding.bind_cpu_input(name, array)
            binding.bind_output("logits", "cpu", 0, np.float32, logits.shape, logits.ctypes.data)
            self._session.run_with_iobinding(binding)
        except BaseException:
            memory.rewind(before)
            raise
        rows: Logs = logits[0]
        return rows

    def _binding(self, block: Block) -> ort.IOBinding:
        """The session with ``block`` as past and present."""
        binding = self._bindings.get(block)
        if binding is None:
            binding = self._session.io_binding()
            for layer, arrays in enumerate(block.arrays):
                for part, array in zip(("key", "value"), arrays, strict=True):
                    value = ort.OrtValue.ortvalue_from_numpy(array)
                    binding.bind_ortvalue_input(f"past_{part}_{layer}", value)
                    binding.bind_ortvalue_output(f"present_{part}_{layer}", value)
            self._bindings[block] = binding
        return binding


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
