"""One page: the results that it shows, how far they have come, and what whoever looks at it is told.

Tables and sheets are made beside the loop, when somebody looks, and kept as long as their results are shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cwm_lsp.web.answers import GLYPHS, BadQuestion, answer, run_head
from cwm_lsp.web.messages import VERSION, Answered, Head, Stage, Status
from cwm_lsp.web.sheet import Sheet
from cwm_lsp.web.table import Table
from cwm_lsp.web.tables import Shown, table_of
from cwm_lsp.wire.loopback import make_token

SHEETS = 8
"""Pairs of runs that are kept laid out."""


class View:
    """What one address shows, ``beside`` being the run at the right. All methods belong to one event loop."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.beside: int | None = None
        self.token = make_token()
        self.revision = 0
        self._shown = 0
        self._results: tuple[Shown, ...] = ()
        self._status = _status(Stage.RECORDING, "", None)
        self._tables: tuple[Table, ...] = ()
        self._made: tuple[Shown, ...] = ()
        self._sheets: dict[tuple[int, int | None], Sheet] = {}
        self._making = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._telling: set[asyncio.Task[None]] = set()

    def show(self, results: Sequence[Shown], stage: Stage = Stage.READY, words: str = "") -> None:
        """Show other results; whoever looks is told."""
        self._results = tuple(results)
        self._shown += 1
        self.say(stage, words)

    def say(self, stage: Stage, words: str = "", share: float | None = None) -> None:
        """Say how far the work is; the results stay."""
        self._status = _status(stage, words, share)
        self.revision += 1
        task = asyncio.ensure_future(self._tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def newer(self, revision: int) -> None:
        """Wait until there is something that ``revision`` does not have."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.revision > revision)

    async def head(self) -> Head:
        """What the page begins with."""
        async with self._making:
            revision, status, results, shown = self.revision, self._status, self._results, self._shown
            tables = await asyncio.to_thread(self._made_of, results)
            runs = await asyncio.to_thread(lambda: [run_head(table) for table in tables])
        return {
            "say": "head",
            "version": VERSION,
            "revision": revision,
            "results": shown,
            "title": self.title,
            "status": status,
            "beside": self.beside,
            "glyphs": {str(state): glyph for state, glyph in GLYPHS.items()},
            "runs": runs,
        }

    async def answer(self, asked: object) -> Answered:
        """The answer to one question of the page."""
        async with self._making:
            revision = self.revision
            await asyncio.to_thread(self._made_of, self._results)
            told = await asyncio.to_thread(answer, asked, self._sheet)
        return {**told, "revision": revision}

    def _made_of(self, results: tuple[Shown, ...]) -> tuple[Table, ...]:
        if results is not self._made:
            held = {id(result.result): table for result, table in zip(self._made, self._tables, strict=True)}
            tables = tuple(held.get(id(result.result)) or table_of(result) for result in results)
            self._tables, self._made = tables, results
            self._sheets.clear()
        return self._tables

    def _sheet(self, run: int, beside: int | None) -> Sheet:
        """Called beside the loop, one at a time."""
        count = len(self._tables)
        if not 0 <= run < count or (beside is not None and not 0 <= beside < count):
            raise BadQuestion("That run is not shown any more.")
        key = (run, beside)
        if key not in self._sheets:
            while len(self._sheets) >= SHEETS:
                del self._sheets[next(iter(self._sheets))]
            right = None if beside is None else self._tables[beside]
            self._sheets[key] = Sheet(self._tables[run], right)
        return self._sheets[key]

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _status(stage: Stage, words: str, share: float | None) -> Status:
    return {"stage": str(stage), "words": words, "share": share}
