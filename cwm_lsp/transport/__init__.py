"""Bytes from a client and back to it, over stdio or TCP, for whatever protocol is framed in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Offer = Callable[[bytes], bool]
"""Takes bytes in the very turn of the loop that they came in, or declines by ``False``, having done nothing.

Offered is only what comes while all that came before has been worked on, so nothing overtakes anything. Each
turn of the loop that a message waits is a good part of what passing it on costs.
"""


class Sink(Protocol):
    """One end of a connection."""

    def write(self, data: bytes) -> None:
        """Queue bytes, in order; what is written after :meth:`close` is dropped."""
        ...

    @property
    def idle(self) -> bool:
        """Whether nothing is queued."""
        ...

    async def drain(self) -> None:
        """Wait while too much is queued."""
        ...

    def close(self) -> None:
        """Send what is queued, then hang up."""
        ...
