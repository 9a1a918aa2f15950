"""``textDocument/codeLens``: Predict and Compare over functions that have inputs to run."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from cwm_lsp.features.lenses import Action, Lens, lenses
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.lsp import convert
from cwm_lsp.lsp.server import CwmServer


async def code_lens(ls: CwmServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    """Lenses for a document."""
    snapshot = ls.session.find(params.text_document.uri)
    if snapshot is None:
        return []
    return [convert.lens(snapshot, one) for one in await offered(ls, snapshot)]


async def offered(ls: CwmServer, snapshot: Snapshot) -> list[Lens]:
    """Those of a document, worked out from texts alone; none where they are switched off, or it is past."""
    switches = ls.options.switches
    if not (switches.all and switches.lenses):
        return []
    tests = await ls.test_sources()
    others = tuple(test for test in tests if test.path != snapshot.source.path)
    async with ls.looking:
        if ls.session.find(snapshot.uri) is not snapshot:
            return []
        runnables = await asyncio.to_thread(ls.session.runnables, snapshot.uri, others)
        claims = await asyncio.to_thread(ls.session.claims, snapshot.uri)
    if ls.session.find(snapshot.uri) is not snapshot:
        return []
    results = ls.session.results(snapshot.uri)
    found = lenses(
        runnables,
        results,
        snapshot.source.path,
        failures=ls.session.failures(snapshot.uri),
        claims=claims,
        trusted=ls.session.trusted,
        predictions=switches.predictions,
    )
    return [one for one in found if one.action is not Action.SHOULD_BE or ls.asks_values]
