"""The client of a vLLM server: what it asks for, and every way in which a server can fail it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from cwm_lsp.backend import endpoints, registry
from cwm_lsp.backend.constraint import Grammars
from cwm_lsp.backend.embedded import EmbeddedEngine
from cwm_lsp.backend.http import Address
from cwm_lsp.backend.protocol import BackendInfo, Sampling
from cwm_lsp.backend.vllm import _PROBE, VllmBackend
from cwm_lsp.backend.weights import load, locate
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelUnavailable, ServerLost, SettingsError
from tests.backend import pretrained, tiny
from tests.backend.scripted import ScriptedServer, scripted
from tests.codec.tokens import merging

GRAMMAR = "start: /[0-9]{9}/ <|action_sep|>\n"
INFO = BackendInfo("vllm", "tiny", "compact", tiny.CONTEXT, tiny.VOCABULARY)
TOKENS = tuple(np.random.default_rng(7).integers(0, tiny.VOCABULARY, 60).tolist())
NEVER: frozenset[int] = frozenset()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "FIRST_PAUSE", 0.0)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted() as made:
        yield made


def client(*servers: ScriptedServer, info: BackendInfo = INFO, within: float = 30.0) -> VllmBackend:
    return VllmBackend(info, [Address.of(one.url) for one in servers], within=within)


async def test_it_agrees_with_the_engine_that_answers(server: ScriptedServer) -> None:
    local = registry.create("embedded", Settings(model=str(tiny.FOLDER), threads=1))
    ours, theirs = await local.open(TOKENS[:10]), await client(server).open(TOKENS[:10])
    expected, found = await ours.extend(TOKENS[10:]), await theirs.extend(TOKENS[10:])
    np.testing.assert_array_equal(found.best, expected.best)
    np.testing.assert_allclose(found.logprob, expected.logprob, atol=0.05)
    allowed = frozenset({3, 50, 51})
    one, other = await ours.write(NEVER, 6, first=allowed), await theirs.write(NEVER, 6, first=allowed)
    assert one.tokens == other.tokens
    np.testing.assert_allclose(one.logprob, other.logprob, atol=0.05)
    await local.close()


async def test_prompts_are_ids_and_scores_ask_for_the_same_number_always(server: ScriptedServer) -> None:
    prefix = await client(server).open(TOKENS[:10])
    await prefix.extend(TOKENS[10:20])
    await prefix.extend(TOKENS[20:30])
    assert [body["prompt"] for body in server.requests] == [list(TOKENS[:20]), list(TOKENS[:30])]
    assert {body["prompt_logprobs"] for body in server.requests} == {1}


async def test_a_draw_depends_on_its_place_alone(server: ScriptedServer) -> None:
    sampling = Sampling(1.5, 4)
    whole = await (await client(server).open(TOKENS[:10])).write(NEVER, 6, sampling=sampling)
    prefix = await client(server).open(TOKENS[:10])
    first, second = [await prefix.write(NEVER, 3, sampling=sampling) for _ in range(2)]
    assert first.tokens + second.tokens == whole.tokens


@pytest.mark.parametrize("fault", [500, 503, "drop", b""])
async def test_what_may_pass_is_asked_again(server: ScriptedServer, fault: int | str | bytes) -> None:
    server.faults.extend([fault, fault])
    scores = await (await client(server).open()).extend(TOKENS[:5])
    assert len(scores.best) == 5


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (500, "failed: HTTP 500: no"),
        ("drop", "closed the connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no answer of a model server"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<htm>", "no answer of a model server"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"choices": 1}', "no answer of a model server"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no answer of a model server"),
        (400, "refused the request: HTTP 400: no"),
    ],
)
async def test_what_does_not_pass_is_said(
    server: ScriptedServer, fault: int | str | bytes, said: str
) -> None:
    server.faults.extend([fault] * endpoints.ATTEMPTS)
    prefix = await client(server).open(TOKENS[:3])
    with pytest.raises(BackendError, match=said):
        await prefix.extend(TOKENS[3:5])
    assert prefix.tokens == TOKENS[:3]
    server.faults.clear()
    await prefix.extend(TOKENS[3:5])  # it is asked again as soon as it works


async def test_a_server_that_is_slow(server: ScriptedServer) -> None:
    server.faults.append("hang")
    prefix = await client(server, within=0.2).open(TOKENS[:3])
    with pytest.raises(BackendError, match="did not answer in time"):
        await prefix.write(NEVER, 3)


async def test_a_server_that_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    backend = VllmBackend(INFO, [Address.of(url)])
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await (await backend.open(TOKENS[:3])).extend(TOKENS[3:5])
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await backend.probe()
    with pytest.raises(ModelUnavailable, match="tried again in"):
        await (await backend.open(TOKENS[:3])).extend(TOKENS[3:5])


async def test_a_cancel_hangs_up(server: ScriptedServer) -> None:
    backend = client(server)
    await backend.probe()
    server.faults.append("hang")
    prefix = await backend.open(TOKENS[:3])
    task = asyncio.ensure_future(prefix.write(NEVER, 3))
    while server.faults:
        await asyncio.sleep(0)
    task.cancel()
    await server.hung_up.wait()
    assert task.cancelled() or not task.done()
    assert prefix.tokens == TOKENS[:3]
    assert len((await prefix.write(NEVER, 3)).tokens) == 3


async def test_a_server_that_changes_its_model(server: ScriptedServer) -> None:
    backend = client(server)
    await (await backend.open()).extend(TOKENS[:5])
    server.model = "other"
    with pytest.raises(ServerLost, match="serves other and not tiny"):
        await (await backend.open()).extend(TOKENS[:5])
    with pytest.raises(ModelUnavailable, match="serves other and not tiny"):
        await backend.probe()


async def test_a_vocabulary_without_trace_tokens(server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(merging().to_str(), encoding="utf-8")
    backend = client(server, info=replace(INFO, tokenizer=str(path)))
    server.tokenize = [27, 91, 105]
    with pytest.raises(ModelUnavailable, match="has no trace tokens"):
        await backend.probe()
    probe = "<|trace_context_start|><|frame_sep|><|line_sep|>"
    server.tokenize = merging().encode(probe, add_special_tokens=False).ids
    await backend.probe()


async def test_a_grammar_goes_along_until_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(merging().to_str(), encoding="utf-8")
    engine = EmbeddedEngine(load(locate("")))
    info = replace(engine.info, name="vllm", tokenizer=str(path))
    facts = {"model": info.model, "context": info.context, "engine": engine}
    async with scripted(**facts, tokenize=merging().encode(_PROBE, add_special_tokens=False).ids) as server:
        backend = VllmBackend(info, [Address.of(server.url)], grammars=Grammars(path, info.vocabulary))
        await backend.probe()
        server.faults.append(400)
        prefix = await backend.open([*TOKENS[:5], 4])
        written = await prefix.write(frozenset({4}), 3, first=GRAMMAR)
        assert len(written.tokens) == 3
        assert not backend.takes_grammars
        await prefix.rewind(6)
        server.requests.clear()
        assert await prefix.write(frozenset({4}), 3, first=GRAMMAR) == written
        assert server.requests
        assert not any("structured_outputs" in body for body in server.requests)


async def test_a_server_may_hold_less_than_the_model_could(server: ScriptedServer) -> None:
    server.context = 50
    backend = client(server)
    await backend.probe()
    assert backend.info.context == 50


async def test_another_server_answers_where_one_fails() -> None:
    async with scripted() as one, scripted() as other:
        backend = client(one, other)
        await backend.probe()
        prefix = await backend.open(TOKENS[:3])
        await prefix.extend(TOKENS[3:5])
        assert (len(one.requests), len(other.requests)) == (1, 0)
        one.faults.extend([500] * endpoints.ATTEMPTS)
        await prefix.extend(TOKENS[5:8])
        assert len(other.requests) == 1
        await prefix.extend(TOKENS[8:9])  # a prefix stays where it is in a cache
        assert len(other.requests) == 2


async def test_the_least_busy_server_is_asked() -> None:
    async with scripted() as one, scripted() as other:
        backend = client(one, other)
        await backend.probe()
        one.faults.append("hang")
        stuck = asyncio.ensure_future((await backend.open(TOKENS[:3])).write(NEVER, 2))
        while one.faults:
            await asyncio.sleep(0)
        await (await backend.open(TOKENS[:3])).write(NEVER, 2)
        assert (len(one.requests), len(other.requests)) == (0, 1)
        stuck.cancel()


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://x:port", "localhost:8000"])
def test_an_endpoint_that_is_no_url(url: str) -> None:
    with pytest.raises(SettingsError, match="is no URL"):
        Address.of(url)


def test_who_would_answer_is_known_without_a_server(tmp_path: Path) -> None:
    pretrained.write(tmp_path / "tiny")
    settings = Settings(model=str(tmp_path / "tiny"), endpoint="http://a:1/v1, https://b")
    info = registry.describe("vllm", settings)
    assert (info.name, info.model, info.codec) == ("vllm", "tiny", "compact")
    assert info.device == "http://a:1, https://b:443"
    with pytest.raises(ModelUnavailable, match="No model is named"):
        registry.describe("vllm", Settings())
