"""The real vLLM, in its CPU build, serving the embedded model's own weights. ``make test-vllm`` runs this.

``VLLM_PYTHON`` is the interpreter that has vLLM. Where a server runs already, ``VLLM_ENDPOINT`` names it and
``VLLM_FOLDER`` what ``python -m tests.backend.served`` wrote for it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from cwm_lsp.backend import registry
from cwm_lsp.backend.protocol import Backend, Sampling
from cwm_lsp.cli.model import predictor_for
from cwm_lsp.cli.serving import Wish, serve
from cwm_lsp.config import Settings
from cwm_lsp.predict import Calibration
from tests.backend import served
from tests.codec.programs import record

PYTHON, ENDPOINT, FOLDER = (os.environ.get(f"VLLM_{name}", "") for name in ("PYTHON", "ENDPOINT", "FOLDER"))

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not (PYTHON or ENDPOINT), reason="needs `make test-vllm`"),
]

TOLERANCE = 1e-3
"""Between log-probabilities of vLLM and of transformers, both in float32."""

TOKENS = tuple(np.random.default_rng(3).integers(10, 290, 200).tolist())
NEVER: frozenset[int] = frozenset()

# `vllm serve` does not start in the CPU build; this is what it would run.
STARTER = """#!/bin/sh
shift
model=$1
shift
export VLLM_TARGET_DEVICE=cpu VLLM_CPU_KVCACHE_SPACE=1 HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1
exec {python} -m vllm.entrypoints.openai.api_server --model "$model" "$@"
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server, and the folder that describes its model."""

    folder: Path
    endpoint: str

    def backend(self, name: str = "vllm", folder: str = served.SERVED) -> Backend:
        settings = Settings(model=str(self.folder / folder), endpoint=self.endpoint, threads=1)
        return registry.create(name, settings)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    if ENDPOINT:
        yield Served(Path(FOLDER), ENDPOINT)
        return
    folder = tmp_path_factory.mktemp("served")
    served.write(folder)
    program = folder / "vllm"
    program.write_text(STARTER.format(python=PYTHON), encoding="utf-8")
    program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    rest = ("--dtype", "float32", "--enforce-eager")
    wish = Wish(folder / served.SERVED, port, length=2048, program=str(program), rest=rest)
    said: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.ensure_future(serve(wish, said.put_nowait))
    ready = asyncio.ensure_future(said.get())
    await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    yield Served(folder, str(wish.address))
    task.cancel()
    await asyncio.wait([task])


async def test_it_scores_and_writes_as_the_other_engines_do(server: Served) -> None:
    theirs, ours = server.backend(), server.backend("transformers")
    embedded = registry.create("embedded", Settings(threads=1))
    found, expected, shipped = [
        await (await one.open(TOKENS[:10])).extend(TOKENS[10:]) for one in (theirs, ours, embedded)
    ]
    np.testing.assert_array_equal(found.best, expected.best)
    np.testing.assert_allclose(found.logprob, expected.logprob, atol=TOLERANCE)
    np.testing.assert_allclose(found.best_logprob, expected.best_logprob, atol=TOLERANCE)
    # The shipped engine multiplies in eight bits, which moves near ties.
    assert (found.best == shipped.best).mean() > 0.9
    one, other = [await (await backend.open(TOKENS)).write(NEVER, 20) for backend in (theirs, ours)]
    assert one.tokens == other.tokens
    np.testing.assert_allclose(one.logprob, other.logprob, atol=TOLERANCE)
    for backend in (ours, embedded):
        await backend.close()


async def test_a_first_token_is_limited_and_renormalised(server: Served) -> None:
    theirs, ours = server.backend(), server.backend("transformers")
    first = frozenset({20, 30, 41, 55})
    one, other = [await (await it.open(TOKENS[:50])).write(NEVER, 3, first=first) for it in (theirs, ours)]
    assert one.tokens == other.tokens
    np.testing.assert_allclose(one.logprob, other.logprob, atol=TOLERANCE)
    await ours.close()


async def test_prefixes_fork_go_back_and_draw_again(server: Served) -> None:
    prefix = await server.backend().open(TOKENS[:50])
    free = await prefix.write(NEVER, 8)
    fork = await prefix.fork()
    await fork.rewind(50)
    stopped = await fork.write(frozenset({free.tokens[3]}), 8)
    assert stopped.tokens == free.tokens[: free.tokens.index(free.tokens[3]) + 1]
    await fork.rewind(50)
    sampling = Sampling(1.5, 4)
    whole = await fork.write(NEVER, 4, sampling=sampling)
    await fork.rewind(50)
    parts = [await fork.write(NEVER, 2, sampling=sampling) for _ in range(2)]
    assert parts[0].tokens + parts[1].tokens == whole.tokens


async def test_what_it_writes_is_held_to_the_format_of_cwm(server: Served) -> None:
    backend = server.backend(folder="cwm/embedded")
    trace = record("def f(n):\n    while n < 9:\n        n = n * 2\n    return n\n", "f(5)")
    prefix = await backend.open((*TOKENS[:50], 4))
    closed = await prefix.write(
        frozenset({4}), 60, first='start: "{\\"n\\": " /[0-9]{1,3}/ "}" <|action_sep|>\n'
    )
    assert closed.stopped
    predictor = replace(predictor_for(backend, Calibration()), longest=24)
    found = await predictor.run_ahead(replace(trace, events=trace.events[:1]), max_events=1)
    # A part that is longer than the limit is cut there and reported.
    assert {problem.message for problem in found.problems} <= {"an event that does not end"}
