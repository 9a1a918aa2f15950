"""A backend that counts what is asked of another."""

from __future__ import annotations

from collections.abc import Sequence

from cwm_lsp.backend.protocol import GREEDY, Backend, BackendInfo, Continuation, Prefix, Sampling, Scores


class CountingBackend:
    """Counts tokens ``given`` behind prompts and ``written``, and the ``calls`` that wrote them."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.given = 0
        self.written = 0
        self.calls = 0

    @property
    def info(self) -> BackendInfo:
        """Who answers."""
        return self._backend.info

    async def open(self, tokens: Sequence[int] = ()) -> Prefix:
        return CountingPrefix(self, await self._backend.open(tokens))

    async def close(self) -> None:
        await self._backend.close()


class CountingPrefix:
    def __init__(self, owner: CountingBackend, prefix: Prefix) -> None:
        self._owner = owner
        self._prefix = prefix

    @property
    def tokens(self) -> Sequence[int]:
        return self._prefix.tokens

    async def extend(self, tokens: Sequence[int]) -> Scores:
        self._owner.given += len(tokens)
        return await self._prefix.extend(tokens)

    async def write(
        self,
        stop: frozenset[int],
        max_tokens: int,
        *,
        first: frozenset[int] | str | None = None,
        sampling: Sampling = GREEDY,
    ) -> Continuation:
        more = await self._prefix.write(stop, max_tokens, first=first, sampling=sampling)
        self._owner.written += len(more.tokens)
        self._owner.calls += 1
        return more

    async def fork(self, length: int | None = None) -> Prefix:
        return CountingPrefix(self._owner, await self._prefix.fork(length))

    async def rewind(self, length: int) -> None:
        await self._prefix.rewind(length)

    async def close(self) -> None:
        await self._prefix.close()
