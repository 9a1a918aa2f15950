"""Jump-forward decoding: a token that is known is neither asked for nor waited for.

Where a decoder leaves one token to choose, that token is taken as it stands. What is known in this way, or
forced, is put into the model's memory in one piece when there is something to ask, so that a run of which
all follows from the state costs the model nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from cwm_lsp.backend.protocol import GREEDY, Backend, Prefix, Sampling
from cwm_lsp.codec.protocol import Decoded, Decoder


class Transcript:
    """The tokens of a run in their order, of which the model is told when it is asked.

    The prefix that it is given is closed by who has opened it, the one that it opens by :meth:`close`.
    """

    def __init__(self, prefix: Prefix, backend: Backend | None = None) -> None:
        self._prefix = prefix
        self._backend = backend
        self._tokens = list(prefix.tokens)
        self._held = len(self._tokens)

    @classmethod
    async def opened(cls, backend: Backend) -> Transcript:
        """An empty one, which begins from what is in memory. Raises ``BackendError`` for a damaged model."""
        return cls(await backend.open(), backend)

    def __len__(self) -> int:
        """The tokens there are, whether or not the model has been told of them."""
        return len(self._tokens)

    def append(self, tokens: Sequence[int]) -> None:
        """``tokens`` come next."""
        self._tokens += tokens

    def begin(self, prompt: Sequence[int]) -> None:
        """Start anew from ``prompt``, of which what stands already is kept."""
        standing = zip(self._tokens[: self._held], prompt, strict=False)
        self._held = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], standing))
        self._tokens = list(prompt)

    async def write(self, decoder: Decoder, most: int, sampling: Sampling = GREEDY) -> tuple[int, Decoded]:
        """What comes next, up to where ``decoder`` wants to be fed, at most ``most`` tokens; it is fed that.

        Gives the number of tokens, and what they mean. Raises ``BackendError``.
        """
        first = decoder.choices
        if isinstance(first, frozenset) and len(first) == 1:
            self.append(tuple(first))
            return 1, decoder.feed(tuple(first), (0.0,))
        await self._tell()
        more = await self._prefix.write(decoder.stop, most, first=first, sampling=sampling)
        self._tokens += more.tokens
        self._held = len(self._tokens)
        return len(more.tokens), decoder.feed(more.tokens, more.logprob)

    async def _tell(self) -> None:
        """Let the model know all that stands."""
        if self._backend is not None and not self._prefix.tokens:
            await self._prefix.close()
            self._prefix = await self._backend.open(self._tokens)  # which begins from what is in memory of it
        else:
            if self._held < len(self._prefix.tokens):
                await self._prefix.rewind(self._held)
            if self._held < len(self._tokens):
                await self._prefix.extend(self._tokens[self._held :])
        self._held = len(self._tokens)

    async def close(self) -> None:
        """Give up what the model holds."""
        await self._prefix.close()
