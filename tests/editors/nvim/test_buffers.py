"""Buffers out of the ordinary, in the real Neovim with the real server."""

from __future__ import annotations

from pathlib import Path

from tests.editors.nvim.driver import Editor


def test_the_lens_of_the_first_line_is_in_sight_and_goes_with_its_setting(nvim: Editor, shop: Path) -> None:
    shop.write_text("def twice(n):\n    return n + n\n\n\n# cwm: twice(2)\n", encoding="utf-8")
    nvim.nvim.command("edit")
    nvim.wait("#require('cwm.lens').known(vim.fn.bufnr()) == 2")
    assert nvim.row("def twice(n):") == "def twice(n): Compare twice(2) | Predict"
    nvim.lua("require('cwm').setup({ codelens = false })")
    assert nvim.row("def twice(n):") == "def twice(n):"


def test_a_buffer_without_a_file_says_so(nvim: Editor) -> None:
    nvim.nvim.command("enew | setfiletype python")
    nvim.nvim.current.buffer[:] = ["def twice(n):", "    return n + n"]
    nvim.wait("(vim.lsp.get_clients({ bufnr = 0, name = 'cwm_lsp' })[1] or {}).initialized")
    for words in ("compare twice(2)", "predict twice(2)", "view"):
        nvim.cwm(words)
        assert "has no file" in nvim.told()[-1]
