"""The real vLLM, in its CPU build, with the embedded model's own weights: on a server, and in a model host.

It keeps the contract of every backend too (``test_contract``).
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cwm_lsp.backend import registry
from cwm_lsp.backend.completions import Completions
from cwm_lsp.backend.protocol import Backend, Scores
from cwm_lsp.backend.vllm import IN_PROCESS
from cwm_lsp.cli.model import predictor_for
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelCrashed
from cwm_lsp.predict import Calibration
from tests.backend import served
from tests.backend.conftest import STARTING, TOLERANCE
from tests.codec.programs import record

pytestmark = [pytest.mark.full, STARTING]

NEVER: frozenset[int] = frozenset()
LOOP = record("def f(n):\n    while n < 9:\n        n = n * 2\n    return n\n", "f(5)")

TOKENS = {
    "a run": CompactCodec().encode(LOOP).tokens,
    "noise": tuple(np.random.default_rng(3).integers(10, 290, 200).tolist()),
}

GRAMMAR = 'start: "{\\"n\\": " /[0-9]{1,3}/ "}" <|action_sep|>\n'
LONGEST = 16
"""Tokens that hold what the grammar allows, each character being one at most: what is beyond costs time."""

END = frozenset({4})
"""The id of ``<|action_sep|>``."""

GIVEN = (*TOKENS["noise"][:50], 4)

AS_CWM = f"cwm/{served.SERVED}"


LACKING = (
    f"The real vLLM was not tested: {served.VENV.name} does not have its CPU build, which is for Linux on "
    "x86-64. `make test-vllm` installs it, or says what is in the way."
)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> str:
    """The endpoint of the server."""
    if not served.INSTALLED:
        pytest.fail(LACKING, pytrace=False)
    endpoint: str = request.getfixturevalue("vllm_server")
    return endpoint


@pytest.fixture
def folder(server: str, vllm_folder: Path) -> Path:
    """The weights that it serves."""
    return vllm_folder


def asked(folder: Path, server: str, name: str = served.SERVED) -> Backend:
    return registry.create("vllm", served.settings(folder, server, name))


async def scores_of(backend: Backend, tokens: tuple[int, ...]) -> Scores:
    """The scores of ``tokens`` from the third on."""
    return await (await backend.open(tokens[:2])).extend(tokens[2:])


def check_same(found: Scores, expected: Scores) -> None:
    np.testing.assert_array_equal(found.best, expected.best)
    np.testing.assert_allclose(found.logprob, expected.logprob, atol=TOLERANCE["vllm"])
    np.testing.assert_allclose(found.best_logprob, expected.best_logprob, atol=TOLERANCE["vllm"])


@pytest.mark.parametrize("kind", TOKENS)
async def test_all_engines_agree_on_the_same_weights(
    folder: Path, server: str, tmp_path: Path, kind: str
) -> None:
    from cwm_lsp.learn.export import export_weights

    weights = folder / served.SERVED
    export_weights(weights, tmp_path, bits=32)
    theirs = asked(folder, server)
    library = registry.create("transformers", Settings(model=str(weights), threads=1))
    embedded = registry.create("embedded", Settings(model=str(tmp_path), threads=1))
    shipped = registry.create("embedded", Settings(threads=1))
    engines = (theirs, library, embedded, shipped)
    tokens = TOKENS[kind]
    found, other, ours, rounded = [await scores_of(engine, tokens) for engine in engines]
    check_same(found, other)
    check_same(found, ours)
    # The shipped weights are multiplied in eight bits, which moves near ties.
    assert (found.best == rounded.best).mean() > 0.9
    written = [await (await engine.open(tokens)).write(NEVER, 20) for engine in engines[:3]]
    for one in written[1:]:
        assert one.tokens == written[0].tokens
        np.testing.assert_allclose(one.logprob, written[0].logprob, atol=TOLERANCE["vllm"])
    for engine in engines:
        await engine.close()


async def test_what_it_writes_is_held_to_the_format_of_cwm(folder: Path, server: str) -> None:
    backend = asked(folder, server, AS_CWM)
    predictor = replace(predictor_for(backend, Calibration()), longest=24)
    found = await predictor.run_ahead(replace(LOOP, events=LOOP.events[:1]), max_events=1)
    # A part that is longer than the limit is cut there and reported.
    assert {problem.message for problem in found.problems} <= {"an event that does not end"}


async def test_a_grammar_holds_it_where_it_runs_with_what_our_mask_would_give(
    folder: Path, server: str
) -> None:
    backend = asked(folder, server, AS_CWM)
    assert isinstance(backend, Completions)
    requests, complete = [], backend.complete

    async def counted(*wish: Any) -> Any:
        requests.append(wish)
        return await complete(*wish)

    backend.complete = counted  # type: ignore[method-assign, assignment]
    prefix = await backend.open(GIVEN)
    there = await prefix.write(END, LONGEST, first=GRAMMAR)
    assert len(requests) == 1
    backend.takes_grammars = False
    await prefix.rewind(len(GIVEN))
    here = await prefix.write(END, LONGEST, first=GRAMMAR)
    assert there.stopped
    assert there.tokens == here.tokens
    # Of a beginning that stands already the server knows nothing.
    backend.takes_grammars = True
    await prefix.rewind(len(GIVEN) + 2)
    again = await prefix.write(END, LONGEST, first=GRAMMAR)
    assert again.tokens == there.tokens[2:]


async def test_in_a_model_host_it_says_the_same_is_loaded_again_and_ends_with_it(
    folder: Path, server: str
) -> None:
    hosted = served.hosted(served.settings(folder, IN_PROCESS, AS_CWM))
    tokens = TOKENS["noise"]
    expected = await scores_of(asked(folder, server), tokens)
    check_same(await scores_of(hosted, tokens), expected)
    prefix = await hosted.open(GIVEN)
    assert (await prefix.write(END, LONGEST, first=GRAMMAR)).stopped

    # An engine that dies takes what is asked with it, and no more.
    for child in _children(hosted.pid):
        os.kill(child, signal.SIGKILL)
    with pytest.raises(ModelCrashed, match="engine died"):
        await prefix.write(NEVER, 500)
    check_same(await scores_of(hosted, tokens), expected)

    children = _children(hosted.pid)
    assert children
    await hosted.close()
    while any(map(_runs, children)):
        await asyncio.sleep(0.1)
    with pytest.raises(BackendError, match="has been closed"):
        await hosted.open(GIVEN)


def _runs(pid: int) -> bool:
    """Whether there is a process that has not ended."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z"


def _children(pid: int | None) -> list[int]:
    """Processes below ``pid``."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    own = [int(one) for task in tasks for one in task.read_text(encoding="utf-8").split()]
    return own + [further for one in own for further in _children(one)]
