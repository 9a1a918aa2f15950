"""A vLLM server over HTTP, the user's own or one that ``cwm-lsp model serve`` started.

Prompts are always token ids, so user text cannot become a special token. A prefix is its tokens: forking
and going back cost nothing here, and the server's own prefix cache makes them cheap there. Scores come from
``prompt_logprobs=1``, always the same number, because each one compiles kernels of its own; such a request
computes its whole prompt anew, since vLLM does not read its cache for them.

What vLLM does differently from the engines of this process: the probabilities of what is written under a
grammar are the model's own, before the grammar limits them, where ours are renormalised.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.endpoints import Endpoint, Endpoints
from cwm_lsp.backend.http import Address, Fault, RequestFailed
from cwm_lsp.backend.protocol import GREEDY, BackendInfo, Continuation, Sampling, Scores
from cwm_lsp.backend.scoring import joined, unpredicted
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ContextExceeded, ModelUnavailable

if TYPE_CHECKING:
    from cwm_lsp.backend.constraint import Grammars

T = TypeVar("T")

ENDPOINT = "http://127.0.0.1:8000"
"""Where a server is looked for that the settings do not name."""

KEY = "VLLM_API_KEY"
"""The environment variable that holds the key of the server, as vLLM itself reads it."""

WITHIN = 100.0
"""Seconds that one answer may take; the model host is given longer than that."""

_RANKED = 128
"""How many token ids vLLM gives the log-probabilities of."""

_PROBE = "<|trace_context_start|><|frame_sep|><|line_sep|>"


class VllmBackend:
    """The model that ``info`` describes, on the servers at ``addresses``. Call it from one event loop."""

    def __init__(
        self,
        info: BackendInfo,
        addresses: Sequence[Address],
        *,
        grammars: Grammars | None = None,
        key: str = "",
        within: float = WITHIN,
    ) -> None:
        self._info = info
        self._served: str | None = None
        self._closed = False
        self.grammars = grammars
        self.endpoints = Endpoints(addresses, self._check, key=key, within=within)

    @property
    def info(self) -> BackendInfo:
        """Who answers."""
        return self._info

    async def open(self, tokens: Sequence[int] = ()) -> VllmPrefix:
        """A prefix that holds ``tokens``. Nothing is sent before something is asked."""
        if self._closed:
            raise BackendError("The model has been closed.")
        self.checked(tokens, 0)
        return VllmPrefix(self, tuple(tokens))

    async def close(self) -> None:
        """Refuse what is asked from now on; the server stays as it is."""
        self._closed = True

    async def probe(self) -> None:
        """Look at the servers that can be reached. Raises ``BackendError`` where none serves the model."""
        failures = []
        for endpoint in self.endpoints.all:
            try:
                await self._check(endpoint)
                endpoint.checked = True
            except RequestFailed as error:
                failures.append(endpoint.failed(error))
            except BackendError as error:
                failures.append(error)
        if len(failures) == len(self.endpoints.all):
            raise failures[0]

    async def complete(
        self, tokens: Sequence[int], wish: dict[str, Any], kept: Endpoint | None
    ) -> tuple[dict[str, Any], Endpoint]:
        """The one choice that the server makes for ``tokens``, and who made it. Raises ``BackendError``."""
        if self._closed:
            raise BackendError("The model has been closed.")
        body = {"model": self._served or self._info.model, "prompt": list(tokens), **wish}
        body |= {"temperature": 0.0} if "temperature" not in wish else {}
        answer, endpoint = await self.endpoints.ask(body, "/v1/completions", kept)
        try:
            choice = answer["choices"][0]
            if not isinstance(choice, dict):
                raise TypeError
        except (KeyError, IndexError, TypeError) as error:
            raise self.garbage(endpoint) from error
        return choice, endpoint

    def garbage(self, endpoint: Endpoint) -> BackendError:
        """What is said of an answer that lacks what was asked for."""
        return endpoint.failed(RequestFailed(Fault.GARBAGE, "what was asked for is missing"))

    def checked(self, tokens: Sequence[int], held: int) -> None:
        """Refuse what are no ids, and what does not fit behind ``held`` others."""
        if any(not 0 <= token < self._info.vocabulary for token in tokens):
            raise BackendError(f"A token is not among the {self._info.vocabulary} of {self._info.model}.")
        if held + len(tokens) > self._info.context:
            raise ContextExceeded(
                f"{held + len(tokens)} tokens are needed and {self._info.model} holds {self._info.context}.",
                "Take a smaller function or fewer steps.",
            )

    async def _check(self, endpoint: Endpoint) -> None:
        """Whether it serves our model, with our tokens. Raises ``RequestFailed`` or ``BackendError``."""
        listed = await self.endpoints.tried(endpoint, "/v1/models", None)
        try:
            models = {str(one["id"]): one for one in listed["data"]}
        except (KeyError, TypeError) as error:
            raise RequestFailed(Fault.GARBAGE, "it lists no models") from error
        served = self._served or next((name for name in models if self._is_ours(name)), None)
        if served not in models:
            named = f"serves {', '.join(models) or 'nothing'} and not {served or self._info.model}"
            raise ModelUnavailable(
                f"The model server {endpoint.address} {named}.",
                "Serve the model of the setting `model`, or name the one that is served.",
            )
        length = models[served].get("max_model_len")
        if self._info.tokenizer:
            await self._check_tokens(endpoint, served)
        self._served = served
        if isinstance(length, int) and length > 0:
            self._info = replace(self._info, context=min(self._info.context, length))

    def _is_ours(self, served: str) -> bool:
        return served.rstrip("/").rpartition("/")[2] == self._info.model

    async def _check_tokens(self, endpoint: Endpoint, served: str) -> None:
        """Whether the server cuts a few trace tokens as the tokenizer here does."""
        from tokenizers import Tokenizer

        ours = Tokenizer.from_file(self._info.tokenizer).encode(_PROBE, add_special_tokens=False).ids
        wish = {"model": served, "prompt": _PROBE, "add_special_tokens": False}
        theirs = (await self.endpoints.tried(endpoint, "/tokenize", wish)).get("tokens")
        if theirs != ours:
            raise ModelUnavailable(
                f"The model {served} of {endpoint.address} has no trace tokens, or others than "
                f"{self._info.tokenizer}.",
                "Serve a model that was trained on CWM traces, with its own tokenizer.",
            )


class VllmPrefix:
    """A run of tokens, and the server that has it in its cache. Calls on one prefix take turns."""

    def __init__(
        self, backend: VllmBackend, tokens: tuple[int, ...], endpoint: Endpoint | None = None
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

    async def fork(self) -> VllmPrefix:
        """A second prefix that begins with the same tokens."""
        async with self._turn:
            self._open()
            return VllmPrefix(self._backend, self.tokens, self._endpoint)

    async def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        async with self._turn:
            self._open()
            if not 0 <= length <= len(self.tokens):
                raise BackendError(f"A prefix of {len(self.tokens)} tokens has no first {length}.")
            self.tokens = self.tokens[:length]

    async def close(self) -> None:
        """Forget it. Closing twice is allowed."""
        self._closed = True

    def _open(self) -> None:
        if self._closed:
            raise BackendError("The prefix has been closed.")

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
        rows = choice.get("prompt_logprobs")
        try:
            parts = [_row(tokens[place], rows[place]) for place in range(max(begin, 1), len(asked))]
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise self._garbage() from error
        if len(asked) < len(tokens):
            parts.append(await self._last(tokens))
        return joined([unpredicted(tokens[0])] * (begin == 0) + parts)

    async def _last(self, tokens: tuple[int, ...]) -> Scores:
        """The score of the last of ``tokens``, asked as something to be written."""
        wish = {**_WRITING, "max_tokens": 1, "logprobs": 1, "logprob_token_ids": [tokens[-1]]}
        best, likely = _said(await self._choice(tokens[:-1], {**_WRITING, "max_tokens": 1, "logprobs": 1}), self)
        ranked = _ranked(await self._choice(tokens[:-1], wish), self)[0]
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
    ) -> Continuation:
        """Up to ``limit`` tokens after those held and ``behind``; ``first`` limits the first of them."""
        tokens: list[int] = []
        logs: list[float] = []
        while len(tokens) < limit and not (tokens and tokens[-1] in stop):
            begin = (*self.tokens, *behind, *tokens)
            if first is not None and not tokens:
                token, log = await self._limited(begin, first, sampling)
                more, likely = [token], [log]
            else:
                wish = {**_WRITING, **_drawn(sampling, len(begin)), "stop_token_ids": sorted(stop)}
                # A draw depends on the place in the prefix alone, so each place is asked for by itself.
                size = 1 if sampling.temperature > 0 else limit - len(tokens)
                more, likely = _said(await self._choice(begin, {**wish, "max_tokens": size}), self)
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
        tokens, logs = _said(choice, self)
        ranked = _ranked(choice, self)[0] | {tokens[0]: logs[0]}
        known = [log for token, log in ranked.items() if token in allowed]
        return tokens[0], min(0.0, logs[0] - float(np.logaddexp.reduce(known)))

    async def _held_to(
        self, grammar: str, stop: frozenset[int], limit: int, sampling: Sampling
    ) -> Continuation:
        """What is written under a grammar: by the server's mask, or by ours behind a part that stands already."""
        begin = len(self.tokens)
        while begin and self.tokens[begin - 1] not in stop:
            begin -= 1
        if begin == len(self.tokens) and sampling.temperature <= 0:
            wish = {**_WRITING, "stop_token_ids": sorted(stop), "max_tokens": limit}
            choice = await self._choice(self.tokens, {**wish, "structured_outputs": {"grammar": grammar}})
            tokens, logs = _said(choice, self)
            return Continuation(tuple(tokens), tuple(logs), tokens[-1] in stop)
        return await self._corrected(grammar, self.tokens[begin:], stop, limit, sampling)

    async def _corrected(
        self, grammar: str, given: tuple[int, ...], stop: frozenset[int], limit: int, sampling: Sampling
    ) -> Continuation:
        """Let the model write freely, keep what the grammar allows, and limit the token where it does not."""
        if self._backend.grammars is None:
            raise BackendError(f"{self._backend.info.model} cannot be held to a grammar.")
        constraint = self._backend.grammars.begin(grammar, given)
        tokens: list[int] = []
        logs: list[float] = []
        first: frozenset[int] | None = None
        while len(tokens) < limit and not (tokens and tokens[-1] in stop):
            more = await self._written(stop, limit - len(tokens), first, sampling, tuple(tokens))
            first = None
            for token, log in zip(more.tokens, more.logprob, strict=True):
                if not constraint.allowed()[token]:
                    first = frozenset(np.flatnonzero(constraint.allowed()).tolist())
                    break
                constraint.take(token)
                tokens.append(token)
                logs.append(log)
        return Continuation(tuple(tokens), tuple(logs), bool(tokens) and tokens[-1] in stop)

    async def _choice(self, tokens: Sequence[int], wish: dict[str, Any]) -> dict[str, Any]:
        choice, self._endpoint = await self._backend.complete(tokens, wish, self._endpoint)
        return choice

    def _garbage(self) -> BackendError:
        assert self._endpoint is not None
        return self._backend.garbage(self._endpoint)


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


