"""How fast the transformers backend is with large models of CWM's shape on a GPU: random weights, made there.

What they say is nonsense; how long it takes is not. Without a GPU there are no rows.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cwm_lsp.backend.local import LocalBackend
from cwm_lsp.backend.protocol import BackendInfo
from tests.bench.model import BRANCHES, branches, rates_of
from tests.bench.registry import Row, benchmark

if TYPE_CHECKING:
    import torch

CONTEXTS = (1024, 4096)


@dataclass(frozen=True, slots=True)
class Shape:
    """What sets the size of a model; heads are of 128 numbers, four of them share keys and values."""

    hidden: int
    layers: int
    inner: int
    vocabulary: int = 128_256
    head: int = 128


SHAPES = (Shape(2048, 16, 8192), Shape(4096, 32, 14_336))
"""Of about 1.5 and 8 billion parameters."""


@benchmark("random")
def random() -> Iterator[Row]:
    """Rows of each shape on the GPU; what lacks is said where there can be none."""
    if not all(map(find_spec, ("torch", "transformers"))):
        print("random: torch and transformers are not installed, so there are no figures of large models.")
        return
    import torch

    if not torch.cuda.is_available():
        print("random: There is no GPU here, so there are no figures of large models.")
        return
    for shape in SHAPES:
        yield from rows_of(shape, torch.device("cuda"), torch.bfloat16, CONTEXTS)
        gc.collect()
        torch.cuda.empty_cache()


def rows_of(
    shape: Shape, device: torch.device, dtype: torch.dtype, contexts: tuple[int, ...]
) -> Iterator[Row]:
    """What a model of ``shape`` does at each of ``contexts``."""
    import torch

    backend, parameters = _made(shape, device, dtype, max(contexts) + 1024)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    what = f"random CWM of {parameters / 1e9:.2g} billion parameters on {name}, {str(dtype).split('.')[1]}"
    yield from asyncio.run(_rows(backend, what, contexts))
    if device.type == "cuda":
        yield Row(
            f"{what}: peak of memory", torch.cuda.max_memory_allocated(device) / 1e9, "GB", better="lower"
        )


def _made(
    shape: Shape, device: torch.device, dtype: torch.dtype, context: int
) -> tuple[LocalBackend[Any], int]:
    """The backend of a model made on ``device``, and how many parameters it has."""
    import torch
    from transformers import CwmConfig, CwmForCausalLM

    from cwm_lsp.backend.transformers import TransformersEngine

    heads = shape.hidden // shape.head
    config = CwmConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=heads,
        num_key_value_heads=max(1, heads // 4),
        head_dim=shape.head,
        max_position_embeddings=context,
        sliding_window=context,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
    )
    config._attn_implementation = "sdpa"
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            model = CwmForCausalLM(config)
    finally:
        torch.set_default_dtype(usual)
    info = BackendInfo(
        name="transformers",
        model="random",
        codec="compact",
        context=context,
        vocabulary=shape.vocabulary,
        device=str(device),
        digest="",
    )
    return LocalBackend(TransformersEngine(model, info)), sum(one.numel() for one in model.parameters())


async def _rows(backend: LocalBackend[Any], what: str, contexts: tuple[int, ...]) -> list[Row]:
    rows = []
    try:
        await rates_of(backend, min(contexts), 1)  # kernels are compiled and chosen now
        for context in contexts:
            rate = await rates_of(backend, context)
            name = f"{what}: tokens scored a second against written, {context} in context"
            rows.append(Row(name, rate.verify, "tokens/s", rate.decode))
        at_once, alone = await branches(backend, min(contexts))
        name = f"{what}: tokens of {BRANCHES} branches written a second at once, against one by one"
        rows.append(Row(name, at_once, "tokens/s", alone))
    finally:
        await backend.close()
    return rows
