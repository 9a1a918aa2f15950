"""A vLLM server over HTTP, the user's own or one that ``cwm-lsp model serve`` started.

Prompts are always token ids, so user text cannot become a special token. A prefix is its tokens: forking
and going back cost nothing here, and the server's own prefix cache makes them cheap there. Scores come from
``prompt_logprobs=1``, always the same number, because each one compiles kernels of its own; such a request
computes its whole prompt anew, since vLLM does not read its cache for them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.endpoints import Endpoint, Endpoints
from cwm_lsp.backend.http import Address, Fault, RequestFailed
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.backend.vllm_prefix import VllmPrefix
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ContextExceeded, ServerLost

if TYPE_CHECKING:
    from cwm_lsp.backend.constraint import Grammars

T = TypeVar("T")

ENDPOINT = "http://127.0.0.1:8000"
"""Where a server is looked for that the settings do not name."""

KEY = "VLLM_API_KEY"
"""The environment variable that holds the key of the server, as vLLM itself reads it."""

WITHIN = 100.0
"""Seconds that one answer may take; the model host is given longer than that."""

MOMENT = 2.0
"""Seconds that ``auto`` waits for an answer of a server before it takes another backend."""

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
        attempts: int | None = None,
    ) -> None:
        self._info = info
        self._served: str | None = None
        self._closed = False
        self.grammars = grammars
        self.endpoints = Endpoints(addresses, self._check, key=key, within=within, attempts=attempts)

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
            raise ServerLost(
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
            raise ServerLost(
                f"The model {served} of {endpoint.address} has no trace tokens, or others than "
                f"{self._info.tokenizer}.",
                "Serve a model that was trained on CWM traces, with its own tokenizer.",
            )


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


def present(settings: Settings) -> None:
    """Look for a server for a moment. Raises ``BackendError`` where none serves the model."""
    key = os.environ.get(KEY, "")
    found = VllmBackend(describe(settings), addresses(settings), key=key, within=MOMENT, attempts=1)
    _now(found.probe())


def _now(task: Coroutine[Any, Any, T]) -> T:
    """What ``task`` returns, whether or not an event loop runs here already."""
    with ThreadPoolExecutor(1) as worker:
        return worker.submit(asyncio.run, task).result()
