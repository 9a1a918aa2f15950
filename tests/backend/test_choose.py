"""Which backend is chosen, why, and what that costs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from cwm_lsp.backend import registry
from cwm_lsp.backend.choose import Choice, choose
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable
from tests.backend import pretrained, tiny
from tests.backend.scripted import scripted


@pytest.mark.parametrize("name", ["auto", "embedded"])
async def test_the_embedded_model_is_chosen(name: str) -> None:
    choice = choose(Settings(backend=name, model=str(tiny.FOLDER)))
    assert choice.name == "embedded"
    assert "tiny on cpu" in choice.reason
    assert isinstance(choice.backend, HostedBackend)
    assert choice.backend.pid is None
    assert choice.backend.info.model == "tiny"


def test_without_weights_there_is_no_model(tmp_path: Path) -> None:
    choice = choose(Settings(backend="auto", model=str(tmp_path)))
    assert (choice.backend, choice.name) == (None, "off")
    assert "has no model.json" in choice.reason


def test_what_is_asked_for_by_name_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"has no model\.json"):
        choose(Settings(backend="embedded", model=str(tmp_path)))
    with pytest.raises(ModelUnavailable, match="no backend 'oracle'"):
        choose(Settings(backend="oracle"))


def test_off_is_off() -> None:
    assert choose(Settings(backend="off")).backend is None


def test_choosing_loads_no_runtime() -> None:
    program = (
        "import sys; from cwm_lsp.backend.choose import choose; from cwm_lsp.config import Settings;"
        f"choose(Settings(model={str(tiny.FOLDER)!r})).backend or sys.exit('none chosen');"
        "heavy = {'onnxruntime', 'torch', 'transformers', 'vllm'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_backend_has_time_to_load() -> None:
    assert registry.load_within("transformers") > registry.load_within("embedded") > 0
    with pytest.raises(ModelUnavailable, match="no backend 'oracle'"):
        registry.load_within("oracle")


def test_auto_takes_the_server_of_the_endpoint_and_falls_back_where_there_is_none(tmp_path: Path) -> None:
    pretrained.write(tmp_path / "tiny")

    async def chosen() -> tuple[Choice, Choice]:
        async with scripted() as server:
            settings = Settings(endpoint=server.url, model=str(tmp_path / "tiny"))
            found = await asyncio.to_thread(choose, settings)
        return found, await asyncio.to_thread(choose, settings)

    found, instead = asyncio.run(chosen())
    assert (found.name, found.model) == ("vllm", str(tmp_path / "tiny"))
    assert (instead.name, instead.model) == ("embedded", "")
    assert "vllm: The model server" in instead.reason
    assert "cannot be reached" in instead.reason
