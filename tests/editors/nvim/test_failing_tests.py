"""A fix of what a test says, from the lens over it, in the real Neovim with the real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.nvim.driver import Editor

HALF = "def half(n):\n    return n * 2\n"
TESTS = """import unittest

import pytest

from shop import half


@pytest.mark.parametrize("n, expected", [(8, 4), (2, 1)])
def test_each(n, expected):
    assert half(n) == expected


class HalfCase(unittest.TestCase):
    def test_half(self):
        self.assertEqual(half(8), 4)
        self.assertEqual(half(2), 1)
"""


@pytest.mark.parametrize("line", [9, 14], ids=["parametrised", "unittest"])
def test_the_lens_over_a_failing_test_leads_to_an_edit_of_what_it_is_about(
    start: Callable[..., Editor], shop: Path, line: int
) -> None:
    shop.write_text(HALF, encoding="utf-8")
    test = shop.with_name("test_shop.py")
    test.write_text(TESTS, encoding="utf-8")
    nvim = start(more="vim.g.cwm = { fix_seconds = 300 }")
    nvim.open(test)
    nvim.wait("#require('cwm.lens').known(vim.fn.bufnr()) == 2")
    assert sum("If it fails, find a fix" in row for row in nvim.screen()) == 2
    nvim.lua("vim.ui.select = function(all, asked, choose) _G.prompt = asked.prompt choose(all[1], 1) end")
    nvim.nvim.current.window.cursor = (line, 0)
    nvim.cwm("lens")
    nvim.wait("vim.iter(_G.events):any(function(one) return one[1] == 'CwmFix' end) or #_G.notified > 0")
    assert nvim.told() == []
    assert nvim.lua("return _G.prompt") == "A verified fix:"
    assert nvim.nvim.funcs.getbufline(str(shop), 2) != ["    return n * 2"]
    assert shop.read_text(encoding="utf-8") == HALF, "writing it is the user's"
    assert "shop.py, not written: Line 2" in nvim.screen()[-1]
