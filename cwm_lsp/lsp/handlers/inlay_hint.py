"""``textDocument/inlayHint``: for clients that did not ask for ``cwm/states``."""

from __future__ import annotations

from lsprotocol import types

from cwm_lsp.features.hints import hints
from cwm_lsp.lsp import convert
from cwm_lsp.lsp.server import CwmServer


async def inlay_hint(ls: CwmServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    """The placements in a range as hints, from what is kept: cheap however often it is asked."""
    snapshot = ls.session.find(params.text_document.uri)
    if snapshot is None or ls.sends_states:
        return []
    placements = await ls.placements(snapshot.uri)
    if ls.session.find(snapshot.uri) is not snapshot:
        return []
    found = hints(snapshot, placements, params.range.start.line + 1, params.range.end.line + 1)
    return [convert.hint(snapshot, one, ls.encoding) for one in found]
