"""A backend and a codec that count what is asked of others."""

from __future__ import annotations

from collections.abc import Sequence

from cwm_lsp.backend.protocol import GREEDY, Backend, BackendInfo, Continuation, Prefix, Sampling, Scores
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.protocol import Decoded, Decoder
from cwm_lsp.trace.model import Trace


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


class CountingDecoder:
    """Counts the ``tokens`` of the run that another reads, with those that are forced behind its prompt."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self.tokens = -len(decoder.forced)

    @property
    def forced(self) -> tuple[int, ...]:
        return self._decoder.forced

    def accept(self) -> None:
        self.tokens += len(self._decoder.forced)
        self._decoder.accept()

    @property
    def stop(self) -> frozenset[int]:
        return self._decoder.stop

    @property
    def choices(self) -> frozenset[int] | str | None:
        return self._decoder.choices

    @property
    def done(self) -> bool:
        return self._decoder.done

    @property
    def exhausted(self) -> bool:
        return self._decoder.exhausted

    def feed(self, tokens: Sequence[int], logprob: Sequence[float]) -> Decoded:
        self.tokens += len(tokens)
        return self._decoder.feed(tokens, logprob)

    def restart(self) -> tuple[int, ...]:
        return self._decoder.restart()


class CountingCodec(CompactCodec):
    """Counts the tokens of the run that its last decoder reads."""

    counted: CountingDecoder

    def decoder(self, trace: Trace, budget: int = 0) -> CountingDecoder:  # type: ignore[override]
        self.counted = CountingDecoder(super().decoder(trace, budget))
        return self.counted
