"""A prefix on a vLLM server: its tokens, and what is asked of the server about them.

What differs from the engines of this process: under a grammar the model writes freely up to the first token
that may not stand, so the probabilities of what may are the model's own, and not renormalised.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cwm_lsp.backend.endpoints import Endpoint
from cwm_lsp.backend.protocol import GREEDY, Continuation, Sampling, Scores
from cwm_lsp.backend.scoring import joined, unpredicted
from cwm_lsp.errors import BackendError, ContextExceeded, RequestRefused

if TYPE_CHECKING:
    from cwm_lsp.backend.completions import Completions

logger = logging.getLogger(__name__)

_RANKED = 128
"""How many token ids vLLM gives the log-probabilities of."""


class VllmPrefix:
    """A run of tokens, and the server that has it in its cache. Calls on one prefix take turns."""

    def __init__(
        self, backend: Completions, tokens: tuple[int, ...], endpoint: Endpoint | None = None
    ) -> None:
        self._backend = backend
        self._turn = asyncio.Lock()
        self._endpoint = endpoint
        self._closed = False
        self.tokens = tokens

    async def extend(self, tokens: Sequence[int]) -> Scores:
        """Append ``tokens`` and return how each of them scored."""
        async with self._turn:
            self._open()
            self._backend.checked(tokens, len(self.tokens))
            if not tokens:
                return joined([])
            everything = (*self.tokens, *tokens)
            scores = await self._scores(everything, len(self.tokens))
            self.tokens = everything
            return scores

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
            self._open()
            limit = min(max_tokens, self._room(first))
            if isinstance(first, str):
                written = await self._held_to(first, stop, limit, sampling)
            else:
                written = await self._written(stop, limit, first, sampling)
            self.tokens = (*self.tokens, *written.tokens)
            return written

    async def fork(self, length: int | None = None) -> VllmPrefix:
        """A second prefix that begins with the same tokens, all or the first ``length``."""
        async with self._turn:
            self._open()
            kept = self.tokens if length is None else self._first(length)
            return VllmPrefix(self._backend, kept, self._endpoint)

    async def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        async with self._turn:
            self._open()
            self.tokens = self._first(length)

    async def close(self) -> None:
        """Forget it. Closing twice is allowed."""
        self._closed = True

    def _open(self) -> None:
        if self._closed:
            raise BackendError("The prefix has been closed.")

    def _first(self, length: int) -> tuple[int, ...]:
        if not 0 <= length <= len(self.tokens):
            raise BackendError(f"A prefix of {len(self.tokens)} tokens has no first {length}.")
        return self.tokens[:length]

    def _room(self, first: frozenset[int] | str | None) -> int:
        """How many tokens may be written."""
        info = self._backend.info
        if not self.tokens:
            raise BackendError("An empty prefix gives the model nothing to continue.")
        if isinstance(first, frozenset) and not (first and min(first) >= 0 and max(first) < info.vocabulary):
            raise BackendError(f"The first token is limited to ids that {info.model} does not have.")
        room = info.context - len(self.tokens)
        if room <= 0:
            raise ContextExceeded(f"The context of {info.model}, {info.context} tokens, is full.")
        return room

    # Scoring.

    async def _scores(self, tokens: tuple[int, ...], begin: int) -> Scores:
        """The scores of ``tokens`` from ``begin`` on."""
        if len(tokens) == 1:
            return unpredicted(tokens[0])
        # A prompt that fills the context leaves no room for the token that vLLM always writes.
        asked = tokens[: self._backend.info.context - 1]
        wish = {"max_tokens": 1, "prompt_logprobs": 1, "detokenize": False}
        choice = await self._choice(asked, wish)
        try:
            rows = choice["prompt_logprobs"]
            parts = [self._row(tokens[place], rows[place]) for place in range(max(begin, 1), len(asked))]
        except _NONSENSE as error:
            raise self._garbage() from error
        if len(asked) < len(tokens):
            parts.append(await self._last(tokens))
        return joined([unpredicted(tokens[0])] * (begin == 0) + parts)

    async def _last(self, tokens: tuple[int, ...]) -> Scores:
        """The score of the last of ``tokens``, asked as something to be written."""
        wish = {**_WRITING, "max_tokens": 1, "logprobs": 1, "logprob_token_ids": [tokens[-1]]}
        best, likely = self._said(
            await self._choice(tokens[:-1], {**_WRITING, "max_tokens": 1, "logprobs": 1})
        )
        ranked = self._ranked(await self._choice(tokens[:-1], wish))
        if tokens[-1] not in ranked:
            raise self._garbage()
        return _scored(ranked[tokens[-1]], best[0], likely[0])

    # Writing.

    async def _written(
        self,
        stop: frozenset[int],
        limit: int,
        first: frozenset[int] | None,
        sampling: Sampling,
        behind: tuple[int, ...] = (),
        grammar: str = "",
    ) -> Continuation:
        """Up to ``limit`` tokens after those held and ``behind``.

        ``first`` limits the first of them, ``grammar`` all of them, where they run.
        """
        tokens: list[int] = []
        logs: list[float] = []
        while len(tokens) < limit and not (tokens and tokens[-1] in stop):
            begin = (*self.tokens, *behind, *tokens)
            if first is not None and not tokens:
                token, log = await self._limited(begin, first, sampling)
                more, likely = [token], [log]
            else:
                wish = {**_WRITING, **_drawn(sampling, len(begin)), "stop_token_ids": sorted(stop)}
                if grammar and not tokens:
                    wish["structured_outputs"] = {"grammar": grammar}
                # A draw depends on the place in the prefix alone, so each place is asked for by itself.
                size = 1 if sampling.temperature > 0 else limit - len(tokens)
                more, likely = self._said(await self._choice(begin, {**wish, "max_tokens": size}))
            tokens += more
            logs += likely
        return Continuation(tuple(tokens), tuple(logs), bool(tokens) and tokens[-1] in stop)

    async def _limited(
        self, begin: tuple[int, ...], allowed: frozenset[int], sampling: Sampling
    ) -> tuple[int, float]:
        """One token among ``allowed``, renormalised over them as far as the server tells their likelihood."""
        if len(allowed) == 1:
            return min(allowed), 0.0
        ids = sorted(allowed)
        wish = {**_WRITING, **_drawn(sampling, len(begin)), "max_tokens": 1, "allowed_token_ids": ids}
        if len(ids) <= _RANKED:
            wish["logprob_token_ids"] = ids
        choice = await self._choice(begin, wish)
        tokens, logs = self._said(choice)
        ranked = self._ranked(choice) | {tokens[0]: logs[0]}
        known = [log for token, log in ranked.items() if token in allowed]
        return tokens[0], min(0.0, logs[0] - float(np.logaddexp.reduce(known)))

    async def _held_to(
        self, grammar: str, stop: frozenset[int], limit: int, sampling: Sampling
    ) -> Continuation:
        """What the grammar allows. The model is held to it where it runs, and what it wrote is looked at.

        It cannot be held to it there where the beginning stands already, where tokens are drawn, and where
        that was refused: then it writes freely, what may stand is kept, and the first token that may not is
        asked for again among those that may.
        """
        grammars = self._backend.grammars
        if grammars is None:
            raise BackendError(f"{self._backend.info.model} cannot be held to a grammar.")
        begin = len(self.tokens)
        while begin and self.tokens[begin - 1] not in stop:
            begin -= 1
        constraint = grammars.begin(grammar, self.tokens[begin:])
        tokens: list[int] = []
        logs: list[float] = []
        first: frozenset[int] | None = None
        refused: RequestRefused | None = None
        there = self._backend.takes_grammars and begin == len(self.tokens) and sampling.temperature <= 0
        while len(tokens) < limit and not (tokens and tokens[-1] in stop):
            asked = grammars.text(grammar) if there else ""
            try:
                more = await self._written(stop, limit - len(tokens), first, sampling, tuple(tokens), asked)
            except RequestRefused as error:
                if not asked:
                    raise
                there, refused = False, error
                continue
            if refused is not None and self._backend.takes_grammars:  # and the same without it was not
                logger.warning("no more grammars for %s: %s", self._backend.info.model, refused)
                self._backend.takes_grammars = False
            first = None
            for token, log in zip(more.tokens, more.logprob, strict=True):
                if not constraint.allowed()[token]:
                    first = frozenset(np.flatnonzero(constraint.allowed()).tolist())
                    break
                constraint.take(token)
                tokens.append(token)
                logs.append(log)
            there = False
        return Continuation(tuple(tokens), tuple(logs), bool(tokens) and tokens[-1] in stop)

    async def _choice(self, tokens: Sequence[int], wish: dict[str, Any]) -> dict[str, Any]:
        choice, self._endpoint = await self._backend.complete(tokens, wish, self._endpoint)
        return choice

    # What came back, which may be anything.

    def _garbage(self) -> BackendError:
        return self._backend.garbage(self._endpoint)

    def _row(self, token: int, row: dict[str, Any]) -> Scores:
        """The score of a prompt's ``token``: ``row`` holds it and the most likely one, which has the rank 1.

        Raises one of :data:`_NONSENSE`.
        """
        best, facts = min(row.items(), key=lambda item: int(item[1]["rank"]))
        return _scored(_log(row[str(token)]["logprob"]), self._id(best), _log(facts["logprob"]))

    def _said(self, choice: dict[str, Any]) -> tuple[list[int], list[float]]:
        """The tokens of a choice, at least one, and the log-probability of each."""
        try:
            tokens = [self._id(token) for token in choice["token_ids"]]
            logs = [_log(log) for log in choice["logprobs"]["token_logprobs"]]
        except _NONSENSE as error:
            raise self._garbage() from error
        if not tokens or len(tokens) != len(logs):
            raise self._garbage()
        return tokens, logs

    def _ranked(self, choice: dict[str, Any]) -> dict[int, float]:
        """The log-probabilities that came with the first token of a choice, by id."""
        try:
            row = choice["logprobs"]["top_logprobs"][0]
            return {self._id(name.removeprefix("token_id:")): _log(log) for name, log in row.items()}
        except _NONSENSE as error:
            raise self._garbage() from error

    def _id(self, said: Any) -> int:
        """A token of the model's. Raises ``ValueError`` for what is none."""
        token = int(said)
        if not 0 <= token < self._backend.info.vocabulary:
            raise ValueError(f"{token} is no token")
        return token


_NONSENSE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading an answer raises that is not of the form asked for."""

_WRITING = {
    "logprobs": 1,
    "ignore_eos": True,  # only what we call a stop stops
    "return_token_ids": True,
    "return_tokens_as_token_ids": True,
    "skip_special_tokens": False,
}


def _drawn(sampling: Sampling, place: int) -> dict[str, Any]:
    """How to choose a token at ``place`` of a prefix."""
    if sampling.temperature <= 0:
        return {"temperature": 0.0}
    seed = int(np.random.default_rng((sampling.seed, place)).integers(2**31))
    return {"temperature": sampling.temperature, "seed": seed}


def _log(said: Any) -> float:
    """A log-probability, 0 at most. Raises ``ValueError`` for NaN, which Python reads in JSON."""
    log = float(said)
    if math.isnan(log):
        raise ValueError("a log-probability is no number")
    return min(0.0, log)


def _scored(logprob: float, best: int, best_logprob: float) -> Scores:
    return Scores(
        np.array([logprob], np.float32), np.array([best], np.int32), np.array([best_logprob], np.float32)
    )
