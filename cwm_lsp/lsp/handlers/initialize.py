"""``initialize`` and ``initialized``: the client's options, and what was wrong with them."""

from __future__ import annotations

from lsprotocol import types

from cwm_lsp.lsp import options
from cwm_lsp.lsp.server import CwmServer


def initialize(ls: CwmServer, params: types.InitializeParams) -> None:
    """Take ``initializationOptions``. A bad setting never keeps the server from starting."""
    ls.take_options(options.parse(params.initialization_options, ls.options))


def initialized(ls: CwmServer, _: types.InitializedParams) -> None:
    """Now that messages may be sent, say what was wrong with the options, and watch the tests."""
    ls.tell_problems()
    ls.watch_tests()
