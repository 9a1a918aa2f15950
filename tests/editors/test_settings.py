"""Every setting of the server stands in each editor's settings and in the documents, with its default."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.backend.vllm import IN_PROCESS
from cwm_lsp.config import BACKENDS, Settings
from cwm_lsp.features.results import Switches

ROOT = Path(__file__).parents[2]
MANIFEST = json.loads((ROOT / "editors/vscode/package.json").read_text(encoding="utf-8"))
EDITORS, VSCODE = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("editors.md", "vscode.md"))
HELP = (ROOT / "editors/nvim/doc/cwm.txt").read_text(encoding="utf-8")
NEOVIM = HELP.split("*cwm-server-settings*")[1].split("====")[0]


def camel(name: str) -> str:
    """``max_events`` as editors write it."""
    first, *rest = name.split("_")
    return "".join([first, *map(str.capitalize, rest)])


DEFAULTS: dict[str, Any] = {
    **{camel(name.replace("-", "_")): default for name, default in Settings().as_dict.items()},
    **{f"show.{one.name}": True for one in fields(Switches)},
}
IN_VSCODE: dict[str, Any] = {
    name: one for part in MANIFEST["contributes"]["configuration"] for name, one in part["properties"].items()
}


def row(document: str, name: str) -> list[str]:
    """The cells of the setting in a document's table."""
    found = [
        line for line in document.splitlines() if re.match(rf"\| [^|]*`{re.escape(name)}`[^|]* \|", line)
    ]
    assert len(found) == 1, f"{name}: {found}"
    return found[0].strip("| ").split(" | ")


@pytest.mark.parametrize("name", DEFAULTS)
def test_it_is_documented_for_any_client(name: str) -> None:
    default = row(EDITORS, name)[1]
    expected = DEFAULTS[name]
    if expected in ("", None):
        assert default.startswith(("empty", "the model's own"))
    else:
        assert default == f"`{str(expected).lower() if isinstance(expected, bool) else expected}`"


@pytest.mark.parametrize("name", DEFAULTS)
def test_it_is_a_setting_of_the_extension(name: str) -> None:
    assert IN_VSCODE[f"cwm.{name}"]["default"] == DEFAULTS[name]
    assert row(VSCODE, f"cwm.{name}")


@pytest.mark.parametrize("name", DEFAULTS)
def test_it_is_in_the_help_of_the_plugin(name: str) -> None:
    assert re.search(rf"(^|[ (]){re.escape(name)}([ ,.;:]|$)", NEOVIM, re.MULTILINE)


def test_what_an_untrusted_project_may_not_choose_is_restricted() -> None:
    restricted = MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    ours = {f"cwm.{camel(one.name)}" for one in fields(Settings) if one.metadata.get("restricted")}
    assert ours
    assert ours <= set(restricted)


def test_every_backend_can_be_chosen() -> None:
    assert IN_VSCODE["cwm.backend"]["enum"] == list(BACKENDS)
    for backend in BACKENDS:
        assert f"`{backend}`" in row(EDITORS, "backend")[2]
        assert f"`{backend}`" in row(VSCODE, "cwm.backend")[2]
        assert f'"{backend}"' in NEOVIM


def test_the_model_without_a_server_is_named_everywhere() -> None:
    described = IN_VSCODE["cwm.endpoint"]["markdownDescription"]
    for text in (row(EDITORS, "endpoint")[2], row(VSCODE, "cwm.endpoint")[2], described, NEOVIM):
        assert IN_PROCESS in text
