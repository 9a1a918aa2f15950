"""``cwm-lsp view``: a run in a browser as it goes on, then beside its prediction; or saved runs."""

from __future__ import annotations

import asyncio
import contextlib
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from cwm_lsp.cli import engines, saved
from cwm_lsp.cli.commands import Job, job_for, recorded
from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.growing import Growing
from cwm_lsp.cli.loop import run
from cwm_lsp.cli.model import Model, opened
from cwm_lsp.cli.options import Request
from cwm_lsp.cli.target import SEPARATOR
from cwm_lsp.errors import BackendError, CwmError
from cwm_lsp.features.results import Call, Compared, Recorded
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.web.messages import Stage
from cwm_lsp.web.server import Pages
from cwm_lsp.web.tables import Shown
from cwm_lsp.web.view import View

Fill = Callable[[View], Awaitable[None]]
"""Puts onto the page what it is to show, and returns when that is complete."""


def view(request: Request, port: int, *, opens: bool) -> int:
    """Serve the page of a target or of saved runs until stopped."""
    shell = Shell(as_json=request.as_json)
    files = _saved_files(request)
    if files:
        shown = _loaded(files)
        return run(_serve(" · ".join(one.title for one in shown), _showing(shown), port, opens, shell))
    job = job_for(request, shell)
    return run(_serve(job.title, lambda page: _fill(page, job, shell), port, opens, shell))


def _saved_files(request: Request) -> list[Path]:
    """The words, if they name saved runs and not something to run."""
    words = (request.target, *request.words)
    named = all(word.endswith(".json") and SEPARATOR not in word for word in words)
    return [] if request.module or request.test or not named else [Path(word) for word in words]


def _loaded(files: Sequence[Path]) -> list[Shown]:
    return [Shown(path.name, saved.load(path)) for path in files]


def _showing(shown: Sequence[Shown]) -> Fill:
    async def fill(page: View) -> None:
        page.beside = 1 if len(shown) == 2 else None
        page.show(shown)

    return fill


async def _serve(title: str, fill: Fill, port: int, opens: bool, shell: Shell) -> int:
    """Open the page, fill it, and stay until stopped."""
    pages = Pages(port)
    try:
        page = await pages.open("", title)
        await _announce(pages.url(page), opens, shell)
        try:
            await fill(page)
        except CwmError as error:
            page.say(Stage.FAILED, str(error))
            raise
        await asyncio.Event().wait()
        return 0
    finally:
        await pages.close()


async def _announce(url: str, opens: bool, shell: Shell) -> None:
    if shell.as_json:
        shell.line({"url": url})
    else:
        shell.out.print(url, soft_wrap=True)
    if opens and not await asyncio.to_thread(webbrowser.open, url):
        shell.note("No browser could be opened; open the address yourself.")


async def _fill(page: View, job: Job, shell: Shell) -> None:
    """Show the run as it grows, then what the model says of it."""
    async with opened(job.loaded.settings) as model, _warm(model):
        async with Growing(job.title, lambda: page) as growing:
            trace = await recorded(job, shell, growing.take)
        whole = await asyncio.to_thread(normalise, trace)
        call = Call(whole.entry, "")
        page.show([Shown(job.title, Recorded(call, whole))], Stage.ASKING, "Asking the model")
        try:
            with shell.progress("Asking the model", "steps") as advance:

                def tell(done: int, total: int) -> None:
                    advance(done, total)
                    page.say(Stage.ASKING, "Asking the model", done / total if total else None)

                comparison, _ = await engines.score(model, whole, advance=tell)
        except BackendError as error:
            shell.note(str(error))
            page.say(Stage.READY, str(error))
            return
        page.show([Shown(job.title, Compared(call, comparison))])


@contextlib.asynccontextmanager
async def _warm(model: Model) -> AsyncIterator[None]:
    """Load the model meanwhile. That it cannot be had is said when it is asked."""
    warming = asyncio.ensure_future(model.warm())
    try:
        yield
    finally:
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
