"""The embedded model's own weights as a checkpoint for vLLM, and a real server of it.

``python -m tests.backend.served FOLDER`` writes the checkpoint. Two folders describe it: ``embedded`` speaks
``compact``; ``cwm/embedded`` is the same model as one that speaks CWM's format, which asks for its tokenizer
alone and says nothing sensible.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.weights import locate
from cwm_lsp.cli.serving import Wish, serve
from tests.codec.tokens import merging

SERVED = "embedded"

HAVE_VLLM = find_spec("vllm") is not None
"""Whether this interpreter has vLLM: that of `make test-vllm` does."""

ENVIRONMENT = {"VLLM_TARGET_DEVICE": "cpu", "VLLM_CPU_KVCACHE_SPACE": "1"}

# `vllm serve` does not start in the CPU build; this is what it would run.
_STARTER = """#!/bin/sh
shift
model=$1
shift
export VLLM_TARGET_DEVICE=cpu VLLM_CPU_KVCACHE_SPACE=1 HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1
exec {python} -m vllm.entrypoints.openai.api_server --model "$model" "$@"
"""


@asynccontextmanager
async def serving(folder: Path, length: int) -> AsyncIterator[str]:
    """The endpoint of a server that `cwm-lsp model serve` started, of what ``write`` left in ``folder``."""
    program = folder / "vllm"
    program.write_text(_STARTER.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    rest = ("--dtype", "float32", "--enforce-eager")
    wish = Wish(folder / SERVED, port, length=length, program=str(program), rest=rest)
    said: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.ensure_future(serve(wish, said.put_nowait))
    ready = asyncio.ensure_future(said.get())
    await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield str(wish.address)
    finally:
        task.cancel()
        await asyncio.wait([task])


def write(folder: Path) -> None:
    """Write both folders. Needs the extra ``train``."""
    from cwm_lsp.learn.model import to_cwm
    from cwm_lsp.learn.weights import restore

    model = to_cwm(restore(locate()))
    compact, other = folder / SERVED, folder / "cwm" / SERVED
    model.save_pretrained(compact)
    other.mkdir(parents=True)
    for place in (compact, other):
        (place / checkpoint.TOKENIZER).write_text(merging().to_str(), encoding="utf-8")
        facts = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end_of_text|>"}
        (place / "tokenizer_config.json").write_text(json.dumps(facts), encoding="utf-8")
    checkpoint.mark(compact, "compact")
    config: dict[str, Any] = json.loads((compact / checkpoint.CONFIG).read_text(encoding="utf-8"))
    del config[checkpoint.OURS]
    (other / checkpoint.CONFIG).write_text(json.dumps(config), encoding="utf-8")
    (other / checkpoint.SINGLE).hardlink_to(compact / checkpoint.SINGLE)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
