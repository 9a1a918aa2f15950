"""What every model backend offers: tokens in, scores and tokens out.

A backend knows no Python, no traces and no codec beyond the name of the one its model was
trained on. All positions are token indices; all probabilities are natural logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Logs = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """Who answers. ``context`` and ``vocabulary`` are counts of tokens.

    ``codec`` names the encoding the model was trained on (``compact`` or ``cwm``), ``digest``
    the SHA-256 of its weights ("" where unknown), ``device`` where it runs, ``tokenizer`` the path of
    the ``tokenizer.json`` whose ids it takes ("" for ``compact``, whose ids are our own).
    """

    name: str
    model: str
    codec: str
    context: int
    vocabulary: int
    device: str = "cpu"
    digest: str = ""
    tokenizer: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """How likely each of ``T`` given tokens was, and what the model would have said.

    ``logprob[i]`` belongs to token ``i`` of the ``T`` given ones, seen from the tokens before it;
    ``best[i]`` is the most likely token at that place and ``best_logprob[i]`` its logarithm.
    The first token of an empty prefix has no prediction: ``logprob`` 0, ``best`` the token itself.
    """

    logprob: Logs
    best: Ids
    best_logprob: Logs


@dataclass(frozen=True, slots=True)
class Continuation:
    """What the model wrote. ``stopped`` is False when it ran into ``max_tokens``.

    The token that stopped it is the last of ``tokens``.
    """

    tokens: tuple[int, ...]
    logprob: tuple[float, ...]
    stopped: bool


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose. Temperature 0 is greedy; otherwise ``seed`` makes it reproducible.

    Servers take temperatures up to 2.
    """

    temperature: float = 0.0
    seed: int = 0


GREEDY = Sampling()


class Prefix(Protocol):
    """A cached run of tokens in the model's memory.

    Extending costs the new tokens only. ``fork`` shares what stands; ``rewind`` forgets the end.
    Methods raise :class:`~cwm_lsp.errors.BackendError` and may be cancelled like any coroutine;
    a cancelled call leaves the prefix as it was before. Calls of ``write`` on several prefixes that are under
    way at the same time share the passes of the model where it can do that.
    """

    @property
    def tokens(self) -> Sequence[int]:
        """The tokens held."""
        ...

    async def extend(self, tokens: Sequence[int]) -> Scores:
        """Append ``tokens`` and return how each of them scored."""
        ...

    async def write(
        self,
        stop: frozenset[int],
        max_tokens: int,
        *,
        first: frozenset[int] | str | None = None,
        sampling: Sampling = GREEDY,
    ) -> Continuation:
        """Let the model continue until a token of ``stop`` (kept) or ``max_tokens``.

        ``first``, where given, limits the first token to these ids, its log-probability being
        renormalised over them. As text it is a grammar (Lark, as llguidance reads it) and limits every
        token in this way: it describes all that follows the last token of ``stop`` in the prefix, of
        which some may stand already. What is written becomes part of the prefix.
        """
        ...

    async def fork(self, length: int | None = None) -> Prefix:
        """A second prefix that begins with the same tokens, all or the first ``length``."""
        ...

    async def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        ...

    async def close(self) -> None:
        """Give the memory back. Closing twice is allowed."""
        ...


class Backend(Protocol):
    """A model that can be asked."""

    @property
    def info(self) -> BackendInfo:
        """Who answers."""
        ...

    async def open(self, tokens: Sequence[int] = ()) -> Prefix:
        """A prefix that holds ``tokens`` (reusing whatever is cached of it)."""
        ...

    async def close(self) -> None:
        """Release the model. Open prefixes are closed with it."""
        ...
