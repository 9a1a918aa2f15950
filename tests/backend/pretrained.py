"""The tiny model as a folder of Hugging Face's layout, written without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cwm_lsp.backend import checkpoint
from tests.backend import tiny

CONFIG: dict[str, Any] = {
    "architectures": ["CwmForCausalLM"],
    "model_type": "cwm",
    "vocab_size": tiny.VOCABULARY,
    "hidden_size": tiny.HIDDEN,
    "intermediate_size": tiny.INTERMEDIATE,
    "num_hidden_layers": tiny.LAYERS,
    "num_attention_heads": tiny.HEADS,
    "num_key_value_heads": tiny.KV_HEADS,
    "head_dim": tiny.HEAD_DIM,
    "max_position_embeddings": tiny.CONTEXT,
    "rms_norm_eps": tiny.EPSILON,
    "rope_parameters": {"rope_type": "default", "rope_theta": tiny.THETA},
    "layer_types": ["full_attention"] * tiny.LAYERS,
    "tie_word_embeddings": True,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": None,
}

LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}


def write(
    folder: Path,
    *,
    codec: str = "compact",
    changes: Mapping[str, Any] | None = None,
    weights: Mapping[str, npt.NDArray[Any]] | None = None,
) -> None:
    """Write the model, with ``changes`` of its configuration; ``codec`` "" leaves out what is ours."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {key: value for key, value in (CONFIG | dict(changes or {})).items() if value != "absent"}
    (folder / checkpoint.CONFIG).write_text(json.dumps(config), encoding="utf-8")
    arrays = tiny.parameters() if weights is None else weights
    (folder / checkpoint.SINGLE).write_bytes(safetensors(arrays))
    if codec:
        checkpoint.mark(folder, codec)


def write_tokenizer(folder: Path, tokens: tuple[str, ...]) -> None:
    """A ``tokenizer.json`` that has ``tokens`` added, and nothing else that counts here."""
    added = [{"id": number, "content": token} for number, token in enumerate(tokens)]
    (folder / checkpoint.TOKENIZER).write_text(json.dumps({"added_tokens": added}), encoding="utf-8")


def safetensors(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The bytes of a safetensors file."""
    header, body = {}, b""
    for name, array in arrays.items():
        kind = {"float32": "F32", "float16": "F16", "int32": "I32"}[array.dtype.name]
        data = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [len(body), len(body) + len(data)],
        }
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body
