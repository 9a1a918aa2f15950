"""The plugin's own reckoning, in the real Neovim; no server is started."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editors.nvim.conftest import SHOP
from tests.editors.nvim.driver import Editor

CUTS = json.loads(Path(__file__).parents[1].joinpath("shorten.json").read_text(encoding="utf-8"))
"""How values are cut, the same in every editor of ours."""


@pytest.fixture
def bare(start: Callable[..., Editor]) -> Editor:
    """A Neovim with nothing open."""
    return start()


@pytest.mark.parametrize("case", CUTS, ids=lambda case: f"{case['text'][:12]} in {case['width']}")
def test_a_long_value_gives_way_and_its_verdict_stays(bare: Editor, case: dict[str, Any]) -> None:
    cut = bare.lua("return require('cwm.render').shorten(...)", case["text"], case["width"])
    assert cut == case["cut"]
    assert bare.lua("return vim.fn.strdisplaywidth(...)", cut) <= case["width"]


def test_a_narrow_line_keeps_its_first_values_and_its_visit(bare: Editor) -> None:
    fragment = {"text": "total = 6 ✓", "state": "agrees", "words": "", "name": "total", "dimmed": False}
    line = {"fragments": [fragment] * 3, "visit": 2, "visits": 3}

    def drawn(room: int) -> str:
        chunks = bare.lua("return require('cwm.render').chunks(...)", line, room)
        return "".join(text for text, _ in chunks)

    assert drawn(80) == "total = 6 ✓ · total = 6 ✓ · total = 6 ✓ ⟨2/3⟩"
    assert drawn(36) == "total = 6 ✓ · total = 6 ✓ ⟨2/3⟩"
    assert drawn(1) == "total = 6 ✓ ⟨2/3⟩"
    differs = fragment | {"text": "name = 'book' ✗ predicted 'pen' · 95 %", "state": "differs"}
    line["fragments"] = [differs, fragment]
    assert drawn(50) == "name = 'book' ✗ predicted 'pen' · 95 % ⟨2/3⟩"
    long = fragment | {"text": "item = Item(name='book', price=12.0)", "state": "withheld"}
    line["fragments"] = [differs, long]
    assert drawn(62) == "name = 'book' ✗ predicted 'pen' · 95 % · item = Item(na… ⟨2/3⟩"


@pytest.mark.parametrize(
    ("typed", "call"),
    [
        ("total([4, 9], tax=0.2)", ["total", "[4, 9], tax=0.2"]),
        (" Cart.total ( 'a(b)' ) ", ["Cart.total", " 'a(b)' "]),
        ("total", ["total", ""]),
        ("Körbe.größe('日')", ["Körbe.größe", "'日'"]),
        ("total(", None),
        ("2 + 3", None),
    ],
)
def test_reading_a_call(bare: Editor, typed: str, call: list[str] | None) -> None:
    found = bare.lua(
        "local name, rest = require('cwm.target').parse(...); return name and { name, rest }", typed
    )
    assert found == call


def test_the_function_around_a_line(bare: Editor) -> None:
    source = (
        "import os\n\nclass Cart:\n    tax = 1\n\n"
        "    def total(self):\n        # a remark\n        return self.tax\n\n"
        "async def main():\n    if os:\n        pass\n\nmain()\n"
    )
    bare.nvim.current.buffer[:] = source.split("\n")

    def around(line: int) -> str:
        name: str = bare.lua("return require('cwm.target').function_at(0, ...)", line - 1)
        return name

    assert [around(line) for line in (1, 4, 6, 8, 10, 12, 14)] == [
        "", "", "Cart.total", "Cart.total", "main", "main", "",
    ]  # fmt: skip


def test_tables_are_read_as_columns_or_one_below_the_other(bare: Editor) -> None:
    markdown = [
        r"**f\(2\)** observed",
        "",
        "| visit | | observed | predicted |",
        "|---:|---|---|---|",
        r"| 1/2 | n | \[1, 2\] | a\|b |",
        "| 2/2 | total | 3 ✗ |  |",
    ]

    def plain(width: int) -> list[str]:
        lines: list[str] = bare.lua("return require('cwm.markdown').plain(...)", markdown, width)
        return lines

    assert plain(80) == [
        "f(2) observed",
        "",
        "visit         observed  predicted",
        "1/2    n      [1, 2]    a|b",
        "2/2    total  3 ✗",
    ]
    assert plain(20)[2:] == [
        "1/2 n",
        "  observed: [1, 2]",
        "  predicted: a|b",
        "2/2 total",
        "  observed: 3 ✗",
    ]


def test_settings_are_checked_and_bad_ones_count_for_nothing(bare: Editor) -> None:
    bare.lua("vim.g.cwm = { position = 'left', signs = 'yes', max_width = 40, colour = 1 }")
    problems = "\n".join(bare.lua("return require('cwm.config').problems()"))
    for said in ("position must be one of", "signs must be a boolean", '"colour" is no setting'):
        assert said in problems
    settings = bare.lua("return require('cwm.config').get()")
    assert (settings["position"], settings["signs"], settings["max_width"]) == ("eol", True, 40)
    bare.lua("require('cwm').setup({ position = 'below', format = function(one) return one.name end })")
    assert bare.lua("return require('cwm.config').get().position") == "below"
    assert bare.lua("return #require('cwm.config').problems()") == 2  # those of vim.g.cwm that still count


def test_completion(bare: Editor) -> None:
    def complete(line: str) -> list[str]:
        found: list[str] = bare.nvim.funcs.getcompletion(line, "cmdline")
        return found

    assert complete("Cwm com") == ["compare"]
    assert complete("Cwm hide d") == ["diagnostics", "divergence"]
    assert complete("Cwm clear ") == []


def test_another_part_of_the_server_is_started_as_the_server_is(bare: Editor) -> None:
    def program(*cmd: str) -> list[str]:
        bare.lua("vim.lsp.config('cwm_lsp', { cmd = ... })", cmd)
        words: list[str] = bare.lua("return require('cwm.server').program('doctor')")
        return words

    assert program("uvx", "cwm-lsp", "serve", "--stdio") == ["uvx", "cwm-lsp", "doctor"]
    assert program("wrapped-server") == ["wrapped-server", "doctor"]


def test_no_key_is_mapped_and_highlights_give_way_to_the_user_s(bare: Editor) -> None:
    ours = bare.maps()
    assert ours
    assert all(lhs.startswith("<Plug>(cwm-") for lhs in ours)
    bare.lua("vim.api.nvim_set_hl(0, 'CwmAgrees', { fg = 255 }); require('cwm.render').link_highlights()")
    assert bare.lua("return vim.api.nvim_get_hl(0, { name = 'CwmAgrees' })") == {"fg": 255}
    assert bare.lua("return vim.api.nvim_get_hl(0, { name = 'CwmDiffers' }).link") == "DiagnosticWarn"


def test_nothing_is_loaded_before_it_is_needed(bare: Editor) -> None:
    bare.nvim.command("enew | split")
    bare.nvim.input("ihello<Esc>")
    bare.wait("vim.api.nvim_get_current_line() == 'hello'")
    loaded = bare.lua(
        "return vim.tbl_filter(function(n) return vim.startswith(n, 'cwm') end, vim.tbl_keys(package.loaded))"
    )
    assert loaded == []


def test_an_unknown_subcommand_names_the_known_ones(bare: Editor) -> None:
    bare.cwm("dance")
    assert "compare, copy" in bare.told()[0]


def test_debugging_without_nvim_dap_says_what_is_missing(bare: Editor) -> None:
    bare.nvim.current.buffer[:] = SHOP.split("\n")
    bare.cwm("ghost mixed(1, 2)")
    bare.cwm("debug")
    assert len(bare.told()) == 2
    assert all("nvim-dap is not installed" in one for one in bare.told())


def test_room_is_left_for_signs_that_are_yet_to_come(bare: Editor) -> None:
    """Diagnostics put theirs beside the text after the values were measured for it."""
    bare.nvim.command("set number")
    bare.nvim.current.buffer[:] = ["x = 1"]
    fragment = {"text": "xs = [" + "12, " * 60 + "]", "state": "observed", "words": "", "name": "xs"}
    line = {
        "at": {"line": 0, "character": 5},
        "fragments": [fragment],
        "mark": False,
        "visit": 1,
        "visits": 1,
    }
    width = bare.lua(
        """
        require("cwm.render").draw(vim.api.nvim_get_current_buf(), { ... })
        local space = require("cwm.render").namespace
        local mark = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })[1]
        local used = vim.fn.strdisplaywidth("x = 1") + 1 -- Neovim's own gap before what stands at the end
        for _, chunk in ipairs(mark[4].virt_text) do used = used + vim.fn.strdisplaywidth(chunk[1]) end
        local window = vim.fn.getwininfo(vim.api.nvim_get_current_win())[1]
        return window.width - window.textoff - used
        """,
        line,
    )
    assert width >= 2
