"""Models that cannot be asked: the status line says so, a command says why, and so does the health check."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import cwm_lsp
from cwm_lsp.codec import vocabulary
from tests.editors.nvim.driver import Editor
from tests.editors.nvim.test_stories import FIRST, MIXED

WEIGHTS = Path(cwm_lsp.__file__).parent / "weights"
LLAMA = {"model_type": "llama", "vocab_size": vocabulary.SIZE, "max_position_embeddings": 2048}

Model = Callable[[Path], dict[str, str]]
"""Makes a model in a folder; the settings that name it."""


def damaged(folder: Path) -> dict[str, str]:
    """The shipped weights, of which one byte is another."""
    shutil.copytree(WEIGHTS, folder)
    with folder.joinpath("model.onnx").open("r+b") as file:
        file.seek(5000)
        file.write(b"?")
    return {"model": str(folder)}


def down(folder: Path) -> dict[str, str]:
    """A model server that is not there."""
    folder.mkdir()
    config = {**LLAMA, "cwm_lsp": {"codec": "compact"}}
    folder.joinpath("config.json").write_text(json.dumps(config), encoding="utf-8")
    return {"backend": "vllm", "model": str(folder), "endpoint": "http://127.0.0.1:9"}


def babbling(folder: Path) -> dict[str, str]:
    """A server that is none of a model."""

    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return down(folder) | {"endpoint": f"http://127.0.0.1:{server.server_port}"}


def foreign(folder: Path) -> dict[str, str]:
    """A checkpoint whose vocabulary has no trace tokens."""
    settings = down(folder)
    folder.joinpath("config.json").write_text(json.dumps(LLAMA), encoding="utf-8")
    words = {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "b"}
    tokenizer = {"version": "1.0", "added_tokens": [], "model": words}
    folder.joinpath("tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return settings


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (damaged, "is damaged"),
        (down, "cannot be reached"),
        (babbling, "is no answer of a model server"),
        (foreign, "trained on CWM traces"),
    ],
)
def test_a_model_that_cannot_be_asked_is_said_in_the_status_line_and_explained(
    start: Callable[..., Editor],
    shop: Path,
    tmp_path: Path,
    model: Model,
    says: str,
) -> None:
    settings = ", ".join(f"{name} = [[{value}]]" for name, value in model(tmp_path / "model").items())
    nvim = start(more=f'vim.lsp.config("cwm_lsp", {{ init_options = {{ {settings} }} }})')
    nvim.open(shop)
    nvim.cwm(f"compare {MIXED}")
    nvim.wait("#_G.notified > 0")
    assert says in nvim.told()[0]
    assert nvim.lua("return require('cwm').statusline()") == "cwm: the model cannot be asked"
    assert nvim.marks()[FIRST] == "c = 7"  # what was observed is shown all the same
    nvim.cwm("health")
    report = "\n".join(nvim.lines())
    assert "ERROR" in report
    assert says in report
