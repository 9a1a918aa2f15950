"""What the doctor says of a model that cannot be had: in words, with the cause."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.backend import checkpoint
from cwm_lsp.cli.doctor import backend_state
from cwm_lsp.config import Layer, merge
from tests.backend import pretrained
from tests.backend.scripted import scripted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole checkpoint that speaks our own vocabulary."""
    pretrained.write(tmp_path / "tiny")
    return tmp_path / "tiny"


def told(folder: Path, backend: str, endpoint: str = "") -> tuple[dict[str, Any], str]:
    """What the doctor found out, and the problems that it names."""
    problems: list[dict[str, str]] = []
    options = {"backend": backend, "model": str(folder), "endpoint": endpoint}
    found = backend_state(merge([Layer("the options", options)]), problems)
    return found, " ".join(problem["what"] for problem in problems)


async def asked(folder: Path, **facts: Any) -> str:
    """The problems with a server that was named."""
    async with scripted(**facts) as server:
        return (await asyncio.to_thread(told, folder, "vllm", server.url))[1]


async def test_a_server_that_works_is_no_problem(folder: Path) -> None:
    assert await asked(folder) == ""


async def test_a_server_with_another_model(folder: Path) -> None:
    assert "serves other and not tiny" in await asked(folder, model="other")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (500, "failed: HTTP 500"),
        ("hang", "did not answer in time"),
        ("drop", "closed the connection before it had answered"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "answers what is no answer of a model server"),
    ],
)
async def test_a_server_that_does_not_work(folder: Path, fault: int | str | bytes, said: str) -> None:
    assert said in await asked(folder, faults=deque([fault]), faulty="/v1/models")


def test_a_server_that_is_down(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    assert "cannot be reached" in told(folder, "vllm", url)[1]


async def test_one_of_several_servers_that_is_down(folder: Path) -> None:
    async with scripted() as server:
        endpoint = f"{server.url}, http://127.0.0.1:1"
        found, problems = await asyncio.to_thread(told, folder, "vllm", endpoint)
        assert found["chosen"] == "vllm"
        assert problems.startswith("The model server http://127.0.0.1:1 cannot be reached")
        found, problems = await asyncio.to_thread(told, folder, "auto", endpoint)
        assert (found["chosen"], problems) == ("vllm", "")
        assert "The model server http://127.0.0.1:1 cannot be reached" in found["why"]


def test_a_checkpoint_that_is_whole(folder: Path) -> None:
    found, problems = told(folder, "transformers")
    assert (found["verified"], problems) == (True, "")


def test_a_checkpoint_that_was_cut(folder: Path) -> None:
    weights = folder / checkpoint.SINGLE
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "is damaged: it has" in told(folder, "transformers")[1]


def test_a_checkpoint_with_another_checksum(folder: Path) -> None:
    weights = folder / checkpoint.SINGLE
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    found, problems = told(folder, "transformers")
    assert found["verified"] is False
    assert "is damaged: its SHA-256 begins" in problems


def test_a_checkpoint_without_trace_tokens(folder: Path) -> None:
    config = json.loads((folder / checkpoint.CONFIG).read_text(encoding="utf-8"))
    del config[checkpoint.OURS]
    (folder / checkpoint.CONFIG).write_text(json.dumps(config), encoding="utf-8")
    pretrained.write_tokenizer(folder, ("<|frame_sep|>",))
    assert "has no <|trace_context_start|>" in told(folder, "vllm")[1]
