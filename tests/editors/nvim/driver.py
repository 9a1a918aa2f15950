"""A real Neovim without a terminal: driven over its RPC, looked at by what stands on its screen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pynvim

PLUGIN = Path(__file__).parents[3] / "editors" / "nvim"
WIDTH, HEIGHT = 120, 40
PATIENCE = 60_000
"""Milliseconds after which something that was waited for is taken not to come."""

SERVER = (sys.executable, "-m", "cwm_lsp", "serve", "--stdio")

# `vim.notify` is what a user would read; nothing else of Neovim is touched.
INIT = """
vim.opt.swapfile = false
_G.notified, _G.events = {}, {}
vim.notify = function(text, level) table.insert(_G.notified, text) end
for _, name in ipairs({ "CwmStates", "CwmDivergence", "CwmResult", "CwmFix" }) do
  vim.api.nvim_create_autocmd("User", {
    pattern = name,
    callback = function(event) table.insert(_G.events, { name, event.data }) end,
  })
end
"""

WAIT = """
local condition, patience = ...
return vim.wait(patience, assert(loadstring("return " .. condition)), 20)
"""

SCREEN = """
vim.cmd.redraw()
local rows = {}
for row = 1, vim.o.lines do
  local cells = {}
  for column = 1, vim.o.columns do
    cells[column] = vim.fn.screenstring(row, column)
  end
  rows[row] = (table.concat(cells):gsub("%s+$", ""))
end
return rows
"""

MARKS = """
local space = vim.api.nvim_get_namespaces()["cwm.states"]
local found = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
  local chunks = mark[4].virt_text or (mark[4].virt_lines or {})[1] or {}
  local text = {}
  for index, chunk in ipairs(chunks) do text[index] = chunk[1] end
  table.insert(found, { mark[2] + 1, vim.trim(table.concat(text)), mark[4].sign_text or "" })
end
return found
"""

MAPS = """
return vim.iter(vim.api.nvim_get_keymap("n"))
  :filter(function(map) return vim.startswith(map.desc or "", "cwm:") end)
  :map(function(map) return map.lhs end):totable()
"""


class Editor:
    """One Neovim. Lines are 1-based."""

    def __init__(self, nvim: Any) -> None:
        self.nvim = nvim

    def lua(self, code: str, *arguments: object) -> Any:
        """Run Lua, with its result."""
        return self.nvim.exec_lua(code, *arguments)

    def cwm(self, words: str) -> None:
        """``:Cwm`` with these words."""
        self.nvim.command(f"Cwm {words}")

    def wait(self, condition: str) -> None:
        """Let Neovim go on until a Lua expression holds."""
        assert self.lua(WAIT, condition, PATIENCE), f"{condition} never held; told {self.told()}"

    def open(self, path: Path) -> None:
        """Edit a file and wait until the server serves it."""
        self.edit(path)
        self.wait("vim.lsp.get_clients({ bufnr = 0, name = 'cwm_lsp' })[1]")
        self.wait("vim.lsp.get_clients({ bufnr = 0, name = 'cwm_lsp' })[1].initialized")

    def edit(self, path: Path) -> None:
        """Edit a file."""
        self.nvim.command(f"edit {path}")

    def done(self, words: str) -> dict[str, Any]:
        """Run ``:Cwm`` and wait for its ``CwmResult``."""
        before = self.lua("return #_G.events")
        self.cwm(words)
        news = f"vim.iter(_G.events):skip({before})"
        self.wait(f"{news}:any(function(one) return one[1] == 'CwmResult' end) or #_G.notified > 0")
        results = [data for name, data in self.events()[before:] if name == "CwmResult"]
        assert results, self.told()
        found: dict[str, Any] = results[0]["result"]
        return found

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The ``User`` events of the plugin so far, with their data."""
        return [(name, data) for name, data in self.lua("return _G.events")]

    def told(self) -> list[str]:
        """What ``vim.notify`` was given."""
        told: list[str] = self.lua("return _G.notified")
        return told

    def marks(self) -> dict[int, str]:
        """The values drawn, by line."""
        return {line: text for line, text, _ in self.lua(MARKS)}

    def signs(self) -> list[int]:
        """The lines with a mark in the sign column."""
        return [line for line, _, sign in self.lua(MARKS) if sign.strip() == "◆"]

    def screen(self) -> list[str]:
        """The screen, row by row."""
        rows: list[str] = self.lua(SCREEN)
        return rows

    def row(self, text: str) -> str:
        """The first row of the screen that holds ``text``."""
        rows = self.screen()
        found = next((row for row in rows if text in row), None)
        assert found is not None, "\n".join(rows)
        return found

    def lines(self) -> list[str]:
        """The text of the current buffer."""
        lines: list[str] = self.nvim.current.buffer[:]
        return lines

    def maps(self) -> list[str]:
        """The left sides of our maps."""
        found: list[str] = self.lua(MAPS)
        return found

    def server_pid(self) -> int:
        """The process of the language server."""
        children: list[int] = self.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
        assert len(children) == 1
        return children[0]


@contextmanager
def editor(
    program: Path, home: Path, *, server: tuple[str, ...] = SERVER, more: str = ""
) -> Iterator[Editor]:
    """A Neovim with the plugin on its runtime path and the server enabled, ended at last.

    ``home`` takes its ``init.lua``, of which ``more`` is a part.
    """
    init = home / "init.lua"
    words = ", ".join(f"[[{word}]]" for word in server)
    init.write_text(
        f"vim.opt.rtp:prepend([[{PLUGIN}]])\n{INIT}\n{more}\n"
        f'vim.lsp.config("cwm_lsp", {{ cmd = {{ {words} }} }})\nvim.lsp.enable("cwm_lsp")\n',
        encoding="utf-8",
    )
    nvim = pynvim.attach("child", argv=[str(program), "--clean", "--headless", "--embed", "-u", str(init)])
    try:
        nvim.ui_attach(WIDTH, HEIGHT, rgb=True)
        yield Editor(nvim)
    finally:
        nvim.close()
