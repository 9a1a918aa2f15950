"""What several callers write at the same time, in passes that they share.

Theory of operation. Every call of ``write`` is a :class:`Writing` and takes turns on the model's thread until
its draft is done. Where one alone is under way it writes into the memory of its own prefix. As soon as there
are two, and the engine has rows, those that fit are copied into rows side by side, and a turn of whichever
of them writes for all: a pass appends one token to each row. A row whose draft is done makes room for the
next. What was written in a row is not copied back; the prefix feeds it again with what comes behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from cwm_lsp.backend.draft import Draft
from cwm_lsp.backend.engine import Batcher, Distribution, Engine, M, Rows
from cwm_lsp.errors import BackendError

WRITTEN_AT_ONCE = 8
"""Tokens that are written between two looks at the event loop, all rows taken together."""


@dataclass(eq=False, slots=True)
class Writing(Generic[M]):
    """A ``draft`` behind the tokens ``held``, of which ``memory`` has the first.

    ``ahead`` is the prediction after the last token, where it is known; ``failure`` ended this draft alone.
    The memory is replaced by another where the draft was written elsewhere; only its own prefix may follow.
    """

    memory: M
    held: tuple[int, ...]
    draft: Draft
    ahead: Distribution | None = None
    failure: BackendError | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more is to be written."""
        return self.draft.done or self.failure is not None

    @property
    def tokens(self) -> tuple[int, ...]:
        """All that stands."""
        return (*self.held, *self.draft.tokens)

    @property
    def fed(self) -> int:
        """How many tokens the memory is to keep so that feeding the others predicts what comes next."""
        return min(self.memory.length, len(self.held) + len(self.draft.tokens) - 1)


@dataclass(eq=False, slots=True)
class _Seat(Generic[M]):
    """A row: whose it is, and what is to be fed before the model is asked again."""

    writing: Writing[M]
    due: deque[int]


class Writer(Generic[M]):
    """``begin`` and ``end`` are called on the event loop, all else on the model's thread."""

    def __init__(self, engine: Engine[M]) -> None:
        self._engine = engine
        self._rows: Rows[M] | None = engine.rows() if isinstance(engine, Batcher) else None
        self._under_way: list[Writing[M]] = []
        self._seats: list[_Seat[M]] = []

    def begin(self, writing: Writing[M]) -> None:
        """From now on the turns of others may write for it."""
        self._under_way.append(writing)

    def end(self, writing: Writing[M]) -> None:
        """It is done, or nobody waits for it any more."""
        self._under_way.remove(writing)

    def turn(self, writing: Writing[M]) -> None:
        """Write a few tokens: of ``writing``, or of all that have rows."""
        if writing.over:  # by the turn of another
            return
        if self._rows is not None:
            self._seat(self._rows, [one for one in tuple(self._under_way) if not one.over])
        if self._rows is not None and self._seats:
            self._together(self._rows)
        else:
            self._alone(writing)

    def _alone(self, writing: Writing[M]) -> None:
        if self._rows is not None:
            self._rows.clear()  # nobody writes together any more
        draft, memory = writing.draft, writing.memory
        if writing.ahead is None:
            begin = writing.fed
            memory.rewind(begin)
            tokens = np.array(writing.tokens[begin:], np.int32)
            writing.ahead = self._engine.follow(memory, tokens)
        for _ in range(WRITTEN_AT_ONCE):
            written = draft.take(writing.ahead)
            if draft.done:
                break  # the last tokens are fed only when another is to follow them
            writing.ahead = self._engine.follow(memory, np.array(written, np.int32))

    def _seat(self, rows: Rows[M], waiting: Sequence[Writing[M]]) -> None:
        """Rows for those that ``waiting`` names, as far as they fit; none for a single one."""
        for place in reversed(range(len(self._seats))):
            if self._seats[place].writing not in waiting:
                self._leave(rows, place)
        seated = [seat.writing for seat in self._seats]
        # The longest first, so that the rows are made for it and need not grow.
        standing = sorted((one for one in waiting if one not in seated), key=lambda one: -one.fed)
        if not seated and (len(standing) < 2 or not rows.takes([one.fed for one in standing[:2]])):
            return
        for one in standing:
            if not rows.takes([*rows.lengths, one.fed]):
                break
            rows.join(one.memory, one.fed)
            self._seats.append(_Seat(one, deque(one.tokens[one.fed :])))
            one.ahead = None

    def _together(self, rows: Rows[M]) -> None:
        try:
            for _ in range(max(1, WRITTEN_AT_ONCE // len(self._seats))):
                ahead = rows.follow(np.array([seat.due.popleft() for seat in self._seats], np.int32))
                for place in reversed(range(len(self._seats))):
                    self._take(rows, place, ahead[place])
                if not self._seats:
                    break
        except BaseException:
            # What the rows hold is unknown: everybody begins again from what stands.
            self._seats.clear()
            rows.clear()
            raise

    def _take(self, rows: Rows[M], place: int, ahead: Distribution) -> None:
        seat = self._seats[place]
        if seat.due:
            return
        try:
            seat.due.extend(seat.writing.draft.take(ahead))
        except BackendError as error:
            seat.writing.failure = error
        if seat.writing.draft.done:
            seat.writing.memory = rows.memory(place, seat.writing.memory)
        if seat.writing.over:
            self._leave(rows, place)

    def _leave(self, rows: Rows[M], place: int) -> None:
        rows.leave(place)
        self._seats[place] = self._seats[-1]
        self._seats.pop()
