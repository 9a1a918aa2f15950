"""Which handler answers which method: the whole of what the server declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lsprotocol import types

from cwm_lsp.lsp.extension import Command
from cwm_lsp.lsp.handlers import (
    code_action,
    code_lens,
    commands,
    configuration,
    diagnostic,
    files,
    hover,
    initialize,
    inlay_hint,
    repairing,
    supposing,
    visiting,
)
from cwm_lsp.lsp.server import CwmServer, Services

Handler = Callable[..., Any]

METHODS: Mapping[str, tuple[Handler, Any]] = {
    types.INITIALIZE: (initialize.initialize, None),
    types.INITIALIZED: (initialize.initialized, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (configuration.did_change_configuration, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (files.did_change_watched_files, None),
    types.TEXT_DOCUMENT_DID_SAVE: (files.did_save, None),
    types.TEXT_DOCUMENT_HOVER: (hover.hover, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (inlay_hint.inlay_hint, None),
    types.TEXT_DOCUMENT_CODE_LENS: (code_lens.code_lens, None),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        code_action.code_action,
        types.CodeActionOptions([types.CodeActionKind.QuickFix], resolve_provider=True),
    ),
    types.CODE_ACTION_RESOLVE: (code_action.resolve, None),
    types.TEXT_DOCUMENT_DIAGNOSTIC: (
        diagnostic.diagnostic,
        types.DiagnosticOptions(inter_file_dependencies=False, workspace_diagnostics=False, identifier="cwm"),
    ),
}

COMMANDS: Mapping[Command, Handler] = {
    Command.RECORD: commands.record,
    Command.PREDICT: commands.predict,
    Command.COMPARE: commands.compare,
    Command.CLEAR: commands.clear,
    Command.TOGGLE: commands.toggle,
    Command.REPAIR: repairing.repair,
    Command.FIX: repairing.fix,
    Command.VIEW: commands.view,
    Command.VIEW_WHAT_IF: supposing.view_what_if,
    Command.VISITS: visiting.visits,
    Command.VISIT: visiting.visit,
    Command.DEBUG_ADAPTER: commands.debug_adapter,
}


def create_server(services: Services) -> CwmServer:
    """A server for one connection, with everything registered."""
    server = CwmServer(services)
    for method, (handler, options) in METHODS.items():
        server.feature(method, options)(handler)
    for command, handler in COMMANDS.items():
        server.command(command.value)(handler)
    return server
