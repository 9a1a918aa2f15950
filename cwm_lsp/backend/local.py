"""A backend around an engine in this process: what is fed when, what is kept, what a cancel undoes.

Theory of operation. A prefix holds tokens; its memory holds the first of them, all or all but the
last: a token just written is fed with whatever comes next, which costs one pass instead of two.
``Held.ahead`` is the prediction after the last token, where it is known; where it is not (after a
rewind), the last token is fed again.

Everything that touches a memory runs on one worker thread, in slices of a chunk of tokens, so
prefixes take turns and a cancel waits for one slice at most. What is written at the same time is written in
shared passes (:mod:`cwm_lsp.backend.writing`). Tokens are committed on the event loop after the last slice; a
call that is cancelled or fails rewinds its memory and commits nothing.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from cwm_lsp.backend.draft import Draft
from cwm_lsp.backend.engine import Distribution, Engine, M
from cwm_lsp.backend.protocol import GREEDY, BackendInfo, Continuation, Ids, Sampling, Scores
from cwm_lsp.backend.scoring import joined, unpredicted
from cwm_lsp.backend.writing import Writer, Writing
from cwm_lsp.errors import BackendError, ContextExceeded

if TYPE_CHECKING:
    from cwm_lsp.backend.constraint import Constraint, Grammars

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """What is kept of closed prefixes, the least recently used going first. ``size`` is in bytes."""

    count: int = 8
    size: int = 128 * 1024 * 1024


class Held(NamedTuple):
    """The tokens of a prefix and, where known, what comes after them.

    One value, because the model's thread reads both while the event loop replaces them.
    """

    tokens: tuple[int, ...] = ()
    ahead: Distribution | None = None


class LocalBackend(Generic[M]):
    """Serves an engine. Call it from one event loop. ``grammars`` are those over the tokens of its model."""

    def __init__(
        self,
        engine: Engine[M],
        limits: CacheLimits | None = None,
        grammars: Grammars | None = None,
    ) -> None:
        self.engine = engine
        self.grammars = grammars
        self.writer = Writer(engine)
        self._limits = limits or CacheLimits()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="cwm-model")
        self._open: weakref.WeakSet[LocalPrefix[M]] = weakref.WeakSet()
        self._recent: OrderedDict[tuple[int, ...], LocalPrefix[M]] = OrderedDict()
        self._closed = False

    @property
    def info(self) -> BackendInfo:
        """Who answers."""
        return self.engine.info

    async def open(self, tokens: Sequence[int] = ()) -> LocalPrefix[M]:
        """A prefix that holds ``tokens``, begun from the closest one still in memory."""
        ids = self.checked(tokens, 0)
        prefix = await self.run(partial(self._begun, ids))
        await prefix.fill(ids)
        return prefix

    async def close(self) -> None:
        """Drop every prefix and the engine's thread. Closing twice is allowed."""
        self._closed = True
        for prefix in list(self._open):
            prefix.abandon()
        self._worker.shutdown(wait=False, cancel_futures=True)

    # For the prefixes of this backend.

    def checked(self, tokens: Sequence[int], held: int) -> Ids:
        """``tokens`` as an array, known to be ids and to fit behind ``held`` others."""
        ids = np.asarray(tokens, np.int64)
        if ids.size and (ids.min() < 0 or ids.max() >= self.info.vocabulary):
            raise BackendError(f"A token is not among the {self.info.vocabulary} of {self.info.model}.")
        if held + ids.size > self.info.context:
            raise ContextExceeded(
                f"{held + ids.size} tokens are needed and {self.info.model} holds {self.info.context}.",
                "Take a smaller function or fewer steps.",
            )
        return ids.astype(np.int32)

    async def run(self, job: Callable[[], T]) -> T:
        """Do ``job`` on the model's thread. When cancelled, raises only after the job is over."""
        if self._closed:
            raise BackendError("The model has been closed.")
        submitted = self._worker.submit(job)
        waiter = asyncio.wrap_future(submitted)
        try:
            return await asyncio.shield(waiter)
        except asyncio.CancelledError:
            if submitted.cancelled() and self._closed:
                raise BackendError("The model has been closed.") from None
            if not submitted.cancel():
                await _over(waiter)
            raise
        except BackendError:
            raise
        except Exception as error:
            raise BackendError(f"{self.info.model} failed: {error}") from error

    async def written(self, writing: Writing[M]) -> None:
        """Let ``writing`` come to its end."""
        self.writer.begin(writing)
        try:
            await asyncio.sleep(0)  # what is asked for at the same time begins at the same time
            while not writing.over:
                await self.run(partial(self.writer.turn, writing))
        finally:
            self.writer.end(writing)
        if writing.failure is not None:
            raise writing.failure

    def twin(self, held: Held, memory: M) -> LocalPrefix[M]:
        """A prefix that counts among those that others may begin from. Runs on the model's thread."""
        prefix = LocalPrefix(self, held, memory)
        self._open.add(prefix)
        return prefix

    def retire(self, prefix: LocalPrefix[M]) -> None:
        """Keep a closed prefix for a while. Runs on the model's thread."""
        self._open.discard(prefix)
        length, tokens = prefix.memory.length, prefix.tokens[: prefix.memory.length]
        for other in (*self._open, *self._recent.values()):
            if other.memory.length >= length and other.tokens[:length] == tokens:
                prefix.memory.free()  # all of it is in memory elsewhere
                return
        replaced = self._recent.pop(prefix.tokens, None)
        if replaced is not None:
            replaced.memory.free()
        self._recent[prefix.tokens] = prefix
        size = sum(kept.memory.size for kept in self._recent.values())
        while self._recent and (len(self._recent) > self._limits.count or size > self._limits.size):
            _, dropped = self._recent.popitem(last=False)
            size -= dropped.memory.size
            dropped.memory.free()

    def _begun(self, ids: Ids) -> LocalPrefix[M]:
        """A prefix that holds as much of ``ids`` as another has in memory. Runs on the model's thread."""
        best, held, shared = None, Held(), 0
        for candidate in (*self._recent.values(), *self._open):
            theirs = candidate.held
            common = _common(theirs.tokens[: candidate.memory.length], ids)
            if common > shared:
                best, held, shared = candidate, theirs, common
        if best is None:
            return self.twin(held, self.engine.memory())
        if held.tokens in self._recent:
            self._recent.move_to_end(held.tokens)
        if shared < len(held.tokens):
            held = Held(held.tokens[:shared])
        return self.twin(held, best.memory.fork(shared))


