"""What the two ways to vLLM have in common: a model that is asked to complete prompts of tokens.

A wish is what the body of ``/v1/completions`` says beside model and prompt, and a choice is one of the
``choices`` of the answer, whether they go over HTTP (:mod:`cwm_lsp.backend.vllm`) or to an engine of this
process (:mod:`cwm_lsp.backend.vllm_engine`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cwm_lsp.backend.endpoints import Endpoint
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.backend.vllm_prefix import VllmPrefix
from cwm_lsp.errors import BackendError, ContextExceeded

if TYPE_CHECKING:
    from cwm_lsp.backend.constraint import Grammars


class Completions(ABC):
    """The model that ``info`` describes; ``grammars`` are those over its tokens. Call it from one event loop.

    ``takes_grammars`` says that the model is held to a grammar where it runs, until that was refused once.
    """

    def __init__(self, info: BackendInfo, grammars: Grammars | None = None) -> None:
        self._info = info
        self._closed = False
        self.grammars = grammars
        self.takes_grammars = grammars is not None

    @property
    def info(self) -> BackendInfo:
        """Who answers."""
        return self._info

    async def open(self, tokens: Sequence[int] = ()) -> VllmPrefix:
        """A prefix that holds ``tokens``. Nothing is computed before something is asked."""
        self.working()
        self.checked(tokens, 0)
        return VllmPrefix(self, tuple(tokens))

    async def close(self) -> None:
        """Refuse what is asked from now on."""
        self._closed = True

    @abstractmethod
    async def complete(
        self, tokens: Sequence[int], wish: dict[str, Any], kept: Endpoint | None
    ) -> tuple[dict[str, Any], Endpoint | None]:
        """The one choice for ``tokens``, and the server that made it: ``kept`` if it can.

        Raises ``BackendError``, of the kind ``RequestRefused`` where another wish might be met.
        """

    @abstractmethod
    def garbage(self, endpoint: Endpoint | None) -> BackendError:
        """What is said of a choice that lacks what was asked for."""

    def working(self) -> None:
        """Refuse what is asked after the end."""
        if self._closed:
            raise BackendError("The model has been closed.")

    def checked(self, tokens: Sequence[int], held: int) -> None:
        """Refuse what are no ids, and what does not fit behind ``held`` others."""
        if any(not 0 <= token < self._info.vocabulary for token in tokens):
            raise BackendError(f"A token is not among the {self._info.vocabulary} of {self._info.model}.")
        if held + len(tokens) > self._info.context:
            raise ContextExceeded(
                f"{held + len(tokens)} tokens are needed and {self._info.model} holds {self._info.context}.",
                "Take a smaller function or fewer steps.",
            )


def grammars_of(info: BackendInfo) -> Grammars | None:
    """Grammars over the tokens of a model in CWM's format. Raises ``ModelUnavailable``."""
    if not info.tokenizer:
        return None
    from cwm_lsp.backend.constraint import Grammars  # a compact model needs no llguidance

    return Grammars(Path(info.tokenizer), info.vocabulary)
