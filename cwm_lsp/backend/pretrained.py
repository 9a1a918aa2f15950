"""A checkpoint as a model of transformers: only safetensors, no code of its own, nothing missing."""

from __future__ import annotations

from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from cwm_lsp.backend.checkpoint import Checkpoint
from cwm_lsp.errors import ModelUnavailable

_TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_HEAD = "lm_head.weight"


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