def _row(token: int, row: dict[str, Any]) -> Scores:
    """The score of a prompt's ``token``: ``row`` holds it and the most likely one, which has the rank 1."""
    best, facts = min(row.items(), key=lambda item: int(item[1]["rank"]))
    return _scored(float(row[str(token)]["logprob"]), int(best), float(facts["logprob"]))


def _scored(logprob: float, best: int, best_logprob: float) -> Scores:
    return Scores(
        np.array([logprob], np.float32), np.array([best], np.int32), np.array([best_logprob], np.float32)
    )


def _said(choice: dict[str, Any], prefix: VllmPrefix) -> tuple[list[int], list[float]]:
    """The tokens of a choice, at least one, and the log-probability of each."""
    try:
        tokens = [int(token) for token in choice["token_ids"]]
        logs = [min(0.0, float(log)) for log in choice["logprobs"]["token_logprobs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise prefix._garbage() from error
    if not tokens or len(tokens) != len(logs):
        raise prefix._garbage()
    return tokens, logs


def _ranked(choice: dict[str, Any], prefix: VllmPrefix) -> list[dict[int, float]]:
    """For each token of a choice the log-probabilities that came with it, by id."""
    try:
        return [
            {int(name.removeprefix("token_id:")): float(log) for name, log in (row or {}).items()}
            for row in choice["logprobs"]["top_logprobs"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise prefix._garbage() from error


# --- from settings -----------------------------------------------------------------------------


def describe(settings: Settings) -> BackendInfo:
    """Who would answer, without asking a server. Raises ``ModelUnavailable`` or ``SettingsError``."""
    where = ", ".join(str(address) for address in addresses(settings))
    return checkpoint.outline(settings.model, "vllm", where)


def addresses(settings: Settings) -> list[Address]:
    """The servers that ``endpoint`` names, separated by commas or spaces."""
    urls = settings.endpoint.replace(",", " ").split() or [ENDPOINT]
    return [Address.of(url) for url in urls]


def create(settings: Settings) -> VllmBackend:
    """The backend, its servers looked at. Raises ``BackendError``."""
    info = describe(settings)
    grammars = None
    if info.tokenizer:
        from cwm_lsp.backend.constraint import Grammars  # a compact model needs no llguidance

        grammars = Grammars(Path(info.tokenizer), info.vocabulary)
    backend = VllmBackend(info, addresses(settings), grammars=grammars, key=os.environ.get(KEY, ""))
    _now(backend.probe())
    return backend


def _now(task: Coroutine[Any, Any, T]) -> T:
    """What ``task`` returns, whether or not an event loop runs here already."""
    with ThreadPoolExecutor(1) as worker:
        return worker.submit(asyncio.run, task).result()
