"""A vLLM server over HTTP, the user's own or one that ``cwm-lsp model serve`` started.

Prompts are always token ids, so user text cannot become a special token. A prefix is its tokens: forking
and going back cost nothing here, and the server's own prefix cache makes them cheap there. Scores come from
``prompt_logprobs=1``, always the same number, because each one compiles kernels of its own; such a request
computes its whole prompt anew, since vLLM does not read its cache for them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.completions import Completions, grammars_of
from cwm_lsp.backend.endpoints import Endpoint, Endpoints
from cwm_lsp.backend.http import Address, Fault, RequestFailed
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelUnavailable, ServerLost

if TYPE_CHECKING:
    from cwm_lsp.backend.constraint import Grammars

T = TypeVar("T")

ENDPOINT = "http://127.0.0.1:8000"
"""Where a server is looked for that the settings do not name."""

IN_PROCESS = "in-process"
"""The setting `endpoint` where vLLM is to run in the model host, without a server."""

KEY = "VLLM_API_KEY"
"""The environment variable that holds the key of the server, as vLLM itself reads it."""

WITHIN = 100.0
"""Seconds that one answer may take; the model host is given longer than that."""

MOMENT = 2.0
"""Seconds that ``auto`` waits for an answer of a server before it takes another backend."""

_ENGINE = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # a fork would keep the pipes of the model host open
}
"""What the environment of an engine in the model host says, where it does not say otherwise."""

_PROBE = "<|trace_context_start|><|frame_sep|><|line_sep|>"


class VllmBackend(Completions):
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
        super().__init__(info, grammars)
        self._served: str | None = None
        self.endpoints = Endpoints(addresses, self._check, key=key, within=within, attempts=attempts)

    async def probe(self) -> list[BackendError]:
        """Look at the servers; what is wrong with some of them.

        Raises ``BackendError`` where none serves the model.
        """
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
        return failures

    async def complete(
        self, tokens: Sequence[int], wish: dict[str, Any], kept: Endpoint | None
    ) -> tuple[dict[str, Any], Endpoint]:
        """The one choice that the server makes for ``tokens``, and who made it. Raises ``BackendError``."""
        self.working()
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

    def garbage(self, endpoint: Endpoint | None) -> BackendError:
        """What is said of an answer that lacks what was asked for."""
        assert endpoint is not None
        return endpoint.failed(RequestFailed(Fault.GARBAGE, "what was asked for is missing"))

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
        answer = await self.endpoints.tried(endpoint, "/tokenize", wish)
        if not isinstance(answer, dict) or answer.get("tokens") != ours:
            raise ServerLost(
                f"The model {served} of {endpoint.address} has no trace tokens, or others than "
                f"{self._info.tokenizer}.",
                "Serve a model that was trained on CWM traces, with its own tokenizer.",
            )


# --- from settings -----------------------------------------------------------------------------


def describe(settings: Settings) -> BackendInfo:
    """Who would answer, without asking a server. Raises ``ModelUnavailable`` or ``SettingsError``."""
    if in_process(settings):
        return checkpoint.outline(settings.model, "vllm", "this machine")
    where = ", ".join(str(address) for address in addresses(settings))
    return checkpoint.outline(settings.model, "vllm", where)


def in_process(settings: Settings) -> bool:
    """Whether vLLM is to run in the model host itself."""
    return settings.endpoint.strip() == IN_PROCESS


def addresses(settings: Settings) -> list[Address]:
    """The servers that ``endpoint`` names, separated by commas or spaces."""
    urls = settings.endpoint.replace(",", " ").split() or [ENDPOINT]
    return [Address.of(url) for url in urls]


def create(settings: Settings) -> Completions:
    """The backend: its servers looked at, or its engine loaded. Raises ``BackendError``."""
    info = describe(settings)
    if in_process(settings):
        found = checkpoint.whole(settings.model)
        found.verify()
        _installed()
        for name, value in _ENGINE.items():
            os.environ.setdefault(name, value)
        from cwm_lsp.backend import vllm_engine  # takes seconds, and reads the environment

        return vllm_engine.create(found, info)
    key = os.environ.get(KEY, "")
    backend = VllmBackend(info, addresses(settings), grammars=grammars_of(info), key=key)
    _now(backend.probe())
    return backend


def present(settings: Settings) -> list[BackendError]:
    """Look for the servers, or for vLLM itself, for a moment; what is wrong with some of several servers.

    Raises ``BackendError`` where there is none.
    """
    if in_process(settings):
        checkpoint.whole(settings.model)
        _installed()
        return []
    key = os.environ.get(KEY, "")
    found = VllmBackend(describe(settings), addresses(settings), key=key, within=MOMENT, attempts=1)
    return _now(found.probe())


def _installed() -> None:
    if find_spec("vllm") is None:
        raise ModelUnavailable(
            f"vLLM is not installed for {sys.executable}.", "Install it with: pip install 'cwm-lsp[vllm]'"
        )


def _now(task: Coroutine[Any, Any, T]) -> T:
    """What ``task`` returns, whether or not an event loop runs here already."""
    with ThreadPoolExecutor(1) as worker:
        return worker.submit(asyncio.run, task).result()
