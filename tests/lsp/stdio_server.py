"""A process that serves one client over stdio, with a model of given beliefs. Prints, as user code might."""

from __future__ import annotations

import sys

from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.lsp.stdio import serve_stdio
from cwm_lsp.lsp.wiring import create_server
from tests.lsp.engines import BelievingEngines, services


def factory() -> CwmServer:
    """A server, made with noise."""
    print("this must not reach the client", flush=True)
    return create_server(services(BelievingEngines()))


sys.exit(serve_stdio(factory))
