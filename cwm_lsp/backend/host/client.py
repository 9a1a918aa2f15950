"""The backend as the server sees it: the model in a child process that may die.

The child starts when a prefix is first opened. When it dies, what is being asked and every open
prefix raise ``ModelCrashed``; the next :meth:`HostedBackend.open` starts another, at once after the
first loss and after a growing pause when losses follow each other.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable, Sequence
from typing import Any

from cwm_lsp.backend.backoff import Backoff
from cwm_lsp.backend.host import messages
from cwm_lsp.backend.host.framing import Frame
from cwm_lsp.backend.host.process import HostProcess
from cwm_lsp.backend.protocol import GREEDY, BackendInfo, Continuation, Sampling, Scores
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ServerLost

START_WITHIN = 60.0
ANSWER_WITHIN = 120.0
"""Seconds that the host may take to load the model, and to answer one request."""


class HostedBackend:
    """Backend ``name`` in a process of its own. Call it from one event loop.

    ``info`` is who is expected to answer, known before the model is loaded, and who does once it is.
    ``on_lost`` is called when the model's server does not answer, before the caller is told. ``python`` is
    the interpreter of that process, which finds this package whether or not it is installed there.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        info: BackendInfo,
        *,
        start_within: float = START_WITHIN,
        answer_within: float = ANSWER_WITHIN,
        backoff: Backoff | None = None,
        on_lost: Callable[[ServerLost], None] | None = None,
        python: str = sys.executable,
    ) -> None:
        self._name = name
        self._settings = settings
        self._info = info
        self._start_within = start_within
        self._answer_within = answer_within
        self._backoff = backoff or Backoff()
        self._on_lost = on_lost
        self._python = python
        self._starting = asyncio.Lock()
        self._host: HostProcess | None = None
        self._burials: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._last: BackendError | None = None
        self._closed = False

    @property
    def info(self) -> BackendInfo:
        """Who answers."""
        return self._info

    @property
    def pid(self) -> int | None:
        """The process that holds the model, or ``None`` while there is none."""
        return self._host.pid if self._host and self._host.failure is None else None

    async def open(self, tokens: Sequence[int] = ()) -> HostedPrefix:
        """A prefix that holds ``tokens``. Starts the host where none is running."""
        host = await self._running()
        prefix = HostedPrefix(self, host, next(self._numbers), tuple(tokens))
        await prefix.begin()
        return prefix

    async def close(self) -> None:
        """End the host. Open prefixes are closed with it."""
        self._closed = True
        async with self._starting:
            if self._host is not None:
                await self._host.stop()
        await asyncio.gather(*self._burials)

    async def ask(self, host: HostProcess, header: dict[str, Any], body: bytes = b"") -> Frame:
        """One request to ``host``, for the prefixes that live there."""
        if self._closed:
            raise BackendError("The model has been closed.")
        try:
            frame = await host.request(header, body, self._answer_within)
        except BackendError as error:
            self._lost(host)
            self._tell(error)
            raise
        self._backoff.worked()
        return frame

    def number(self) -> int:
        """A number for a further prefix."""
        return next(self._numbers)

    async def _running(self) -> HostProcess:
        async with self._starting:
            if self._closed:
                raise BackendError("The model has been closed.")
            if self._host is not None:
                self._lost(self._host)
            if self._host is None:
                self._host = await self._started()
            return self._host

    async def _started(self) -> HostProcess:
        if self._last is not None and self._backoff.remaining > 0:
            pause = f"After repeated failures it is tried again in {self._backoff.remaining:.0f} s."
            raise type(self._last)(self._last.message, pause)
        try:
            host = await HostProcess.start(self._name, self._settings, self._start_within, self._python)
        except BackendError as error:
            self._failed(error)
            self._tell(error)
            raise
        self._info = host.info
        return host

    def _lost(self, host: HostProcess) -> None:
        """Count the loss of ``host``, once."""
        if self._host is host and host.failure is not None:
            self._host = None
            self._failed(host.failure)
            burial = asyncio.create_task(host.stop())
            self._burials.add(burial)
            burial.add_done_callback(self._burials.discard)

    def _tell(self, error: BackendError) -> None:
        if self._on_lost is not None and isinstance(error, ServerLost):
            self._on_lost(error)

    def _failed(self, error: BackendError) -> None:
        self._last = error
        self._backoff.failed()


class HostedPrefix:
    """A prefix that lives in the host; its tokens are known on both sides."""

    def __init__(
        self, backend: HostedBackend, host: HostProcess, number: int, tokens: tuple[int, ...]
    ) -> None:
        self._backend = backend
        self._host = host
        self._number = number
        self._turn = asyncio.Lock()
        self._closed = False
        self.tokens = tokens

    async def begin(self) -> None:
        """Open it in the host."""
        await self._made({"op": "open", "prefix": self._number}, messages.tokens_body(self.tokens))

    async def extend(self, tokens: Sequence[int]) -> Scores:
        """Append ``tokens`` and return how each of them scored."""
        async with self._turn:
            frame = await self._ask("extend", {}, messages.tokens_body(tokens))
            self.tokens = (*self.tokens, *tokens)
            return messages.body_scores(frame.body)

    async def write(
        self,
        stop: frozenset[int],
        max_tokens: int,
        *,
        first: frozenset[int] | str | None = None,
        sampling: Sampling = GREEDY,
    ) -> Continuation:
        """Continue until a token of ``stop``, ``max_tokens`` or the end of the context."""
        async with self._turn:
            frame = await self._ask("write", messages.write_header(stop, max_tokens, first, sampling))
            written = messages.header_continuation(frame.header)
            self.tokens = (*self.tokens, *written.tokens)
            return written

    async def fork(self, length: int | None = None) -> HostedPrefix:
        """A second prefix that begins with the same tokens, all or the first ``length``."""
        async with self._turn:
            kept = self.tokens if length is None else self.tokens[:length]
            twin = HostedPrefix(self._backend, self._host, self._backend.number(), kept)
            await twin._made(self._header("fork", {"twin": twin._number, "length": length}))
            return twin

    async def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        async with self._turn:
            await self._ask("rewind", {"length": length})
            self.tokens = self.tokens[:length]

    async def close(self) -> None:
        """Give the memory back. Closing twice, and after the host is gone, is allowed."""
        if not self._closed:
            self._closed = True
            self._release()

    async def _made(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Ask for what makes this prefix; where the caller stops waiting, take it back."""
        try:
            await self._backend.ask(self._host, header, body)
        except asyncio.CancelledError:
            self._release()
            raise

    async def _ask(self, op: str, arguments: dict[str, Any], body: bytes = b"") -> Frame:
        return await self._backend.ask(self._host, self._header(op, arguments), body)

    def _header(self, op: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._closed:
            raise BackendError("The prefix has been closed.")
        return {"op": op, "prefix": self._number, "base": len(self.tokens), **arguments}

    def _release(self) -> None:
        self._host.tell({"op": "close", "prefix": self._number})
