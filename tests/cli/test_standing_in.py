"""A real server of the model that is killed in the middle of a session, and started again."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cwm_lsp.backend.weights import locate, read_manifest
from cwm_lsp.cli.engines import run_ahead
from cwm_lsp.cli.model import Model, opened
from cwm_lsp.codec import vocabulary
from cwm_lsp.config import Settings
from cwm_lsp.errors import ServerLost
from cwm_lsp.features.results import Call, Predicted
from cwm_lsp.trace.model import SourceFile
from tests.backend import pretrained, tiny
from tests.cli.running import cwm

SOURCE = SourceFile("one.py", "def f(n):\n    m = g(n)\n    return m\n")
"""What ``g`` gives follows from nothing here, so that the model is asked."""

OURS = read_manifest(locate("")).name

# Serves the shipped weights as a vLLM server would.
PROGRAM = """
import asyncio, sys
from cwm_lsp.backend.embedded import EmbeddedEngine
from cwm_lsp.backend.weights import load, locate
from tests.backend.scripted import ScriptedServer

async def main():
    made = ScriptedServer(model="served", context=4096, engine=EmbeddedEngine(load(locate(""))))
    async with await asyncio.start_server(made.serve, "127.0.0.1", int(sys.argv[1])) as server:
        print("ready", flush=True)
        await server.serve_forever()

asyncio.run(main())
"""


@asynccontextmanager
async def served(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server at ``port``, killed at the end."""
    root = str(Path(__file__).parents[2])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(port)),
        stdout=asyncio.subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((root, *sys.path))},
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def port() -> int:
    """A port that is free for now, known before anything listens there."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """What is known of the served model on this side."""
    changes = {"vocab_size": vocabulary.SIZE, "max_position_embeddings": 4096}
    pretrained.write(tmp_path / "served", changes=changes, weights=tiny.parameters(vocabulary.SIZE))
    return str(tmp_path / "served")


async def asked(model: Model) -> Predicted:
    return await run_ahead(model, SOURCE, Call("f", "3"), steps=3)


async def served_again(model: Model) -> None:
    """Wait until the server is asked."""
    while model.choice.name != "vllm":
        await asyncio.sleep(0.02)


def settings(backend: str, port: int, folder: str) -> Settings:
    return Settings(backend=backend, endpoint=f"http://127.0.0.1:{port}", model=folder, threads=1)


async def test_ours_stands_in_for_a_killed_server_until_it_is_back(port: int, folder: str) -> None:
    model = Model(settings("auto", port, folder), look_again=0.05)
    try:
        async with served(port):
            first = await asked(model)
            assert first.model == "served"
            assert model.notice == ""
        for _ in range(2):
            assert (await asked(model)).model == OURS
            assert "cannot be reached" in model.notice
            assert f"{OURS} answers until it is back" in model.notice
            assert "stands in for a server" in model.choice.reason
        async with served(port):
            async with asyncio.timeout(120):
                await served_again(model)
            again = await asked(model)
            assert again.model == "served"
            assert model.notice == ""
            assert again.steps == first.steps
    finally:
        await model.close()


async def test_a_server_that_comes_later_is_asked_from_then_on(port: int, folder: str) -> None:
    model = Model(settings("auto", port, folder), look_again=0.05)
    try:
        assert (await asked(model)).model == OURS
        assert "cannot be reached" in model.notice
        assert f"{OURS} answers until it is back" in model.notice
        async with served(port):
            async with asyncio.timeout(120):
                await served_again(model)
            assert (await asked(model)).model == "served"
            assert model.notice == ""
    finally:
        await model.close()


def test_the_command_line_says_who_answers_instead(port: int, folder: str, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(SOURCE.text, encoding="utf-8")
    words = ("--model", folder, "--endpoint", f"http://127.0.0.1:{port}")
    done = cwm("predict", "one.py::f", "3", *words, "--json", cwd=tmp_path)
    assert (done.code, done.object["model"]["name"]) == (0, OURS)
    assert "cannot be reached: no connection" in done.err
    assert f"{OURS} answers until it is back." in done.err


async def test_a_server_asked_for_by_name_has_no_stand_in(port: int, folder: str) -> None:
    async with opened(settings("vllm", port, folder)) as model:
        async with served(port):
            assert (await asked(model)).model == "served"
        with pytest.raises(ServerLost, match="cannot be reached"):
            await asked(model)
        async with served(port):
            async with asyncio.timeout(120):
                while (found := await _tried(model)) is None:
                    await asyncio.sleep(0.1)
            assert found.model == "served"


async def _tried(model: Model) -> Predicted | None:
    try:
        return await asked(model)
    except ServerLost:
        return None
