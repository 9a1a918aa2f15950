"""The documents of the plugin say what it does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from cwm_lsp.features.results import Switches
from tests.editors.nvim.driver import PLUGIN, Editor

HELP = (PLUGIN / "doc" / "cwm.txt").read_text(encoding="utf-8")
PAGE = (PLUGIN.parents[1] / "docs" / "neovim.md").read_text(encoding="utf-8")


def test_every_subcommand_is_described(start: Callable[..., Editor]) -> None:
    names = set(start().lua("return vim.tbl_keys(require('cwm.commands').table)"))
    section = PAGE.split("## `:Cwm`")[1].split("##")[0]
    described = {
        name
        for cell in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    assert described == names
    assert set(re.findall(r"^:Cwm (\w+)", HELP, re.MULTILINE)) == names


def test_every_setting_is_described_with_its_default(start: Callable[..., Editor]) -> None:
    nvim = start()
    defaults = nvim.lua(
        "return vim.iter(require('cwm.config').defaults)\n"
        "  :map(function(name, value) return { name, vim.inspect(value) } end):totable()"
    )
    section = PAGE.split("## Settings")[1].split("##")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", section, re.MULTILINE)) == dict(map(tuple, defaults))
    example = HELP.split("vim.g.cwm = {")[1].split("}")[0]
    assert dict(re.findall(r"(\w+) = (.*),$", example, re.MULTILINE)) == dict(map(tuple, defaults))


def test_every_highlight_group_is_described_with_its_link(start: Callable[..., Editor]) -> None:
    groups = start().lua("return require('cwm.render').groups")
    section = HELP.split("*cwm-highlights*")[1].split("====")[0]
    assert dict(re.findall(r"(Cwm\w+)\s+(\w+)", section)) == groups


def test_every_plug_map_is_described(start: Callable[..., Editor]) -> None:
    maps = start().maps()
    assert maps
    assert {lhs for lhs in maps if lhs not in HELP} == set()


def test_the_help_has_sound_tags(start: Callable[..., Editor], tmp_path: Path) -> None:
    folder = tmp_path / "doc"
    folder.mkdir()
    (folder / "cwm.txt").write_text(HELP, encoding="utf-8")
    start().nvim.command(f"helptags {folder}")  # fails on a duplicate
    tags = {line.split("\t")[0] for line in (folder / "tags").read_text(encoding="utf-8").splitlines()}
    wanted = {link for link in re.findall(r"\|([\w.:()-]+)\|", HELP) if link.startswith(("cwm", ":Cwm"))}
    assert wanted <= tags
    assert max(map(len, HELP.splitlines())) <= 80


def test_the_switches_are_the_server_s(start: Callable[..., Editor]) -> None:
    switches = start().lua("return require('cwm.commands').switches")
    assert switches == [one.name for one in fields(Switches)]
