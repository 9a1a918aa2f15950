"""vLLM without a server: its ``AsyncLLM`` in the model host.

The engine computes in a process of its own that vLLM starts, a child of the model host that ends with it.
What is asked of it are the wishes of :mod:`cwm_lsp.backend.completions`, so a prefix is the same here and on
a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any

from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.exceptions import VLLMClientError
from vllm.platforms import current_platform
from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError

from cwm_lsp.backend.checkpoint import Checkpoint
from cwm_lsp.backend.completions import Completions, grammars_of
from cwm_lsp.backend.endpoints import Endpoint
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.errors import BackendError, ModelCrashed, ModelUnavailable, RequestRefused

_FORMS = frozenset({"return_token_ids", "return_tokens_as_token_ids"})
"""Wishes about the form of an answer over HTTP."""


class EngineBackend(Completions):
    """The model of a checkpoint, which is described by ``info``, on an engine of our own."""

    def __init__(self, found: Checkpoint, info: BackendInfo) -> None:
        super().__init__(info, grammars_of(info))
        self._found = found
        self._numbers = count(1)
        self._loading = asyncio.Lock()
        self._engine: AsyncLLM | None = None

    def load(self) -> AsyncLLM:
        """Load the model. Raises ``ModelUnavailable``."""
        arguments = AsyncEngineArgs(
            model=str(self._found.folder),
            dtype="float32" if self._found.dtype == "F32" else "auto",  # which would halve it
            max_model_len=self._info.context,
            load_format="safetensors",
            skip_tokenizer_init=not self._info.tokenizer,
            enforce_eager=current_platform.is_cpu(),  # compiling takes minutes there
            disable_log_stats=True,
        )
        try:
            self._engine = AsyncLLM.from_engine_args(arguments)
        except Exception as error:  # whatever vLLM and the drivers raise
            raise ModelUnavailable(f"vLLM cannot load {self._found.folder}: {error}", _HINT) from error
        return self._engine

    async def close(self) -> None:
        """End the engine."""
        await super().close()
        engine, self._engine = self._engine, None
        if engine is not None:
            await asyncio.to_thread(engine.shutdown)

    async def complete(
        self, tokens: Sequence[int], wish: dict[str, Any], kept: Endpoint | None
    ) -> tuple[dict[str, Any], None]:
        """The one choice for ``tokens``. Raises ``BackendError``."""
        engine = await self._running()
        found = None
        try:
            prompt = {"prompt_token_ids": list(tokens)}
            async for answer in engine.generate(prompt, _parameters(wish), f"cwm-{next(self._numbers)}"):
                found = answer
        except EngineDeadError as error:
            await self._dropped(engine)
            said = f"vLLM's engine died: {error}"
            raise ModelCrashed(said, "It is loaded again when next asked.") from error
        except (VLLMClientError, ValueError) as error:
            raise RequestRefused(f"vLLM refused the request: {error}") from error
        if found is None:
            raise self.garbage(None)
        return _choice(found), None

    def garbage(self, endpoint: Endpoint | None) -> BackendError:
        """What is said of a choice that lacks what was asked for."""
        return BackendError("vLLM answered without what was asked for.", "Its version may not be supported.")

    async def _running(self) -> AsyncLLM:
        async with self._loading:
            self.working()
            return self._engine or await asyncio.to_thread(self.load)

    async def _dropped(self, engine: AsyncLLM) -> None:
        """Forget an engine that died; one that was loaded since stays."""
        if self._engine is engine:
            self._engine = None
        await asyncio.to_thread(engine.shutdown)


_HINT = "It must be a checkpoint that vLLM can run, and fit the GPU with its context."


def _parameters(wish: dict[str, Any]) -> SamplingParams:
    """``wish`` as the engine takes it."""
    taken = {"temperature": 0.0} | {name: value for name, value in wish.items() if name not in _FORMS}
    if "logprob_token_ids" in taken:
        del taken["logprobs"]  # the engine takes the one or the other, and a server both
    grammar = taken.pop("structured_outputs", None)
    if grammar is not None:
        taken["structured_outputs"] = StructuredOutputsParams(**grammar)
    return SamplingParams(**taken | {"detokenize": False, "output_kind": RequestOutputKind.FINAL_ONLY})


def _choice(answer: Any) -> dict[str, Any]:
    """What a server would have said."""
    written = answer.outputs[0]
    tokens, rows = list(written.token_ids), written.logprobs or []
    ranked = [{f"token_id:{token}": one.logprob for token, one in row.items()} for row in rows]
    return {
        "token_ids": tokens,
        "logprobs": {
            "token_logprobs": [row[token].logprob for token, row in zip(tokens, rows, strict=False)],
            "top_logprobs": ranked,
        },
        "prompt_logprobs": [
            row and {str(token): {"logprob": one.logprob, "rank": one.rank} for token, one in row.items()}
            for row in answer.prompt_logprobs or []
        ],
    }


def create(found: Checkpoint, info: BackendInfo) -> EngineBackend:
    """The backend of the checkpoint that ``info`` describes, loaded. Raises ``ModelUnavailable``."""
    backend = EngineBackend(found, info)
    backend.load()
    return backend
