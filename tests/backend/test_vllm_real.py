"""The real vLLM, in its CPU build, with the embedded model's own weights: on a server, and in the model host.

``make test-vllm`` runs this with an interpreter that has vLLM.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from cwm_lsp.backend import checkpoint, registry
from cwm_lsp.backend.completions import Completions
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.protocol import Backend, Sampling
from cwm_lsp.cli.model import predictor_for
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable
from cwm_lsp.predict import Calibration
from tests.backend import served
from tests.codec.programs import record

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not served.HAVE_VLLM, reason="needs vLLM: `make test-vllm`"),
]

TOLERANCE = 1e-3
"""Between log-probabilities of vLLM and of transformers, both in float32."""

TOKENS = tuple(np.random.default_rng(3).integers(10, 290, 200).tolist())
NEVER: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Served:
    """Where vLLM runs, and the folder that describes its model."""

    folder: Path
    endpoint: str

    def settings(self, folder: str = served.SERVED) -> Settings:
        return Settings(backend="vllm", model=str(self.folder / folder), endpoint=self.endpoint, threads=1)

    def backend(self, name: str = "vllm", folder: str = served.SERVED) -> Backend:
        return registry.create(name, self.settings(folder))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("served")
    served.write(place)
    os.environ.update(served.ENVIRONMENT)
    return place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(folder: Path) -> AsyncIterator[Served]:
    async with served.serving(folder, 2048) as endpoint:
        yield Served(folder, endpoint)


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


GRAMMAR = 'start: "{\\"n\\": " /[0-9]{1,3}/ "}" <|action_sep|>\n'
END = frozenset({4})


async def test_what_it_writes_is_held_to_the_format_of_cwm(server: Served) -> None:
    backend = server.backend(folder="cwm/embedded")
    trace = record("def f(n):\n    while n < 9:\n        n = n * 2\n    return n\n", "f(5)")
    predictor = replace(predictor_for(backend, Calibration()), longest=24)
    found = await predictor.run_ahead(replace(trace, events=trace.events[:1]), max_events=1)
    # A part that is longer than the limit is cut there and reported.
    assert {problem.message for problem in found.problems} <= {"an event that does not end"}


async def test_a_grammar_holds_it_where_it_runs_with_what_our_mask_would_give(server: Served) -> None:
    backend = server.backend(folder="cwm/embedded")
    assert isinstance(backend, Completions)
    asked, complete = [], backend.complete

    async def counted(*wish: Any) -> Any:
        asked.append(wish)
        return await complete(*wish)

    backend.complete = counted  # type: ignore[method-assign, assignment]
    prefix = await backend.open((*TOKENS[:50], 4))
    there = await prefix.write(END, 60, first=GRAMMAR)
    once = len(asked)
    backend.takes_grammars = False
    await prefix.rewind(51)
    here = await prefix.write(END, 60, first=GRAMMAR)
    print(f"requests: {once} with the grammar, {len(asked) - once} with our mask")
    assert there.stopped
    assert there.tokens == here.tokens
    assert once == 1
    # Of a beginning that stands already the server knows nothing.
    backend.takes_grammars = True
    await prefix.rewind(53)
    again = await prefix.write(END, 60, first=GRAMMAR)
    assert again.tokens == there.tokens[2:]


async def test_it_runs_in_the_model_host_too(server: Served) -> None:
    own = replace(server, endpoint="in-process")
    hosted = HostedBackend(
        "vllm", own.settings(), registry.describe("vllm", own.settings()), start_within=900.0
    )
    other = HostedBackend(
        "vllm",
        own.settings("cwm/embedded"),
        registry.describe("vllm", own.settings("cwm/embedded")),
        start_within=900.0,
    )
    theirs = server.backend()
    found, expected = [await (await one.open(TOKENS[:10])).extend(TOKENS[10:]) for one in (hosted, theirs)]
    np.testing.assert_array_equal(found.best, expected.best)
    np.testing.assert_allclose(found.logprob, expected.logprob, atol=TOLERANCE)
    one, two = [await (await backend.open(TOKENS)).write(NEVER, 20) for backend in (hosted, theirs)]
    assert one.tokens == two.tokens
    # It ends with the host, and so do the processes that it computes in.
    children = _children(hosted.pid)
    assert children
    await hosted.close()
    while any(map(_runs, children)):
        await asyncio.sleep(0.1)
    held = await (await other.open((*TOKENS[:50], 4))).write(END, 60, first=GRAMMAR)
    assert held.stopped
    await other.close()


async def test_weights_that_were_cut_are_not_given_to_it(folder: Path, tmp_path: Path) -> None:
    whole = folder / served.SERVED
    for name in (checkpoint.CONFIG, checkpoint.TOKENIZER):
        shutil.copy(whole / name, tmp_path)
    (tmp_path / checkpoint.SINGLE).write_bytes((whole / checkpoint.SINGLE).read_bytes()[:-1])
    settings = Settings(backend="vllm", model=str(tmp_path), endpoint="in-process")
    with pytest.raises(ModelUnavailable, match="is damaged: it has"):
        registry.create("vllm", settings)


def _runs(pid: int) -> bool:
    """Whether there is a process that has not ended."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z"


def _children(pid: int | None) -> list[int]:
    """Processes below ``pid``."""
    own = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    return own + [further for one in own for further in _children(one)]
