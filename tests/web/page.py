"""The page in a tab: opened, looked at, waited for."""

from __future__ import annotations

from collections.abc import Sequence

from cwm_lsp.web.server import Pages
from cwm_lsp.web.tables import Shown
from cwm_lsp.web.view import View
from tests.web.chromium import Tab

LAID_OUT = "globalThis.cwm && cwm.total > 0 && cwm.shown"
"""True once the page shows a run."""


async def look(tab: Tab, served: Pages, shown: Sequence[Shown], beside: int | None = None) -> View:
    """Open the page of some results and wait until it shows them."""
    view = await served.open("one", "shop.py")
    view.beside = beside
    view.show(shown)
    await tab.open(served.url(view))
    await tab.until(LAID_OUT)
    return view


async def at(tab: Tab, step: int) -> None:
    """Wait until a step (from 0) is chosen, and its values are shown."""
    await tab.until(f"cwm.chosen === {step} && cwm.shown && cwm.shown.step === {step} && !cwm.asking")


def row(step: int, side: str = "left") -> str:
    """The element of a row."""
    return f"cwm.grids.{side}.list.element({step})"


async def row_text(tab: Tab, step: int, side: str = "left") -> str:
    """What stands in a row, on one line."""
    await tab.until(f"{row(step, side)} && cwm.rows.get({step})")
    return " ".join(str(await tab.value(f"{row(step, side)}.innerText")).split())
