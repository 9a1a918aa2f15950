"""``textDocument/didSave`` and ``workspace/didChangeWatchedFiles``: tests on disk may be others now."""

from __future__ import annotations

from lsprotocol import types

from cwm_lsp.features.runnables import is_test_path
from cwm_lsp.lsp.server import CwmServer


def did_save(ls: CwmServer, params: types.DidSaveTextDocumentParams) -> None:
    """A document was saved."""
    if is_test_path(params.text_document.uri):
        ls.forget_tests()


def did_change_watched_files(ls: CwmServer, _: types.DidChangeWatchedFilesParams) -> None:
    """Files changed outside the editor."""
    ls.forget_tests()
