"""The model host as a process: killed, hung, refused, orphaned, and what the server sees of it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwm_lsp.backend import registry
from cwm_lsp.backend.backoff import Backoff
from cwm_lsp.backend.host import messages
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.host.framing import Frame, FrameDecoder, encode
from cwm_lsp.backend.host.process import ERRORS_KEPT, HostProcess
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelCrashed, ModelUnavailable
from tests.backend.conftest import embedded_settings, replay_settings

TOKENS = tuple(range(60))
NEVER: frozenset[int] = frozenset()


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[HostedBackend]:
    """A hosted replay backend."""
    hosted = host_of(replay_settings(tmp_path, TOKENS))
    yield hosted
    await hosted.close()


def host_of(settings: Settings, *, answer_within: float = 60.0) -> HostedBackend:
    info = registry.describe(settings.backend, settings)
    return HostedBackend(settings.backend, settings, info, answer_within=answer_within)


def kill(backend: HostedBackend) -> None:
    assert backend.pid is not None
    os.kill(backend.pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


async def test_it_starts_when_first_asked(backend: HostedBackend) -> None:
    assert backend.pid is None
    await backend.open(TOKENS[:3])
    assert backend.pid not in (None, os.getpid())


async def test_a_killed_host_is_started_again(backend: HostedBackend) -> None:
    prefix = await backend.open(TOKENS[:10])
    idle = await prefix.fork()
    first = backend.pid
    waiting = asyncio.ensure_future(prefix.write(NEVER, 600))
    await asyncio.sleep(0)
    kill(backend)
    with pytest.raises(ModelCrashed, match="ended with code"):
        await waiting
    with pytest.raises(ModelCrashed):
        await idle.extend([1])
    await idle.close()
    again = await backend.open(TOKENS[:10])
    assert backend.pid not in (None, first)
    assert (await again.write(NEVER, 1)).tokens == (10,)
    with pytest.raises(ModelCrashed):
        await prefix.extend([1])


async def test_a_host_killed_while_nobody_asks_is_started_again(backend: HostedBackend) -> None:
    for _ in range(3):
        prefix = await backend.open(TOKENS[:10])
        assert (await prefix.write(NEVER, 1)).tokens == (10,)
        kill(backend)
        with pytest.raises(ModelCrashed):
            await prefix.extend([1])


async def test_a_host_that_does_not_answer_is_ended(tmp_path: Path) -> None:
    backend = host_of(replay_settings(tmp_path, TOKENS), answer_within=0.0)
    with pytest.raises(ModelCrashed, match="did not answer"):
        await backend.open(TOKENS[:3])
    assert backend.pid is None
    await backend.close()


async def test_a_cancelled_write_frees_the_model(tmp_path: Path) -> None:
    endless = 10**9
    backend = host_of(replay_settings(tmp_path, TOKENS, context=endless))
    prefix = await backend.open(TOKENS[:10])
    writing = asyncio.ensure_future(prefix.write(NEVER, endless - 10))
    await asyncio.sleep(0)
    writing.cancel()
    # Without the cancel this would wait for a thousand million tokens.
    assert (await prefix.write(NEVER, 2)).tokens == (10, 11)
    await backend.close()


async def test_weights_that_cannot_be_loaded_are_reported(tmp_path: Path) -> None:
    settings = embedded_settings()
    info = registry.describe("embedded", settings)
    backend = HostedBackend("embedded", dataclasses.replace(settings, model=str(tmp_path)), info)
    with pytest.raises(ModelUnavailable, match=r"has no model\.json"):
        await backend.open([1])
    await backend.close()


async def test_repeated_failures_are_not_repeated_at_once(tmp_path: Path) -> None:
    settings = embedded_settings()
    info = registry.describe("embedded", settings)
    clock = [0.0]
    missing = dataclasses.replace(settings, model=str(tmp_path))
    backend = HostedBackend("embedded", missing, info, backoff=Backoff(lambda: clock[0]))
    for _ in range(2):
        with pytest.raises(ModelUnavailable):
            await backend.open([1])
    with pytest.raises(ModelUnavailable, match="tried again in 1 s"):
        await backend.open([1])
    clock[0] += 1
    with pytest.raises(ModelUnavailable) as caught:
        await backend.open([1])
    assert "tried again" not in str(caught.value)
    await backend.close()


async def test_what_the_model_complains_of_is_kept_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"import sys; sys.stderr.write('x' * {3 * ERRORS_KEPT} + 'the end\\n')"
    (tmp_path / "sitecustomize.py").write_text(program, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    host = await HostProcess.start("replay", replay_settings(tmp_path, TOKENS), 60.0)
    await host.stop()
    assert len(host.complaints) <= ERRORS_KEPT
    assert "the end" in host.complaints


async def test_a_host_that_speaks_otherwise_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('Welcome to this machine!')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ModelCrashed, match="sent what cannot be read"):
        await HostProcess.start("replay", replay_settings(tmp_path, TOKENS), 60.0)


async def test_nothing_in_the_working_directory_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "json", "cwm_lsp"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not yours')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    backend = host_of(replay_settings(tmp_path, TOKENS))
    assert (await backend.open(TOKENS[:3])).tokens == TOKENS[:3]
    await backend.close()


@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_with_its_server(tmp_path: Path, busy: bool) -> None:
    settings = replay_settings(tmp_path, TOKENS)
    options = json.dumps(dataclasses.asdict(settings))
    command = [sys.executable, "-m", "cwm_lsp.backend.host", "replay", options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as host:
        assert host.stdin
        assert host.stdout
        decoder = FrameDecoder()
        frames: list[Frame] = []
        while not frames:
            frames = decoder.feed(host.stdout.read(1))
        assert frames[0].header["hello"]["name"] == "replay"
        if busy:
            ask = {"stop": [], "max": 600, "first": None, "temperature": 0.0, "seed": 0}
            host.stdin.write(encode(Frame({"id": 1, "op": "open", "prefix": 1}, messages.tokens_body([1]))))
            host.stdin.write(encode(Frame({"id": 2, "op": "write", "prefix": 1, "base": 1, **ask})))
        host.stdin.close()
        assert host.wait(30) == 0


async def test_a_request_that_the_host_does_not_know_is_refused(
    backend: HostedBackend, tmp_path: Path
) -> None:
    host = await HostProcess.start("replay", replay_settings(tmp_path, TOKENS), 60.0)
    with pytest.raises(BackendError, match="sing"):
        await host.request({"op": "sing", "prefix": 1, "base": 0}, b"", 60.0)
    with pytest.raises(BackendError, match="not open"):
        await host.request({"op": "extend", "prefix": 9, "base": 0}, b"", 60.0)
    await host.stop()


def test_backoff_grows_and_forgets() -> None:
    now = [100.0]
    backoff = Backoff(lambda: now[0], most=5.0)
    pauses = []
    for _ in range(5):
        backoff.failed()
        pauses.append(backoff.remaining)
    assert pauses == [0.0, 1.0, 2.0, 4.0, 5.0]
    now[0] += 3
    assert backoff.remaining == 2.0
    backoff.worked()
    assert backoff.remaining == 0.0
    backoff.failed()
    assert backoff.remaining == 0.0
