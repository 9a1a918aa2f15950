"""Starts debugpy's adapter with two things mended, then gets out of the way.

Run as ``python -I adapter_boot.py FOLDER_OF_DEBUGPY``, speaking DAP on stdio. debugpy 1.8 sends header and
body in two pieces on sockets that wait for acknowledgements, which costs about 44 ms a message on Linux
(debugpy issue 2054); and it opens a loopback port on which anyone may pose as the editor, although
the editor is on stdio. Both are set right here, in our own process; debugpy's files are not touched.
"""

from __future__ import annotations

import socket
import sys
from importlib import import_module
from typing import Any

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class PromptSocket(socket.socket):
    """A TCP socket that neither holds data back nor waits with acknowledgements."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hurry(nodelay=True)

    def accept(self) -> tuple[socket.socket, Any]:
        """An accepted connection is as prompt as its listener."""
        fd, address = self._accept()  # type: ignore[attr-defined]
        return PromptSocket(self.family, self.type, self.proto, fileno=fd), address

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Linux forgets TCP_QUICKACK after a while, so each read asks again."""
        self._hurry(nodelay=False)
        return super().recv_into(*args, **kwargs)

    def _hurry(self, nodelay: bool) -> None:
        try:
            if nodelay and self.type == socket.SOCK_STREAM:
                self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _QUICKACK is not None:
                self.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        except OSError:  # not a TCP socket, or closed already
            return


def close_client_port(clients: Any, host: str) -> None:
    """Make the adapter open no port for editors: its only one is on stdio."""
    clients.listener = None  # as before serve(); the adapter looks at it
    clients.serve = lambda *_: (host, 0)


def main() -> None:
    """Run the adapter until its editor hangs up."""
    folder = sys.argv.pop(1)
    sys.path[:] = [folder, *sys.path]
    socket.socket = PromptSocket  # type: ignore[misc]
    import_module("debugpy")
    host = import_module("debugpy.common.sockets").get_default_localhost()
    close_client_port(import_module("debugpy.adapter.clients"), host)
    import_module("debugpy.adapter.__main__").main()


if __name__ == "__main__":
    main()
