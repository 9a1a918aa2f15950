"""``textDocument/hover``: all visits of the line under the pointer."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from cwm_lsp.features.hover import hover as table
from cwm_lsp.features.results import told
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.lsp.positions import Encoding, characters
from cwm_lsp.lsp.server import CwmServer


async def hover(ls: CwmServer, params: types.HoverParams) -> types.Hover | None:
    """The table of visits, as markdown."""
    snapshot = ls.session.find(params.text_document.uri)
    if snapshot is None:
        return None
    results = told(ls.session.results(snapshot.uri), ls.options.switches)
    line = params.position.line + 1
    name = _word(snapshot, line, params.position.character, ls.encoding)
    text = await asyncio.to_thread(table, results, line, name)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None


def _word(snapshot: Snapshot, line: int, column: int, encoding: Encoding) -> str:
    """The identifier at a column, "" where there is none."""
    text = snapshot.line(line)
    at = characters(text, column, encoding)
    start, end = at, at
    while start > 0 and f"_{text[start - 1]}".isidentifier():
        start -= 1
    while end < len(text) and f"_{text[end]}".isidentifier():
        end += 1
    return text[start:end]
