"""``cwm-lsp model serve``: a vLLM server for one model, started, and started again when it dies."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cwm_lsp.backend.backoff import Backoff
from cwm_lsp.backend.http import Address, RequestFailed, ask
from cwm_lsp.errors import ModelUnavailable

Say = Callable[[str], None]
"""Tells the user something."""

_LOOK_AGAIN = 1.0
_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What to serve and how. ``rest`` are words for vLLM itself; ``program`` starts it, empty finds it."""

    model: Path
    port: int
    quantization: str = ""
    cards: int = 1
    length: int = 0
    program: str = ""
    rest: tuple[str, ...] = ()

    @property
    def address(self) -> Address:
        """Where it will answer: on this machine alone."""
        return Address("127.0.0.1", self.port, "", False)

    def command(self) -> list[str]:
        """The command line. Raises ``ModelUnavailable`` where vLLM is not installed."""
        program = self.program or shutil.which("vllm")
        if not program:
            raise ModelUnavailable("vLLM is not installed.", "Install it with: pip install 'cwm-lsp[vllm]'")
        words = [program, "serve", str(self.model), "--host", self.address.host, "--port", str(self.port)]
        words += ["--served-model-name", self.model.resolve().name]
        if "--load-format" not in self.rest:
            words += ["--load-format", "safetensors"]  # no pickle
        words += ["--quantization", self.quantization] * bool(self.quantization)
        words += ["--tensor-parallel-size", str(self.cards)] * (self.cards > 1)
        words += ["--max-model-len", str(self.length)] * bool(self.length)
        return [*words, *self.rest]


async def serve(wish: Wish, say: Say, backoff: Backoff | None = None) -> None:
    """Keep the server running until this is cancelled.

    Raises ``ModelUnavailable`` where it ends before it ever answered: starting it again would not help.
    """
    command, backoff = wish.command(), backoff or Backoff()
    while True:
        code = await _life(command, wish, say)
        backoff.failed()
        say(f"The server ended with code {code}. It is started again in {backoff.remaining:.0f} s.")
        await asyncio.sleep(backoff.remaining)


async def _life(command: Sequence[str], wish: Wish, say: Say) -> int:
    """One life of the server; its exit code."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr
        )
    except OSError as error:
        raise ModelUnavailable(f"{command[0]} cannot be started: {error}.") from error
    ended = asyncio.ensure_future(process.wait())
    try:
        while not ended.done():
            if await _answers(wish.address):
                say(f"Ready. Ask it with: --backend vllm --model {wish.model} --endpoint {wish.address}")
                return await asyncio.shield(ended)
            await asyncio.wait([ended], timeout=_LOOK_AGAIN)
        raise ModelUnavailable(
            f"The server ended with code {ended.result()} before it answered.", "What it wrote says why."
        )
    finally:
        await _end(process, ended)


async def _answers(address: Address) -> bool:
    try:
        await ask(address, "/v1/models", None, within=_GRACE)
    except RequestFailed:
        return False
    return True


async def _end(process: asyncio.subprocess.Process, ended: asyncio.Future[int]) -> None:
    """Let it end by itself, or end it."""
    if ended.done():
        return
    process.terminate()
    await asyncio.wait([ended], timeout=_GRACE)
    if not ended.done():
        process.kill()
        await ended
