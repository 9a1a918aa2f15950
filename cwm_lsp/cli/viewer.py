"""The pages that an editor opens: results of its documents, as the language server has them."""

from __future__ import annotations

from cwm_lsp.features.results import Result
from cwm_lsp.web.messages import Stage
from cwm_lsp.web.server import Pages
from cwm_lsp.web.tables import Shown

CHANGED = "The text has changed since, so its values are gone. Run the call again."


class PageViewer:
    """Shows documents of any number of connections on the pages of one process."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def open(self, key: str, title: str, results: tuple[Result, ...]) -> str:
        """The address of the page of ``key``. Raises ``SettingsError`` where no port can be had."""
        view = await self._pages.open(key, title)
        view.show([Shown(str(result.call), result) for result in results])
        return self._pages.url(view)

    def update(self, key: str, results: tuple[Result, ...]) -> None:
        """Show other results on a page that was opened; none say why."""
        view = self._pages.find(key)
        if view is None:
            return
        if results:
            view.show([Shown(str(result.call), result) for result in results])
        else:
            view.show((), Stage.CHANGED, CHANGED)

    async def close(self) -> None:
        """Hang up on all pages."""
        await self._pages.close()
