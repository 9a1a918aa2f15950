"""What a user does, in the real Neovim with the real server and the shipped weights."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.nvim.conftest import SHOP
from tests.editors.nvim.driver import Editor

MIXED = "mixed(48271, 69621)"
UNSURE_IS_SAID = 'vim.lsp.config("cwm_lsp", { init_options = { threshold = 0.0 } })'
"""Such a product is beyond the model where it is not worked out; with no threshold it says what it thinks."""

FIRST, PRODUCT, RETURN = 18, 19, 20
"""Lines of ``mixed``: what it assigns first, the product, its end."""


@pytest.fixture
def compared(start: Callable[..., Editor], shop: Path) -> Editor:
    """A Neovim that shows a comparison of ``mixed``."""
    one = start(more=UNSURE_IS_SAID)
    one.open(shop)
    one.done(f"compare {MIXED}")
    return one


def test_a_comparison_is_shown_line_by_line(compared: Editor) -> None:
    marks = compared.marks()
    assert marks[FIRST] == "c = 7 ✓"
    assert "✗ predicted" in marks[PRODUCT]
    assert marks[PRODUCT].endswith("%")
    assert compared.signs() == [PRODUCT]
    assert compared.row("c = 7").endswith("c = 7  c = 7 ✓")
    drawn = compared.row("d = abs(a - b)")
    assert drawn.startswith("◆")
    assert marks[PRODUCT] in drawn

    data = next(data for name, data in compared.events() if name == "CwmDivergence")
    assert data["divergence"]["at"]["line"] == PRODUCT - 1
    summary = compared.lua("return require('cwm').states().summary")
    assert summary.startswith("right in ")
    assert compared.lua("return require('cwm').statusline()") == f"cwm: {summary}"


def test_a_prediction_runs_nothing_and_is_marked_as_such(nvim: Editor) -> None:
    nvim.done(f"predict {MIXED}")
    drawn = [text for text in nvim.marks().values() if "≈" in text]
    assert drawn
    assert "✓" not in "".join(nvim.screen())


def test_a_recording_says_nothing_of_the_model(nvim: Editor) -> None:
    nvim.done(f"record {MIXED}")
    assert nvim.marks()[FIRST] == "c = 7"
    assert not any(glyph in "".join(nvim.screen()) for glyph in "✓✗≈◆")


def test_an_edit_takes_all_values_away_at_once(compared: Editor) -> None:
    assert compared.marks()
    marks_after_edit = compared.lua(
        "vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# one line more' })\n"
        "return vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_get_namespaces()['cwm.states'], 0, -1, {})"
    )
    assert marks_after_edit == []
    compared.done(f"predict {MIXED}")
    assert FIRST + 1 in compared.marks()  # the line has moved down

    compared.nvim.input("ggOx = 1<Esc>")
    compared.wait("vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == 'x = 1'")
    assert not any(glyph in "".join(compared.screen()) for glyph in "✓✗≈◆")


def test_values_of_another_version_are_not_drawn(compared: Editor) -> None:
    compared.lua(
        "local states, client = require('cwm').states(), vim.lsp.get_clients({ name = 'cwm_lsp' })[1]\n"
        "states.version = states.version - 1\n"
        "client.handlers['cwm/states'](nil, states, { client_id = client.id })"
    )
    assert compared.marks() == {}


def test_a_changed_buffer_is_not_run_unless_it_may_be_saved(nvim: Editor, shop: Path) -> None:
    nvim.nvim.input("ggOx = 1<Esc>")
    nvim.wait("vim.bo.modified")
    nvim.cwm(f"compare {MIXED}")
    nvim.wait("#_G.notified > 0")
    assert "Save it first" in nvim.told()[0]
    assert shop.read_text(encoding="utf-8") == SHOP

    nvim.lua("_G.notified = {}; require('cwm').setup({ save = true })")
    nvim.done(f"compare {MIXED}")
    assert shop.read_text(encoding="utf-8") == "x = 1\n" + SHOP


def test_switches_hide_and_show(compared: Editor) -> None:
    compared.cwm("hide predictions")
    compared.wait("#require('cwm').states().divergences == 0")
    assert compared.marks()[FIRST] == "c = 7"
    compared.cwm("hide")
    compared.wait("#require('cwm').states().lines == 0")
    assert compared.marks() == {}
    compared.cwm("toggle")
    compared.wait("#require('cwm').states().lines > 0")
    compared.cwm("show predictions")
    compared.wait("#require('cwm').states().divergences == 1")
    assert compared.marks()[FIRST] == "c = 7 ✓"

    compared.cwm("hide colours")
    assert "no switch" in compared.told()[0]


def test_clear_takes_everything_away(compared: Editor) -> None:
    compared.cwm("clear")
    compared.wait("#require('cwm').states().lines == 0")
    assert compared.marks() == {}
    assert compared.signs() == []


def test_going_to_a_divergence_and_reading_it(compared: Editor) -> None:
    compared.nvim.current.window.cursor = (1, 0)
    compared.cwm("next")
    assert compared.nvim.current.window.cursor[0] == PRODUCT
    compared.nvim.current.window.cursor = (FIRST, 0)
    compared.cwm("previous")  # round the beginning of the buffer
    assert compared.nvim.current.window.cursor[0] == PRODUCT

    compared.cwm("copy")
    assert compared.nvim.funcs.getreg('"').startswith("d: observed ")
    compared.cwm("value")
    compared.wait("#vim.api.nvim_list_wins() == 2")
    shown = "\n".join(compared.screen())
    assert "; the model expected " in shown
    assert "1/1" in shown  # the table of visits

    compared.cwm("list")
    items = compared.nvim.funcs.getloclist(0)
    assert [item["lnum"] for item in items] == [PRODUCT]


def test_a_function_without_known_inputs_is_asked_about(nvim: Editor) -> None:
    nvim.lua("vim.ui.input = function(options, answer) _G.asked = options.default; answer('mixed(2, 3)') end")
    nvim.nvim.current.window.cursor = (RETURN, 4)
    result = nvim.done("record")
    assert nvim.lua("return _G.asked") == "mixed("
    assert result["call"] == "mixed(2, 3)"


def test_the_inputs_of_a_function_are_found_from_anywhere_in_it(nvim: Editor) -> None:
    nvim.nvim.current.window.cursor = (12, 0)
    assert nvim.done("record")["call"] == "mean_above([4, 9, 2, 7], 3)"


@pytest.mark.parametrize("way", ["require('cwm.lens')", "vim.lsp.codelens"])
def test_lenses_are_drawn_and_run(nvim: Editor, way: str) -> None:
    nvim.wait("#require('cwm.lens').known(0) == 0 and #require('cwm.lens').known(vim.fn.bufnr()) == 2")
    assert "Predict" in nvim.row("Compare mean_above([4, 9, 2, 7], 3)")
    nvim.lua("vim.ui.select = function(items, _, choose) choose(items[2]) end")
    nvim.nvim.current.window.cursor = (4, 0)
    if way == "vim.lsp.codelens":
        nvim.lua("vim.lsp.codelens.refresh({ bufnr = 0 })")
        nvim.wait("#vim.lsp.codelens.get(vim.fn.bufnr()) == 2")
        nvim.lua("vim.lsp.codelens.run()")
    else:
        nvim.cwm("lens")
    nvim.wait("vim.iter(_G.events):any(function(one) return one[1] == 'CwmResult' end)")
    assert any("≈" in text for text in nvim.marks().values())


def test_every_command_of_a_lens_is_understood(compared: Editor) -> None:
    compared.wait(
        "vim.iter(require('cwm.lens').known(vim.fn.bufnr()))"
        ":any(function(lens) return lens.command.command == 'cwm.clear' end)"
    )
    commands = compared.lua(
        "return vim.iter(require('cwm.lens').known(vim.fn.bufnr()))\n"
        "  :map(function(lens) return lens.command.command end):totable()"
    )
    assert "cwm.clear" in commands
    understood = compared.lua(
        "local client = vim.lsp.get_clients({ name = 'cwm_lsp' })[1]\n"
        "local provider = client.server_capabilities.executeCommandProvider\n"
        "return vim.list_extend(vim.tbl_keys(client.commands), provider.commands)"
    )
    assert set(commands) <= set(understood)
    clear = commands.index("cwm.clear") + 1
    compared.lua(f"require('cwm.lens').execute(0, require('cwm.lens').known(vim.fn.bufnr())[{clear}])")
    compared.wait("#require('cwm').states().lines == 0")


def test_where_values_stand(compared: Editor) -> None:
    def drawn(position: str) -> tuple[str, str]:
        """The row with the value, and the one above."""
        compared.lua("require('cwm').setup({ position = ... })", position)
        rows = compared.screen()
        at = next(index for index, row in enumerate(rows) if "c = 7 ✓" in row)
        return rows[at].strip(), rows[at - 1].strip()

    assert drawn("below") == ("c = 7 ✓", "c = 7")
    assert drawn("inline")[0] == drawn("eol")[0] == "c = 7  c = 7 ✓"
    right = drawn("right")[0]
    assert right.startswith("c = 7  ")
    assert right.index("✓") > 100


def test_a_server_that_is_killed_leaves_nothing_behind_and_comes_back(compared: Editor) -> None:
    os.kill(compared.server_pid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    compared.wait("#_G.notified > 0 and #vim.lsp.get_clients({ name = 'cwm_lsp' }) == 0")
    compared.wait("vim.iter(_G.notified):any(function(text) return text:find(':Cwm restart', 1, true) end)")
    assert compared.marks() == {}
    assert "Predict" not in "".join(compared.screen())
    assert compared.lua("return require('cwm').statusline()") == "cwm: the server has ended"
    compared.lua("require('cwm.server').before_init(nil, { root_dir = 'elsewhere' })")
    assert compared.lua("return require('cwm').statusline()") == "cwm: the server is starting"
    compared.lua("require('cwm.server').on_exit(1, 0)")
    compared.cwm("compare")
    assert ":Cwm restart" in compared.told()[-1]

    compared.lua("_G.notified = {}")
    compared.cwm("restart")
    compared.wait("(vim.lsp.get_clients({ bufnr = 0, name = 'cwm_lsp' })[1] or {}).initialized")
    assert compared.lua("return require('cwm').statusline()") == "cwm"
    compared.done(f"compare {MIXED}")
    assert compared.marks()[FIRST] == "c = 7 ✓"


def test_a_long_run_is_stopped(nvim: Editor, shop: Path) -> None:
    shop.write_text("import time\n\n\ndef nap():\n    time.sleep(600)\n", encoding="utf-8")
    nvim.nvim.command("edit")
    nvim.cwm("record nap()")
    assert nvim.lua("return require('cwm').statusline()") == "cwm: record nap() ..."
    nvim.cwm("cancel")
    assert "stopped record nap()" in "".join(nvim.screen())
    assert nvim.lua("return require('cwm').statusline()") == "cwm"
    nvim.wait("next(vim.lsp.get_clients({ name = 'cwm_lsp' })[1].requests) == nil")  # the server agrees
    assert nvim.told() == []
    assert "CwmResult" not in [name for name, _ in nvim.events()]
    nvim.cwm("cancel")
    assert "nothing goes on here" in "".join(nvim.screen())


def test_restarting_a_running_server(compared: Editor) -> None:
    before = compared.server_pid()
    compared.cwm("restart")
    compared.wait(f"not vim.list_contains(vim.api.nvim_get_proc_children(vim.fn.getpid()), {before})")
    compared.wait("(vim.lsp.get_clients({ bufnr = 0, name = 'cwm_lsp' })[1] or {}).initialized")
    assert compared.marks() == {}
    assert compared.server_pid() != before


def test_a_server_that_is_still_starting_is_said_to_be(start: Callable[..., Editor], shop: Path) -> None:
    nvim = start(server=(sys.executable, "-c", "import sys; sys.stdin.read()"))
    nvim.nvim.command(f"edit {shop}")
    nvim.cwm("compare")
    assert nvim.told() == ["cwm: the server is still starting. Try again in a moment."]


def test_a_server_that_is_not_installed_is_named_once(start: Callable[..., Editor], shop: Path) -> None:
    nvim = start(server=("no-such-cwm-lsp", "serve", "--stdio"))
    nvim.edit(shop)
    nvim.edit(shop)
    nvim.wait("#_G.notified > 0")
    nvim.cwm("compare")
    first, second = nvim.told()
    assert first == "cwm: no-such-cwm-lsp is not installed or not on PATH. See :checkhealth cwm."
    assert "Install cwm-lsp" in second
    assert "vim.lsp.config" in second
    nvim.cwm("health")
    report = "\n".join(nvim.lines())
    assert "ERROR no-such-cwm-lsp is not installed" in report


def test_health(nvim: Editor) -> None:
    nvim.lua("require('cwm').setup({ colour = 'red' })")
    nvim.cwm("health")
    report = "\n".join(nvim.lines())
    for said in (
        "OK Neovim 0.",
        "OK cwm-lsp ",
        "checksum verified",
        "OK Serves 1 buffer",
        "Log: ",
        "debugpy 1.",
    ):
        assert said in report
    assert 'ERROR "colour" is no setting of cwm.' in report


def test_doctor_shows_the_server_s_own_report(nvim: Editor) -> None:
    nvim.cwm("doctor")
    nvim.wait("vim.api.nvim_win_get_config(0).relative ~= ''")
    assert "cwm-compact" in "\n".join(nvim.lines())


def test_a_visit_is_chosen_by_its_number(nvim: Editor) -> None:
    nvim.done("record mean_above([4, 9, 2, 7], 3)")
    nvim.nvim.current.window.cursor = (11, 0)
    assert nvim.marks()[11].endswith("⟨4/5⟩")
    nvim.cwm("visit 2")
    nvim.wait("(require('cwm').states().lines[3] or {}).visit == 2")
    assert nvim.marks()[11] == "x = 9 ⟨2/5⟩"
    assert nvim.marks()[13] == "total = 13 ⟨2/3⟩"
    nvim.lua("vim.ui.select = function(items, o) _G.offered = vim.tbl_map(o.format_item, items) end")
    nvim.cwm("visit")
    nvim.wait("_G.offered")
    offered = nvim.lua("return _G.offered")
    assert (offered[1], offered[4]) == ("2/5  x = 9", "5/5  changed nothing")
    nvim.cwm("visit 9")
    nvim.wait("#_G.notified > 0")
    assert "there is no visit 9" in nvim.told()[0]


def test_the_trace_page_is_opened_in_the_browser(nvim: Editor) -> None:
    nvim.done("record mean_above([4, 9, 2, 7], 3)")
    nvim.lua("vim.ui.open = function(url) _G.opened = url end")
    nvim.cwm("view")
    nvim.wait("_G.opened or #_G.notified > 0")
    assert nvim.lua("return _G.opened").startswith("http://127.0.0.1:")


def test_a_what_if_opens_both_futures(nvim: Editor) -> None:
    nvim.done("record mean_above([4, 9, 2, 7], 3)")
    nvim.nvim.current.window.cursor = (12, 0)
    nvim.lua("vim.ui.open = function(url) _G.opened = url end")
    nvim.cwm("whatif x = 1 | floor = 20")
    nvim.wait("_G.opened or #_G.notified > 0")
    assert nvim.told() == []
    assert nvim.lua("return _G.opened").startswith("http://127.0.0.1:")
    nvim.cwm("whatif total = mixed(1)")
    nvim.wait("#_G.notified > 0")
    assert "mixed(1) is not a literal" in nvim.told()[0]
