"""Bytes from a client and back to it, over stdio or TCP, for whatever protocol is framed in them."""

from __future__ import annotations

from typing import Protocol


class Sink(Protocol):
    """One end of a connection."""

    def write(self, data: bytes) -> None:
        """Queue bytes, in order; what is written after :meth:`close` is dropped."""
        ...

    async def drain(self) -> None:
        """Wait while too much is queued."""
        ...

    def close(self) -> None:
        """Send what is queued, then hang up."""
        ...
