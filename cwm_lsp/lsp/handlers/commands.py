"""``workspace/executeCommand``: the only place from where anything is run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cwm_lsp.features.results import Call, Recorded, Result
from cwm_lsp.features.session import Report
from cwm_lsp.features.text import preview
from cwm_lsp.lsp import convert, options
from cwm_lsp.lsp.extension import CallResult, DebugAdapter, ViewResult
from cwm_lsp.lsp.progress import with_progress
from cwm_lsp.lsp.server import CwmServer, Following
from cwm_lsp.trace.model import Trace

OBSERVED_AFTER = 0.5
"""Seconds that a comparison may take before the lines show what was observed, without the model's say."""

_Run = Callable[[str, Call, Report, Following], Awaitable[Result]]


async def record(ls: CwmServer, params: types.ExecuteCommandParams) -> CallResult:
    """``cwm.record``: run a call and show what was observed."""
    return await _run(ls, params, "Record", ls.session.record)


async def predict(ls: CwmServer, params: types.ExecuteCommandParams) -> CallResult:
    """``cwm.predict``: show what the model says a call would do; nothing is run."""
    uri, call = _called(params)
    return await _call(ls, params, "Predict", lambda report: ls.session.predict(uri, call, report))


async def compare(ls: CwmServer, params: types.ExecuteCommandParams) -> CallResult:
    """``cwm.compare``: run a call and show it beside what the model says."""
    return await _run(ls, params, "Compare", ls.session.compare)


async def clear(ls: CwmServer, params: types.ExecuteCommandParams) -> None:
    """``cwm.clear``: drop the results of a document, or of all without an argument."""
    uri = _texts(params, "uri")[0] if params.arguments else None
    await ls.publish(*ls.session.clear(uri))


async def toggle(ls: CwmServer, params: types.ExecuteCommandParams) -> dict[str, bool]:
    """``cwm.toggle``: turn one switch, ``all`` without an argument; how it stands now."""
    name = _texts(params, "name")[0] if params.arguments else "all"
    switches = options.toggled(ls.options.switches, name)
    ls.configure(replace(ls.options, switches=switches))
    await ls.publish(*ls.session.uris)
    return {name: getattr(switches, name)}


async def view(ls: CwmServer, params: types.ExecuteCommandParams) -> ViewResult:
    """``cwm.view``: where a browser finds the results of a document."""
    (uri,) = _texts(params, "uri")
    return {"url": await ls.view(uri)}


async def debug_adapter(ls: CwmServer, params: types.ExecuteCommandParams) -> DebugAdapter:
    """``cwm.debugAdapter``: a port of this process that speaks DAP, opened when it is first asked for."""
    ls.session.require_trust()
    host, port, token = await ls.services.debug_port(ls.options.settings, ls.options.trusted)
    return DebugAdapter(host=host, port=port, token=token)


async def _run(ls: CwmServer, params: types.ExecuteCommandParams, title: str, work: _Run) -> CallResult:
    """Run a call. The document's page, if it is open or opened meanwhile, follows."""
    uri, call = _called(params)

    async def followed(report: Report) -> Result:
        async with ls.services.viewer.recording(ls.page_key(uri), str(call)) as page:

            def tell(words: str, share: float | None) -> None:
                report(words, share)
                page.said(words, share)

            watch = _Observed(page, lambda: ls.publish(uri))
            try:
                return await work(uri, call, tell, watch)
            finally:
                watch.close()

    return await _call(ls, params, title, followed)


async def _call(
    ls: CwmServer, params: types.ExecuteCommandParams, title: str, work: Callable[[Report], Awaitable[Result]]
) -> CallResult:
    uri, call = _called(params)
    snapshot = ls.session.snapshot(uri)
    try:
        result = await with_progress(ls, f"{title} {preview(str(call))}", params.work_done_token, work)
    finally:
        # A comparison whose model failed has left the observed run to be shown.
        await ls.publish(uri)
    return convert.call_result(snapshot, result, ls.encoding)


class _Observed:
    """The page that follows a run; the document follows too, where the model takes its time over the run."""

    def __init__(self, page: Following, show: Callable[[], Awaitable[None]]) -> None:
        self._page = page
        self._show = show
        self._showing: asyncio.Task[None] | None = None

    def take(self, latest: Callable[[], Trace]) -> None:
        """See ``Watch.take``."""
        self._page.take(latest)

    def said(self, words: str, share: float | None) -> None:
        """See ``Following.said``."""
        self._page.said(words, share)

    def ran(self, result: Recorded) -> None:
        """See ``Watch.ran``."""
        self._page.ran(result)
        self._showing = asyncio.create_task(self._soon())

    def close(self) -> None:
        """The result is there, or will not come."""
        if self._showing is not None:
            self._showing.cancel()

    async def _soon(self) -> None:
        await asyncio.sleep(OBSERVED_AFTER)
        await self._show()


def _called(params: types.ExecuteCommandParams) -> tuple[str, Call]:
    """The document and the call that a command is about."""
    uri, function, arguments = _texts(params, "uri", "function", "arguments")
    return uri, Call(function, arguments)


def _texts(params: types.ExecuteCommandParams, *names: str) -> tuple[str, ...]:
    """Members of the command's one argument, all text. Raises ``InvalidParams``, naming what is wrong."""
    given: list[Any] = list(params.arguments or [])
    if len(given) != 1 or not isinstance(given[0], dict):
        raise JsonRpcInvalidParams(f"{params.command} takes one object with {', '.join(names)}.")
    for name in names:
        if not isinstance(given[0].get(name), str):
            raise JsonRpcInvalidParams(f"{params.command}: {name} must be text.")
    return tuple(given[0][name] for name in names)
