"""The pages that an editor opens: results of its documents, as the language server has them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from cwm_lsp.cli.growing import Growing
from cwm_lsp.features.results import Result
from cwm_lsp.features.supposing import Supposed
from cwm_lsp.web.messages import Stage
from cwm_lsp.web.server import Pages
from cwm_lsp.web.tables import Shown

NOTHING = "There is nothing of the present text to show. Run the call again."


class PageViewer:
    """Shows documents of any number of connections on the pages of one process."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._growing: dict[str, Growing] = {}

    async def open(self, key: str, title: str, results: tuple[Result, ...]) -> str:
        """The address of the page of ``key``. Raises ``SettingsError`` where no port can be had."""
        view = await self._pages.open(key, title)
        if key in self._growing:
            self._growing[key].look()
        else:
            view.show([Shown(str(result.call), result) for result in results])
        return self._pages.url(view)

    async def open_futures(self, key: str, title: str, futures: tuple[Supposed, ...]) -> str:
        """The address of the page of ``key`` with the unchanged future and the first other one beside it."""
        view = await self._pages.open(key, title)
        view.title, view.beside = title, 1
        view.show([Shown(one.title, one) for one in futures])
        return self._pages.url(view)

    @asynccontextmanager
    async def recording(self, key: str, title: str) -> AsyncGenerator[Growing]:
        """While a run goes on: what takes it as it grows, for the page of ``key``, even if opened late."""
        async with Growing(title, lambda: self._pages.find(key)) as growing:
            self._growing[key] = growing
            try:
                yield growing
            finally:
                if self._growing.get(key) is growing:
                    del self._growing[key]

    def is_recording(self, key: str) -> bool:
        """Whether a run of ``key`` goes on."""
        return key in self._growing

    def update(self, key: str, results: tuple[Result, ...]) -> None:
        """Show other results on a page that was opened; none say so. A run that goes on stays in sight."""
        view = self._pages.find(key)
        if view is None or key in self._growing:
            return
        if results:
            view.show([Shown(str(result.call), result) for result in results])
        else:
            view.show((), Stage.CHANGED, NOTHING)

    async def close(self) -> None:
        """Hang up on all pages."""
        await self._pages.close()
