"""What holds a session back for a moment: several may, and it goes on when all of them have let go."""

from __future__ import annotations

import asyncio


class Hold:
    """``holders`` are those that hold from the start."""

    def __init__(self, holders: int = 0) -> None:
        self._holders = holders
        self._free = asyncio.Event()
        self._settle()

    @property
    def is_free(self) -> bool:
        """Whether nobody holds."""
        return self._free.is_set()

    def take(self) -> None:
        """One more holds."""
        self._holders += 1
        self._settle()

    def release(self) -> None:
        """One lets go."""
        self._holders = max(0, self._holders - 1)
        self._settle()

    def end(self) -> None:
        """All let go."""
        self._holders = 0
        self._settle()

    async def wait(self) -> None:
        """Until nobody holds."""
        await self._free.wait()

    def _settle(self) -> None:
        if self._holders:
            self._free.clear()
        else:
            self._free.set()
