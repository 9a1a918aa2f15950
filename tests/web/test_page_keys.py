"""The keyboard of the page, in the real Chromium."""

from __future__ import annotations

from cwm_lsp.web.server import Pages
from tests.web import runs
from tests.web.chromium import Tab
from tests.web.page import at, look


async def test_every_move_has_its_key(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    for key, step in (
        ("n", 15),
        ("p", 10),
        ("j", 11),
        ("ArrowDown", 12),
        ("k", 11),
        ("ArrowUp", 10),
        ("Home", 0),
        ("End", 15),
        ("g", 0),
        ("d", 10),
        ("[", 0),
        ("]", 15),
    ):
        await tab.press(key)
        await at(tab, step)


async def test_a_variable_is_chosen_shown_whole_and_copied(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.small()])
    await tab.send("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    await tab.press("g")
    await at(tab, 0)
    await tab.press("ArrowRight")
    await tab.until("document.querySelector('#detail h3')?.textContent === 'xs'")
    await tab.press("ArrowRight")
    await tab.until("document.querySelector('#detail h3')?.textContent === 'floor'")
    await tab.press("ArrowLeft")
    await tab.until("document.querySelector('#detail h3')?.textContent === 'xs'")
    await tab.press("c")
    await tab.until("document.getElementById('status').textContent === 'copied'")
    assert await tab.value("navigator.clipboard.readText()") == "[4, 9, 2, 7]"


async def test_a_search_is_typed_found_and_gone_on_with(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.small()])
    await tab.press("/")
    await tab.type("total +=")
    await tab.press("Enter")
    await at(tab, 13)
    await tab.press("Enter")
    await at(tab, 5)
    await tab.press("Escape")
    await tab.press(".")
    await at(tab, 8)
    await tab.press(",")
    await at(tab, 5)
    await tab.press("/")
    await tab.type(" nowhere")
    await tab.press("Enter")
    await tab.until("document.getElementById('find').classList.contains('missing')")


async def test_the_help_lists_every_key_and_takes_the_keyboard(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    await tab.press("?")
    await tab.until("document.getElementById('help').open")
    assert "next difference" in await tab.text()
    await tab.press("j")
    assert await tab.value("cwm.chosen") == 10
    await tab.press("Escape")
    await tab.until("!document.getElementById('help').open")
    await tab.press("j")
    await at(tab, 11)
