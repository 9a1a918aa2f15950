"""Starts debugpy's adapter for the proxy: mended as for recording, but with its client port, guarded.

Run as ``python -I adapter_boot.py RECORDING_BOOT FOLDER_OF_DEBUGPY [OPTIONS OF THE ADAPTER]``, speaking DAP
on stdio. Child processes are debugged over a loopback port of the adapter. debugpy lets anyone connect
there; here only who shows the secret that our parent put into ``CWM_LSP_PORT_SECRET``: the proxy.
"""

from __future__ import annotations

import hmac
import importlib.util
import os
import socket
import sys
import threading
from typing import Any

VARIABLE = "CWM_LSP_PORT_SECRET"
LOG_STDERR = "--log-stderr"
"""Taken here: debugpy's adapter refuses it on stdio, where it stands behind a proxy that listens."""

PATIENCE = 5.0
"""Seconds that a connection has to show the secret."""


def guard_client_port(clients: Any, secret: bytes) -> None:
    """Make the adapter's port for clients take only connections that begin with ``secret``."""
    sockets = importlib.import_module("debugpy.common.sockets")
    sessions = importlib.import_module("debugpy.adapter.sessions")

    def admit(connection: socket.socket) -> None:
        if knows(connection, secret):
            clients.Client(connection)
        else:
            connection.close()

    def accepted(connection: socket.socket) -> None:
        threading.Thread(target=admit, args=(connection,), daemon=True).start()

    def serve(host: str, port: int) -> Any:
        clients.listener = sockets.serve("Client", accepted, host, port)
        sessions.report_sockets()
        return sockets.get_address(clients.listener)

    clients.serve = serve


def knows(connection: socket.socket, secret: bytes) -> bool:
    """Whether the first bytes of a connection are ``secret``."""
    connection.settimeout(PATIENCE)
    shown = b""
    try:
        while len(shown) < len(secret) and (more := connection.recv(len(secret) - len(shown))):
            shown += more
        connection.settimeout(None)
    except OSError:
        return False
    return hmac.compare_digest(shown, secret)


def main() -> None:
    """Run the adapter until its editor hangs up."""
    spec = importlib.util.spec_from_file_location("cwm_adapter_boot", sys.argv.pop(1))
    if spec is None or spec.loader is None:
        raise SystemExit("The first argument names no Python file.")
    mended = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mended)
    if LOG_STDERR in sys.argv:
        sys.argv.remove(LOG_STDERR)
        log = importlib.import_module("debugpy.common.log")
        log.stderr.levels |= set(log.LEVELS)
    secret = os.environ.pop(VARIABLE).encode("ascii")
    vars(mended)["close_client_port"] = lambda clients, host: guard_client_port(clients, secret)
    mended.main()


if __name__ == "__main__":
    main()
