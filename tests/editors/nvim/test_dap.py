"""nvim-dap with our adapter: a predicted run is stepped, a real one is debugged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.nvim.driver import Editor

STOPPED_AT = "(((require('dap').session() or {{}}).current_frame) or {{}}).line == {line}"


SHOWN = """(function()
  local space = vim.api.nvim_get_namespaces()["cwm.states"]
  local from, to = {{ {line} - 1, 0 }}, {{ {line} - 1, -1 }}
  local marks = vim.api.nvim_buf_get_extmarks(0, space, from, to, {{ details = true }})
  for _, mark in ipairs(marks) do
    local text = ""
    for _, chunk in ipairs(mark[4].virt_text or {{}}) do text = text .. chunk[1] end
    if text:find("{text}", 1, true) then return true end
  end
end)()"""
"""Lua that is true when the end of a line shows a text."""


@pytest.fixture
def debugger(start: Callable[..., Editor], nvim_dap: Path, shop: Path) -> Editor:
    """A Neovim with nvim-dap, ``shop`` open and served."""
    one = start(more=f"vim.opt.rtp:append([[{nvim_dap}]])")
    one.open(shop)
    one.wait("require('cwm.dap').registered()")
    return one


def test_two_pythons_are_given_time_to_start(debugger: Editor) -> None:
    assert debugger.lua("return require('dap').adapters.cwm.options.initialize_timeout_sec") == 20


def test_a_predicted_run_is_stepped_to_and_fro(debugger: Editor) -> None:
    debugger.cwm("ghost mixed(2, 3)")
    debugger.wait(STOPPED_AT.format(line=18))
    debugger.lua("require('dap').step_over()")
    debugger.wait(STOPPED_AT.format(line=19))
    debugger.wait(SHOWN.format(line=18, text="c ≈ 7"))
    debugger.lua("require('dap').step_back()")
    debugger.wait(STOPPED_AT.format(line=18))
    debugger.lua("require('dap').terminate()")
    debugger.wait("require('dap').session() == nil")
    assert debugger.marks() == {}


def _stopped(debugger: Editor, shop: Path) -> None:
    """A real run of the shop that stands at a breakpoint."""
    shop.write_text(shop.read_text(encoding="utf-8") + "\n\nprint(mixed(2, 3))\n", encoding="utf-8")
    debugger.nvim.command("edit")
    debugger.nvim.current.window.cursor = (19, 0)
    debugger.lua("require('dap').set_breakpoint()")
    debugger.cwm("debug")
    debugger.wait(STOPPED_AT.format(line=19))


def test_a_real_run_is_debugged(debugger: Editor, shop: Path) -> None:
    _stopped(debugger, shop)
    debugger.lua("require('dap').continue()")
    debugger.wait("require('dap').session() == nil")


def test_a_stop_shows_what_is_expected_and_a_step_later_whether_it_came(debugger: Editor, shop: Path) -> None:
    shop.write_text(shop.read_text(encoding="utf-8") + "\n\nprint(mixed(2, 3))\n", encoding="utf-8")
    debugger.nvim.command("edit")
    debugger.nvim.current.window.cursor = (18, 0)
    debugger.lua("require('dap').set_breakpoint()")
    debugger.cwm("debug")
    debugger.wait(STOPPED_AT.format(line=18))
    debugger.wait(SHOWN.format(line=18, text="c ≈ 7"))
    debugger.lua("require('dap').step_over()")
    debugger.wait(STOPPED_AT.format(line=19))
    debugger.wait(SHOWN.format(line=18, text="c = 7 ✓"))
    debugger.lua("require('dap').continue()")
    debugger.wait("require('dap').session() == nil")
    assert debugger.marks() == {}


def test_a_what_if_takes_the_values_of_the_stopped_program(debugger: Editor, shop: Path) -> None:
    _stopped(debugger, shop)
    debugger.lua("vim.ui.open = function(url) _G.opened = url end")
    debugger.nvim.current.window.cursor = (1, 0)
    debugger.cwm("whatif q = 1")
    debugger.wait("#_G.notified > 0")
    assert "q has no value here. There are: a, b, c." in debugger.told()[0]
    debugger.cwm("whatif c = 1")
    debugger.wait("_G.opened or #_G.notified > 1")
    assert debugger.lua("return _G.opened").startswith("http://127.0.0.1:")
    debugger.lua("require('dap').terminate()")
    debugger.wait("require('dap').session() == nil")


def test_what_the_user_defined_stays(start: Callable[..., Editor], nvim_dap: Path) -> None:
    own = "require('dap').adapters.cwm = { type = 'executable', command = 'mine' }"
    nvim = start(more=f"vim.opt.rtp:append([[{nvim_dap}]])\n{own}")
    nvim.lua("require('cwm.dap').register()")
    assert nvim.lua("return require('dap').adapters.cwm.command") == "mine"
    assert nvim.lua("return require('dap').configurations.python") is None
