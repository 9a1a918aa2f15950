"""The page in the real Chromium: its text, its keys, its pictures, and a run as long as recordings get."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cwm_lsp.web.messages import Stage
from cwm_lsp.web.server import Pages
from tests.web import runs
from tests.web.chromium import Tab
from tests.web.page import at, look, row, row_text

LONG = 100_000


# --- what it shows -------------------------------------------------------------------------------


async def test_it_opens_at_the_first_divergence_and_says_it_in_words_and_glyphs(
    tab: Tab, served: Pages
) -> None:
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    assert await row_text(tab, 10) == "◆ 11 4if x > floor: ⟨3/4⟩ → next line 3 ✗ predicted line 5 · 64 %"
    assert await row_text(tab, 8) == "✓ 9 5total += x ⟨2/3⟩ 13 ✓"
    text = await tab.text()
    assert "right in 88 % of 8 values" in text
    assert "2 ✗" in text
    spoken = "step 11 of 16, mean_above line 4. the run went to line 3; the model expected line 5, at 64 %"
    await tab.until(f"document.getElementById('live').textContent === '{spoken}'")


async def test_what_differs_is_brought_into_sight_also_when_the_run_was_there_before_it(
    tab: Tab, served: Pages
) -> None:
    await tab.size(1000, 700)
    view = await look(tab, served, [runs.observed("wide(100)", runs.WIDE)])
    view.show([runs.wide()])
    await at(tab, 5)
    cell = f"{row(5)}.querySelector('.cell[title^=\\'four: observed 101\\']')"
    right = "cwm.grids.left.scroll.getBoundingClientRect().right"
    await tab.until(f"{cell}.getBoundingClientRect().right <= {right} + 1")
    assert await tab.value("cwm.grids.left.scroll.scrollLeft > 0")


@pytest.mark.parametrize("column", range(5))
async def test_a_variable_is_brought_into_sight_without_cutting_another(
    tab: Tab, served: Pages, column: int
) -> None:
    await tab.size(1000, 700)
    await look(tab, served, [runs.wide()])
    await at(tab, 5)
    await tab.value(f"cwm.choose(5, {{ column: {column} }})")
    await tab.until(f"cwm.column === {column} && !cwm.asking && cwm.waits < 0")
    edges = "cwm.grids.left.edges.includes(cwm.grids.left.scroll.scrollLeft)"
    assert await tab.value(f"cwm.grids.left.scroll.scrollLeft === 0 || {edges}")


async def test_what_a_step_gives_reaches_over_no_column_once_its_beginning_is_out_of_sight(
    tab: Tab, served: Pages
) -> None:
    await tab.size(1000, 700)
    source = "def f(first, second, third, fourth):\n    return [first, second, third, fourth] * 9\n"
    await look(tab, served, [runs.observed("f(1111111, 2222222, 3333333, 4444444)", source)])
    given = f"[...{row(2)}.querySelectorAll('.cell')].find((one) => !one.hidden && one.column < 0)"
    own = "cwm.grids.left.edges[1]"
    await tab.until(f"{given} && {given}.width > {own}")
    await tab.value("cwm.grids.left.scroll.scrollLeft = 99999")
    await tab.until(f"cwm.grids.left.scroll.scrollLeft > 0 && {given}.width === {own}")


async def test_in_a_narrow_pane_values_have_half_of_the_room(tab: Tab, served: Pages) -> None:
    await tab.size(460, 700)
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    assert await tab.value("cwm.grids.left.fixed <= cwm.grids.left.room * 0.55")
    fixed = f"{row(10)}.querySelector('.fixed').getBoundingClientRect()"
    code = f"{row(10)}.querySelector('.code').getBoundingClientRect()"
    assert await tab.value(f"{fixed}.right - {code}.right < 2"), "no empty room between a line and its values"


async def test_the_source_stays_in_sight_in_a_narrow_pane_that_is_high_enough(
    tab: Tab, served: Pages
) -> None:
    await tab.size(460, 700)
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    line = "document.querySelector('#source .line.ran')"
    inside = f"{line} && {line}.getBoundingClientRect().bottom <= document.querySelector('#detail').offsetTop"
    await tab.until(inside)
    assert await tab.value("document.querySelector('#detail').offsetHeight >= 120")
    await tab.size(460, 500)
    await tab.until("document.querySelector('#source').offsetHeight === 0")


async def test_values_stay_in_their_columns_when_the_pane_becomes_narrow(tab: Tab, served: Pages) -> None:
    await tab.size(1280, 700)
    await look(tab, served, [runs.wide()])
    await at(tab, 5)
    await tab.size(460, 700)
    await tab.until("cwm.grids.left.fixed <= cwm.grids.left.room * 0.55")
    await tab.value("cwm.choose(5)")
    cell = f"{row(5)}.querySelector('.cell[title^=\\'four: observed 101\\']')"
    await tab.until(
        f"{cell}.getBoundingClientRect().left === [...document.querySelectorAll('#left-heads .cell')]"
        ".find(one => one.textContent === 'four').getBoundingClientRect().left"
    )


async def test_a_prediction_is_never_shown_as_observed(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.predicted()])
    assert "nothing was run" in await tab.text()
    assert await row_text(tab, 2) == "≈ 3 2total = 0 ≈ 0 · 98 %"
    await tab.value("cwm.choose(2)")
    await at(tab, 2)
    kinds = await tab.value("[...document.querySelectorAll('#detail dt')].map(one => one.textContent)")
    assert kinds == ["predicted"]


async def test_the_source_pane_follows_the_line_that_ran_and_where_it_went(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    ran = "document.querySelector('#source .line.ran').innerText"
    await tab.until(f"{ran}.includes('if x > floor')")
    arrows = "[...document.querySelectorAll('#source .arrow')].filter(one => one.textContent)"
    assert await tab.value(f"{arrows}.map(one => one.nextSibling.textContent)") == ["3"]
    await tab.press("j")
    await tab.until(f"{ran}.includes('for x in xs')")


async def test_every_thing_on_the_page_has_a_name_for_those_who_do_not_see_it(
    tab: Tab, served: Pages
) -> None:
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    tree = await tab.send("Accessibility.getFullAXTree")
    nodes = [
        (one["role"]["value"], one.get("name", {}).get("value", ""))
        for one in tree["nodes"]
        if not one["ignored"]
    ]
    roles = {role for role, _ in nodes}
    assert {"grid", "row", "columnheader", "slider", "tree", "treeitem", "button", "searchbox"} <= roles
    needing = {"grid", "slider", "tree", "treeitem", "button", "searchbox", "columnheader"}
    assert [node for node in nodes if node[0] in needing and not node[1]] == []
    assert ("gridcell", "the run went to line 3; the model expected line 5, at 64 %") in nodes
    assert await tab.value("document.activeElement.getAttribute('role')") == "grid"
    active = "document.activeElement.getAttribute('aria-activedescendant')"
    assert "if x > floor" in await tab.value(f"document.getElementById({active}).innerText")


async def test_dark_light_and_forced_colours_have_colours_of_their_own(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.small()])
    paper = "getComputedStyle(document.body).backgroundColor"
    found = []
    for features in (
        {"prefers_color_scheme": "light"},
        {"prefers_color_scheme": "dark"},
        {"forced_colors": "active"},
    ):
        await tab.media(**features)
        found.append(await tab.value(paper))
    assert len(set(found[:2])) == 2
    chosen = ("cwm.grids.left.list.element(10)", "document.querySelector('#source .line.ran')")
    for one in chosen:
        painted = await tab.value(f"getComputedStyle({one}).backgroundColor")
        assert painted != found[2], "the chosen step and its line stand out without shadows, too"
    assert await row_text(tab, 10) == "◆ 11 4if x > floor: ⟨3/4⟩ → next line 3 ✗ predicted line 5 · 64 %"


async def test_where_nothing_diverges_the_key_says_so(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.observed()])
    await at(tab, 0)
    await tab.press("d")
    await tab.until("document.getElementById('live').textContent === 'There is no divergence.'")


VERDICTS = """[...document.querySelectorAll(".row .cell .glyph")]
  .filter((one) => one.textContent).map((one) => {
  const [verdict, cell] = [one.getBoundingClientRect(), one.parentElement.getBoundingClientRect()];
  return verdict.width > 0 && verdict.right <= cell.right + 1;
})"""
"""Of each value with a verdict on the screen: whether the verdict is in its cell."""


async def test_a_value_that_is_cut_keeps_its_verdict(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    await tab.value("document.styleSheets[0].insertRule('.row .cell { max-width: 60px }')")
    verdicts = await tab.value(VERDICTS)
    assert verdicts
    assert all(verdicts)


# --- two runs ------------------------------------------------------------------------------------


async def test_two_runs_scroll_together_and_say_where_they_part(tab: Tab, served: Pages) -> None:
    other = runs.observed("mean_above([4, 9, 1, 7], 3)")
    await look(tab, served, [runs.observed(), other], beside=1)
    await at(tab, 0)
    await tab.press("n")
    await at(tab, 9)
    await tab.until("document.querySelector('#detail .apart')")
    assert "left: x = 2; right: x = 1" in await tab.text()
    assert (await row_text(tab, 9)).startswith("✗ 10")
    assert (await row_text(tab, 9, "right")).endswith("1")
    await tab.press("x")
    await tab.until("cwm.side === 'right' && document.querySelector('#detail dd')?.textContent === '1'")
    assert await tab.value("document.activeElement === cwm.grids.right.scroll"), "the focus goes along"
    await tab.size(1440, 420)
    await tab.until("innerHeight === 420 && cwm.grids.left.scroll.clientHeight < 420")
    await tab.press("End")
    top, other_top = (f"cwm.grids.{side}.scroll.scrollTop" for side in ("left", "right"))
    await tab.until(f"{top} > 0 && {top} === {other_top}")


# --- live ------------------------------------------------------------------------------------------


async def test_a_run_grows_on_the_page_and_is_followed_to_its_divergence(tab: Tab, served: Pages) -> None:
    view = await served.open("one", "shop.py")
    view.say(Stage.RECORDING, "Running mean_above")
    await tab.open(served.url(view))
    await tab.until("document.getElementById('blank').innerText.includes('Running mean_above')")
    view.show([runs.long(40)], Stage.RECORDING, "Running walk")
    await at(tab, 39)
    view.show([runs.long(90)], Stage.RECORDING, "Running walk")
    await at(tab, 89)
    view.show([runs.small()])
    await at(tab, 10)
    view.show((), Stage.CHANGED, "The text has changed.")
    await tab.until("document.getElementById('blank').innerText.includes('The text has changed.')")


async def test_who_has_moved_stays_where_they_are_while_a_run_grows(tab: Tab, served: Pages) -> None:
    view = await served.open("one", "shop.py")
    view.show([runs.long(40)], Stage.RECORDING, "Running walk")
    await tab.open(served.url(view))
    await at(tab, 39)
    await tab.value("cwm.choose(7)")
    await at(tab, 7)
    view.show([runs.long(90)], Stage.RECORDING, "Running walk")
    await tab.until("cwm.total === 90")
    assert await tab.value("cwm.chosen") == 7


# --- what goes wrong -------------------------------------------------------------------------------


async def test_a_wrong_token_and_a_missing_one_are_told_apart(tab: Tab, served: Pages) -> None:
    view = await served.open("one", "shop.py")
    view.show([runs.small()])
    await tab.open(f"http://127.0.0.1:{served.port}/#wrong")
    await tab.until("document.getElementById('blank').innerText.includes('its token is wrong or old')")
    assert "mean_above" not in await tab.text()
    tab.console.clear()  # the browser notes the refusal, as it should
    await tab.open(f"http://127.0.0.1:{served.port}/")
    await tab.until("document.getElementById('blank').innerText.includes('lacks its token')")


async def test_what_is_on_the_screen_stays_when_the_server_goes(tab: Tab, served: Pages) -> None:
    await look(tab, served, [runs.small()])
    await at(tab, 10)
    await served.close()
    await tab.until("document.getElementById('status').textContent.includes('cwm-lsp has ended')")
    assert "if x > floor" in await tab.text()


async def test_text_of_the_user_s_is_text_and_nothing_else(tab: Tab, served: Pages) -> None:
    source = "def f(x):\n    y = x  # <img src=x onerror=alert(1)>\n    return y\n"
    call = "f('<b>bold</b><script>document.title = 1</script>')"
    await look(tab, served, [runs.observed(call, source)])
    await tab.press("End")
    await at(tab, 3)
    assert await tab.value("document.querySelectorAll('main b, main script, main img').length") == 0
    assert "<b>bold</b>" in await tab.text()


# --- a long run ------------------------------------------------------------------------------------


async def test_a_hundred_thousand_events_are_scrolled_scrubbed_and_searched(tab: Tab, served: Pages) -> None:
    shown = await asyncio.to_thread(runs.long, LONG)
    await look(tab, served, [shown])
    assert await tab.value("cwm.total") == LONG
    await at(tab, 253)
    assert await tab.value("document.querySelectorAll('#left .row').length") < 60
    await tab.press("End")
    await at(tab, LONG - 1)
    assert (await row_text(tab, LONG - 1)).startswith(f"{LONG:,}") or f"{LONG:,}" in await row_text(
        tab, LONG - 1
    )
    await tab.value("cwm.grids.left.scroll.scrollTop = cwm.grids.left.scroll.scrollHeight / 2")
    await tab.until(
        f"Math.abs(cwm.grids.left.list.first - {LONG // 2}) < 50 && cwm.rows.get(cwm.grids.left.list.first)"
    )
    await scrub(tab, 0.25)
    await tab.until(f"Math.abs(cwm.chosen - {LONG // 4}) < {LONG // 50}")
    await tab.press("/")
    await tab.type("n = 7142")
    await tab.press("Enter")
    await tab.until("cwm.chosen > 49000 && cwm.chosen < 51000 && cwm.shown.words.includes('7142')")
    assert await tab.value("document.querySelectorAll('*').length") < 3000


async def scrub(tab: Tab, share: float) -> None:
    """Drag the scrubber to a share of its width, as a mouse does."""
    box: dict[str, Any] = await tab.value("document.getElementById('strip').getBoundingClientRect().toJSON()")
    place = {"x": box["x"] + box["width"] * share, "y": box["y"] + box["height"] / 2}
    start = {"x": box["x"] + 10, "y": place["y"]}
    for kind, point in (("mousePressed", start), ("mouseMoved", place), ("mouseReleased", place)):
        await tab.send("Input.dispatchMouseEvent", type=kind, button="left", buttons=1, clickCount=1, **point)
