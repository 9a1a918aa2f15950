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

from cwm_lsp.backend import checkpoint, endpoints, registry
from cwm_lsp.backend.constraint import Grammars
from cwm_lsp.backend.embedded import EmbeddedEngine
from cwm_lsp.backend.http import Address
from cwm_lsp.backend.protocol import BackendInfo, Sampling
from cwm_lsp.backend.vllm import _PROBE, IN_PROCESS, VllmBackend
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


def answer(body: str) -> bytes:
    """What a server sends that answers ``body``."""
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (500, "failed: HTTP 500: no"),
        ("drop", "closed the connection before it had answered: the answer ends in the middle"),
        (b"", "closed the connection before it had answered: it sent nothing"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "the answer ends in the middle"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no answer of a model server"),
        (b"\x00\xff\x13", "no answer of a model server"),
        (answer("<html>"), "no answer of a model server"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no answer of a model server"),
        (400, "refused the request: HTTP 400: no. Its log says why"),
        (401, "refused the request: HTTP 401: no. Put the key .* into the environment variable VLLM_API_KEY"),
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


def scored(best: str, log: str) -> str:
    """A choice that scores ``TOKENS[3:5]``, its most likely token being ``best``."""
    rows = [
        f'{{"{token}": {{"logprob": -2, "rank": 2}}, "{best}": {{"logprob": {log}, "rank": 1}}}}'
        for token in TOKENS
    ]
    return f'{{"prompt_logprobs": [null, {", ".join(rows[1:5])}]}}'


@pytest.mark.parametrize(
    "choice",
    [
        "1",
        "{}",
        '{"prompt_logprobs": [null, null]}',
        '{"prompt_logprobs": [1, 2, 3, 4, 5]}',
        scored("200", "-1"),  # no token of the model's
        scored("-1", "-1"),
        scored("99999999999", "-1"),
        scored("x", "-1"),
        scored("2", "NaN"),  # as Python writes it and reads it
        scored("2", "null"),
    ],
)
async def test_scores_that_make_no_sense_are_not_believed(server: ScriptedServer, choice: str) -> None:
    server.faults.append(answer(f'{{"choices": [{choice}]}}'))
    prefix = await client(server).open(TOKENS[:3])
    with pytest.raises(BackendError, match="what was asked for is missing"):
        await prefix.extend(TOKENS[3:5])
    assert prefix.tokens == TOKENS[:3]


@pytest.mark.parametrize(
    ("token", "log"), [("200", "-1"), ("-1", "-1"), ("99999999999", "-1"), ('"x"', "-1"), ("5", "NaN")]
)
async def test_tokens_that_make_no_sense_are_not_believed(
    server: ScriptedServer, token: str, log: str
) -> None:
    said = f'{{"token_ids": [{token}], "logprobs": {{"token_logprobs": [{log}], "top_logprobs": [null]}}}}'
    server.faults.append(answer(f'{{"choices": [{said}]}}'))
    prefix = await client(server).open(TOKENS[:3])
    with pytest.raises(BackendError, match="what was asked for is missing"):
        await prefix.write(NEVER, 1)
    assert prefix.tokens == TOKENS[:3]


async def test_another_web_server_is_none_of_a_model() -> None:
    async with scripted(faulty="/v1/models") as server:
        server.faults.append(404)
        with pytest.raises(
            BackendError, match=r"HTTP 404: no\. The setting `endpoint` must name a vLLM server"
        ):
            await client(server).probe()


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
    server.faulty = "/tokenize"
    server.faults.append(answer("[1, 2]"))
    with pytest.raises(ModelUnavailable, match="has no trace tokens"):
        await backend.probe()
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
        assert await backend.probe() == []
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


@pytest.mark.parametrize("ending", [b"", b"\0"])
def test_damaged_weights_are_not_given_to_an_engine_of_our_own(tmp_path: Path, ending: bytes) -> None:
    pretrained.write(tmp_path)
    weights = tmp_path / checkpoint.SINGLE
    weights.write_bytes(weights.read_bytes()[:-1] + ending)
    settings = Settings(backend="vllm", model=str(tmp_path), endpoint=IN_PROCESS)
    with pytest.raises(ModelUnavailable, match="is damaged: its SHA-256" if ending else "is damaged: it has"):
        registry.create("vllm", settings)


def test_an_engine_of_our_own_needs_vllm(tmp_path: Path) -> None:
    pretrained.write(tmp_path)
    settings = Settings(backend="vllm", model=str(tmp_path), endpoint=IN_PROCESS)
    with pytest.raises(ModelUnavailable, match=r"vLLM is not installed for .*pip install 'cwm-lsp\[vllm\]'"):
        registry.create("vllm", settings)


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
