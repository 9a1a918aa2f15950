"""What one call writes, token by token, before any of it is part of a prefix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cwm_lsp.backend.engine import Distribution
from cwm_lsp.backend.protocol import Sampling

if TYPE_CHECKING:
    from cwm_lsp.backend.constraint import Constraint


@dataclass(slots=True)
class Draft:
    """What has been written so far behind ``held`` tokens, up to a token of ``stop`` or ``limit`` tokens.

    ``first`` limits the first token, ``constraint`` each of them. The second half of a limit is kept for
    bringing to an end what a constraint says is open, so that whatever is written can be read.
    """

    held: int
    stop: frozenset[int]
    limit: int
    sampling: Sampling
    first: frozenset[int] | None = None
    constraint: Constraint | None = None
    tokens: list[int] = field(default_factory=list)
    logprob: list[float] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        """Whether a token of ``stop`` was written."""
        return bool(self.tokens) and self.tokens[-1] in self.stop

    @property
    def done(self) -> bool:
        """Whether nothing more is to be written."""
        return self.stopped or len(self.tokens) >= self.limit

    def take(self, ahead: Distribution) -> Sequence[int]:
        """Choose under what is said of the next token; what was written, with those known to follow.

        Tokens known at once leave ``ahead`` unused.
        """
        begin = len(self.tokens)
        if not self._jump():
            self._choose(ahead)
            self._jump()
        return self.tokens[begin:]

    def _jump(self) -> bool:
        """Write what the constraint leaves no choice about; whether that was anything."""
        begin = len(self.tokens)
        while self.constraint is not None and not self.done:
            known = self.constraint.forced()
            if not known:
                break
            for token in known[: self.limit - len(self.tokens)]:
                self._write(token, 0.0)
        return len(self.tokens) > begin

    def _choose(self, ahead: Distribution) -> None:
        place = self.held + len(self.tokens)
        if self.constraint is None:
            first = None if self.tokens else self.first
            ids = None if first is None else np.array(sorted(first))
            self._write(*ahead.choose(place, ids, self.sampling))
            return
        ids = np.flatnonzero(self.constraint.allowed())
        late = 2 * len(self.tokens) >= self.limit
        closing = self.constraint.closing(self.stop, len(self.tokens)) if late else None
        if closing is None:
            self._write(*ahead.choose(place, ids, self.sampling))
        else:
            self._write(closing, ahead.likelihood(closing, ids))

    def _write(self, token: int, logprob: float) -> None:
        if self.constraint is not None:
            self.constraint.take(token)
        self.tokens.append(token)
        self.logprob.append(logprob)
