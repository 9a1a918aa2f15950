"""Starts debugpy's adapter with three things mended, then gets out of the way.

Run as ``python -I adapter_boot.py FOLDER_OF_DEBUGPY``, speaking DAP on stdio. debugpy 1.8 sends header and
body in two pieces on sockets that wait for acknowledgements, which costs about 44 ms a message on Linux
(debugpy issue 2054); it reads the header of a message from a socket in one system call a byte; and it opens a
loopback port on which anyone may pose as the editor, although the editor is on stdio. All are set right here,
in our own process; debugpy's files are not touched.
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)

_BLOCK = 1 << 16


class PromptSocket(socket.socket):
    """A TCP socket that neither holds data back nor waits with acknowledgements."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hurry(nodelay=True)

    def accept(self) -> tuple[socket.socket, Any]:
        """An accepted connection is as prompt as its listener."""
        fd, address = self._accept()  # type: ignore[attr-defined]
        return PromptSocket(self.family, self.type, self.proto, fileno=fd), address

    def recv(self, *args: Any, **kwargs: Any) -> bytes:
        """Linux forgets TCP_QUICKACK after a while, so each read asks again."""
        self._hurry(nodelay=False)
        return super().recv(*args, **kwargs)

    def _hurry(self, nodelay: bool) -> None:
        try:
            if nodelay and self.type == socket.SOCK_STREAM:
                self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _QUICKACK is not None:
                self.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        except OSError:  # not a TCP socket, or closed already
            return


class Blocks:
    """Both ends of a stream of debugpy over a socket, read by blocks."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._read = b""

    def readline(self) -> bytes:
        """One line with its end; what there is of it at the end of the stream."""
        while (end := self._read.find(b"\n") + 1) == 0:
            if not self._more():
                return self._take(len(self._read))
        return self._take(end)

    def read(self, size: int) -> bytes:
        """At least one byte and at most ``size``; none at the end of the stream."""
        if not self._read:
            self._more()
        return self._take(size)

    def write(self, data: bytes) -> int:
        """Send some of ``data``; how many bytes."""
        return self._socket.send(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The socket is closed by who gave it."""

    def _more(self) -> bool:
        block = self._socket.recv(_BLOCK)
        self._read += block
        return bool(block)

    def _take(self, size: int) -> bytes:
        taken, self._read = self._read[:size], self._read[size:]
        return taken


def read_in_blocks(messaging: Any) -> None:
    """Make the adapter's streams over sockets read by blocks."""

    def from_socket(cls: Any, sock: socket.socket, name: str | None = None) -> Any:
        def clean_up() -> None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

        sock.settimeout(None)
        blocks = Blocks(sock)
        return cls(blocks, blocks, name or repr(sock), clean_up)

    messaging.JsonIOStream.from_socket = classmethod(from_socket)


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
    read_in_blocks(import_module("debugpy.common.messaging"))
    close_client_port(import_module("debugpy.adapter.clients"), host)
    import_module("debugpy.adapter.__main__").main()


if __name__ == "__main__":
    main()
