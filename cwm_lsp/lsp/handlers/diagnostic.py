"""``textDocument/diagnostic``: surprises for clients that pull; others get them pushed."""

from __future__ import annotations

from lsprotocol import types

from cwm_lsp.lsp import convert
from cwm_lsp.lsp.server import CwmServer


def diagnostic(
    ls: CwmServer, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport:
    """The first divergences of a document."""
    snapshot = ls.session.find(params.text_document.uri)
    items: list[types.Diagnostic] = []
    if snapshot is not None and ls.pulls_diagnostics:
        results = ls.session.results(snapshot.uri)
        failures = ls.session.failures(snapshot.uri)
        items = convert.diagnostics(snapshot, results, failures, ls.options.switches, ls.encoding)
    return types.RelatedFullDocumentDiagnosticReport(items=items)