class LocalPrefix(Generic[M]):
    """Tokens, and the engine's memory of them. Calls on one prefix take turns."""

    def __init__(self, backend: LocalBackend[M], held: Held, memory: M) -> None:
        self._backend = backend
        self._turn = asyncio.Lock()
        self._closed = False
        self.held = held
        self.memory = memory

    @property
    def tokens(self) -> tuple[int, ...]:
        """The tokens held."""
        return self.held.tokens

    async def extend(self, tokens: Sequence[int]) -> Scores:
        """Append ``tokens`` and return how each of them scored."""
        async with self._exclusive():
            ids = self._backend.checked(tokens, len(self.tokens))
            if not len(ids):
                return joined([])
            known = self._foretold(int(ids[0]))
            return joined([*known, *await self._feed(ids, scored=True)])

    async def fill(self, ids: Ids) -> None:
        """Hold ``ids``, of which the prefix is the beginning; nothing is scored."""
        async with self._exclusive():
            await self._feed(ids[len(self.tokens) :], scored=False)

    async def write(
        self,
        stop: frozenset[int],
        max_tokens: int,
        *,
        first: frozenset[int] | str | None = None,
        sampling: Sampling = GREEDY,
    ) -> Continuation:
        """Continue until a token of ``stop``, ``max_tokens`` or the end of the context."""
        async with self._exclusive():
            ids = None if isinstance(first, str) else first
            draft = Draft(len(self.tokens), stop, min(max_tokens, self._room(ids)), sampling, ids)
            if isinstance(first, str):
                draft.constraint = await self._backend.run(partial(self._constraint, first, stop))
            if draft.limit <= 0:
                return Continuation((), (), False)
            writing = Writing(self.memory, self.tokens, draft, self.held.ahead)
            await self._backend.written(writing)
            self.memory = writing.memory
            self.held = Held((*self.tokens, *draft.tokens))
            return Continuation(tuple(draft.tokens), tuple(draft.logprob), draft.stopped)

    async def fork(self, length: int | None = None) -> LocalPrefix[M]:
        """A second prefix that begins with the same tokens, all or the first ``length``."""
        async with self._exclusive():
            held = self.held if length in (None, len(self.tokens)) else Held(self._first(length or 0))
            return await self._backend.run(partial(self._forked, held))

    async def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        async with self._exclusive():
            kept = self._first(length)
            if length < len(self.tokens):
                await self._backend.run(partial(self.memory.rewind, length))
                self.held = Held(kept)

    async def close(self) -> None:
        """Give the memory to the cache of recent prefixes. Closing twice is allowed."""
        async with self._turn:
            if not self._closed:
                self._closed = True
                await self._backend.run(partial(self._backend.retire, self))

    def abandon(self) -> None:
        """Close without keeping anything: the backend goes away."""
        self._closed = True

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        """One call at a time; what fails or is cancelled leaves the memory as it was."""
        async with self._turn:
            if self._closed:
                raise BackendError("The prefix has been closed.")
            try:
                yield
            except BaseException:
                self.memory.rewind(len(self.tokens))
                raise

    # Feeding.

    def _foretold(self, token: int) -> list[Scores]:
        """The score of the next ``token``, where it is known without feeding."""
        if not self.tokens:
            return [unpredicted(token)]
        return [] if self.held.ahead is None else [self.held.ahead.score(token)]

    async def _feed(self, ids: Ids, *, scored: bool) -> list[Scores]:
        """Feed what is pending and ``ids``; commit them. Scores are of what no earlier row foretold."""
        everything = np.concatenate([np.array(self.tokens, np.int32), ids])
        ahead, parts = self.held.ahead, []
        begin, end = self._unfed() if scored else self.memory.length, len(everything)
        while len(ids) and begin < end:
            upto = min(begin + self._backend.engine.chunk, end)
            first = max(len(self.tokens) - 1, begin) if scored else upto - 1
            part, ahead = await self._backend.run(partial(self._slice, everything, begin, upto, first))
            parts.append(part)
            begin = upto
        self.held = Held((*self.tokens, *ids.tolist()), ahead)
        return parts

    def _unfed(self) -> int:
        """Where feeding must start for the prediction after the last token to come out."""
        if self.tokens and self.held.ahead is None:
            return min(self.memory.length, len(self.tokens) - 1)
        return self.memory.length

    def _slice(self, everything: Ids, begin: int, end: int, first: int) -> tuple[Scores, Distribution]:
        """Feed ``everything[begin:end]``; score what is predicted from position ``first`` on."""
        self.memory.rewind(begin)
        first_row, targets = min(first, end - 1) - begin, everything[first + 1 : end + 1]
        return self._backend.engine.verify(self.memory, everything[begin:end], first_row, targets)

    def _first(self, length: int) -> tuple[int, ...]:
        if not 0 <= length <= len(self.tokens):
            raise BackendError(f"A prefix of {len(self.tokens)} tokens has no first {length}.")
        return self.tokens[:length]

    def _forked(self, held: Held) -> LocalPrefix[M]:
        return self._backend.twin(held, self.memory.fork(len(held.tokens)))

    # Writing.

    def _room(self, first: frozenset[int] | None) -> int:
        """How many tokens may be written, ``first`` being the ids allowed at the start."""
        info = self._backend.info
        if not self.tokens:
            raise BackendError("An empty prefix gives the model nothing to continue.")
        if first is not None and not (first and min(first) >= 0 and max(first) < info.vocabulary):
            raise BackendError(f"The first token is limited to ids that {info.model} does not have.")
        room = info.context - len(self.tokens)
        if room <= 0:
            raise ContextExceeded(f"The context of {info.model}, {info.context} tokens, is full.")
        return room

    def _constraint(self, grammar: str, stop: frozenset[int]) -> Constraint:
        """``grammar``, the beginning of which may stand already, after the last token of ``stop``."""
        if self._backend.grammars is None:
            raise BackendError(f"{self._backend.info.model} cannot be held to a grammar.")
        begin = len(self.tokens)
        while begin and self.tokens[begin - 1] not in stop:
            begin -= 1
        return self._backend.grammars.begin(grammar, self.tokens[begin:])


def _common(held: Sequence[int], ids: Ids) -> int:
    """Length of the common beginning."""
    count = min(len(held), len(ids))
    differs = np.array(held[:count], np.int32) != ids[:count]
    return int(differs.argmax()) if differs.any() else count


async def _over(waiter: asyncio.Future[T]) -> None:
    """Wait for a running job, however often the waiting itself is cancelled."""
    while not waiter.done():
        try:
            await asyncio.wait([waiter])
        except asyncio.CancelledError:
            continue
