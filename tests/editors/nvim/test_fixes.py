"""Fixes that are looked for and taken, in the real Neovim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.nvim.driver import Editor

BROKEN = '''def mean_above(xs, floor):
    """
    >>> mean_above([4, 9, 2, 7], 3)
    5.0
    >>> mean_above([1, 2, 3], 3)
    0.0
    """
    total = 0
    for x in xs:
        if x >= floor:
            total += x
    return total / len(xs)
'''
ANSWERS = """
local wanted = ...
_G.asked = {}
vim.ui.select = function(items, options, on_choice)
  local titles = vim.tbl_map(options.format_item or tostring, items)
  table.insert(_G.asked, { options.prompt, titles })
  for index, title in ipairs(titles) do
    if title:find(wanted, 1, true) then return on_choice(items[index], index) end
  end
  on_choice(nil, nil)
end
"""
"""Answers each question with the first choice that holds a text."""


@pytest.fixture
def broken(start: Callable[..., Editor], shop: Path) -> Editor:
    """A Neovim in a function whose doctest fails."""
    shop.write_text(BROKEN, encoding="utf-8")
    one = start()
    one.open(shop)
    one.nvim.current.window.cursor = (10, 0)
    return one


FIXED = "vim.iter(_G.events):any(function(one) return one[1] == 'CwmFix' end) or #_G.notified > 0"


def test_a_failing_doctest_leads_to_an_edit_of_the_buffer(broken: Editor) -> None:
    broken.lua(ANSWERS, "Line 10: if x > floor:")
    broken.cwm("fix")
    broken.wait(FIXED)
    assert broken.lines()[9] == "        if x > floor:"
    (asked,) = broken.lua("return _G.asked")
    assert asked[0] == "A verified fix:"
    assert "held-out inputs" in asked[1][0]
    broken.nvim.command("undo")
    assert broken.lines() == BROKEN.split("\n")[:-1]


def test_a_value_that_the_user_says_leads_to_an_edit(broken: Editor) -> None:
    broken.done("record mean_above([1, 2, 3], 3)")
    broken.lua(ANSWERS, "Line 10: if x > floor:")
    broken.cwm("expect 0.0")
    broken.wait(FIXED)
    assert broken.lines()[9] == "        if x > floor:"


def test_a_fix_that_is_left_changes_nothing(broken: Editor) -> None:
    broken.lua(ANSWERS, "leave the file as it is")
    broken.cwm("fix")
    broken.wait("#_G.asked > 0 or #_G.notified > 0")
    assert broken.lines() == BROKEN.split("\n")[:-1]
    assert broken.told() == []
