"""``workspace/didChangeConfiguration``: new options, shown at once."""

from __future__ import annotations

from lsprotocol import types

from cwm_lsp.lsp import options
from cwm_lsp.lsp.server import CwmServer


async def did_change_configuration(ls: CwmServer, params: types.DidChangeConfigurationParams) -> None:
    """Take the settings that came, say what is wrong with them, and show everything anew."""
    ls.take_options(options.parse(params.settings, ls.options))
    ls.tell_problems()
    await ls.publish(*ls.session.uris)
