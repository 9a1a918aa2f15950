"""The real vLLM, in its CPU build: the embedded model's own weights as a checkpoint for it, and a server.

vLLM pins a torch of its own, so it has an environment of its own (:data:`VENV`). It is met as users meet it:
at the end of a connection, or in a model host that its interpreter runs.

``python -m tests.backend.served FOLDER`` writes the checkpoint. Two folders describe it: ``embedded`` speaks
``compact``; ``cwm/embedded`` is the same model as one that speaks CWM's format, which asks for its tokenizer
alone and says nothing sensible.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cwm_lsp.backend import checkpoint, registry
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.weights import locate
from cwm_lsp.config import Settings
from tests.codec.tokens import merging

VENV = Path(__file__).parents[2] / ".venv-vllm"
PYTHON = VENV / "bin" / "python"

INSTALLED = any(VENV.glob(".vllm-*"))
"""Whether ``install-vllm.sh`` went through."""

SERVED = "embedded"
"""Under which name the model is served: that of its folder."""

CONTEXT = 1024
"""Tokens: less than the weights could hold, so that a full context is filled soon."""

ENVIRONMENT = {
    "VLLM_TARGET_DEVICE": "cpu",
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # the engine computes where it is: one start of Python less
    "TORCHDYNAMO_DISABLE": "1",  # compiling takes longer than what is compiled saves here
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
}

# `vllm serve` does not start in the CPU build; this is what it would run.
_STARTER = """#!/bin/sh
shift
model=$1
shift
exec "{python}" -m vllm.entrypoints.openai.api_server --model "$model" "$@"
"""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The endpoint of a server of what ``write`` left in ``folder``, one for all processes that test.

    Who first wants it starts it, and ends it when nobody uses it any more.
    """
    address, process = folder / "endpoint", None
    with ExitStack() as use:
        with locked(folder / "starting"):
            if not address.exists():
                process = _started(folder, address)
            use.enter_context(locked(folder / "using", shared=True))
        yield address.read_text(encoding="utf-8")
    if process is not None:
        with locked(folder / "starting"), locked(folder / "using"):
            address.unlink()
            process.send_signal(signal.SIGTERM)
            process.wait()


def _started(folder: Path, address: Path) -> subprocess.Popen[bytes]:
    """``cwm-lsp model serve``, which answers at the endpoint that is written to ``address``."""
    program, log = folder / "vllm", folder / "vllm.log"
    program.write_text(_STARTER.format(python=PYTHON), encoding="utf-8")
    program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    words = [sys.executable, "-m", "cwm_lsp", "model", "serve", str(folder / SERVED), "--port", port]
    words += ["--program", str(program), "--dtype", "float32", "--enforce-eager"]
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(words, stderr=output, env=os.environ | ENVIRONMENT)
    try:
        while "Ready." not in (said := log.read_text(encoding="utf-8")):
            assert process.poll() is None, f"The server ended with code {process.returncode}:\n{said[-4000:]}"
            time.sleep(0.2)
    except BaseException:
        process.send_signal(signal.SIGTERM)
        process.wait()
        raise
    address.write_text(f"http://127.0.0.1:{port}", encoding="utf-8")
    return process


@contextmanager
def locked(file: Path, *, shared: bool = False) -> Iterator[None]:
    """Let one process at a time go on, or several that all share it."""
    import fcntl  # vLLM is for Linux

    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


def settings(folder: Path, endpoint: str, name: str = SERVED) -> Settings:
    """Those that ask ``endpoint`` for the model that ``write`` left in ``folder``, described by ``name``."""
    return Settings(backend="vllm", model=str(folder / name), endpoint=endpoint, threads=1)


def hosted(wanted: Settings) -> HostedBackend:
    """The vLLM that runs in a model host, one that :data:`PYTHON` runs."""
    os.environ.update(ENVIRONMENT)
    info = registry.describe("vllm", wanted)
    within = registry.load_within("vllm")
    return HostedBackend("vllm", wanted, info, start_within=within, answer_within=within, python=str(PYTHON))


def written(folder: Path) -> Path:
    """``folder`` with both folders in it, whichever process wrote them."""
    folder.mkdir(exist_ok=True)
    with locked(folder / "writing"):
        if not (folder / SERVED).exists():
            write(folder)
    return folder


def write(folder: Path) -> None:
    """Write both folders. Needs the extra ``train``."""
    from cwm_lsp.learn.model import to_cwm
    from cwm_lsp.learn.weights import restore

    model = to_cwm(restore(locate()))
    model.config.max_position_embeddings = CONTEXT
    compact, other = folder / SERVED, folder / "cwm" / SERVED
    model.save_pretrained(compact)
    other.mkdir(parents=True)
    for place in (compact, other):
        (place / checkpoint.TOKENIZER).write_text(merging().to_str(), encoding="utf-8")
        facts = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end_of_text|>"}
        facts["chat_template"] = "{% for one in messages %}{{ one['content'] }}\n{% endfor %}"
        (place / "tokenizer_config.json").write_text(json.dumps(facts), encoding="utf-8")
    checkpoint.mark(compact, "compact")
    config: dict[str, Any] = json.loads((compact / checkpoint.CONFIG).read_text(encoding="utf-8"))
    del config[checkpoint.OURS]
    (other / checkpoint.CONFIG).write_text(json.dumps(config), encoding="utf-8")
    (other / checkpoint.SINGLE).hardlink_to(compact / checkpoint.SINGLE)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
