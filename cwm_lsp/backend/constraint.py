"""What a model may write, held to a grammar token by token.

Grammars are Lark text as llguidance reads it, in which ``<|name|>`` is a special token. Where the grammar
leaves one way to go on, the tokens are known without asking the model (*jump-forward*).
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cwm_lsp.errors import BackendError, ModelUnavailable

try:
    from llguidance import LLMatcher, LLTokenizer
    from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
except ImportError as error:
    raise ModelUnavailable(
        f"What the model writes cannot be held to a format: {error}.",
        "Install it with: pip install 'cwm-lsp[transformers]'",
    ) from error

Mask = npt.NDArray[np.bool_]

_CLOSING = "'\\])}>,"
"""What ends one of the things that can be open."""

_FILLING = "0n"
"""What goes on where nothing can end at once: in a number, after a backslash."""

_SURE = '"'
"""What ends a text in JSON wherever it can stand."""

_FOLLOWING = (
    *string.punctuation,
    "a",
    "Z",
    "1",
    "é",
    " x",
    "  ",
    "\n",
    "..",
    "['",
    "('",
    "{'",
    "[]",
    "()",
    "{}",
    "-1",
)
"""Text of each kind that may come after a known one and change how its end is cut into tokens."""

_UNFINISHED = re.compile(r"\s*\w*$")
"""A word or a run of spaces at the end of a known text: what follows belongs to it."""

_TOKEN = b"\xff"
"""Stands before the number of a special token in known text."""

_END = "<|end_of_text|>"

# Left to itself the library cuts known text into tokens before it knows what follows, as no model saw it.
_OPTIONS = '%llguidance {"no_forcing": true}\n'


class Grammars:
    """Grammars over the tokens of one ``tokenizer.json``, for a model of ``vocabulary`` ids.

    Raises :class:`~cwm_lsp.errors.ModelUnavailable` for a tokenizer that cannot be read.
    """

    def __init__(self, tokenizer: Path, vocabulary: int) -> None:
        from tokenizers import Tokenizer

        self.vocabulary = vocabulary
        try:
            text = tokenizer.read_text(encoding="utf-8")
            self._words = Tokenizer.from_str(text)
            end = self._words.token_to_id(_END)
            self._tokens = LLTokenizer(text, n_vocab=vocabulary, eos_token=end)
        except Exception as error:  # both libraries raise bare exceptions for a file they cannot read
            raise ModelUnavailable(f"The tokenizer {tokenizer} cannot be read: {error}.") from error
        self._words.encode_special_tokens = True
        self.sure = self._ids(_SURE)
        self.closing = self._ids(_CLOSING)
        self.filling = self._ids(_FILLING)
        self._begun = lru_cache(maxsize=64)(self._matcher)
        self.cut = lru_cache(maxsize=4096)(self._cut)

    def _cut(self, text: str, whole: bool) -> tuple[int, ...]:
        """The tokens of ``text`` that are the same whatever follows it; ``whole``: no text follows."""
        sure = text if whole else _UNFINISHED.sub("", text)
        texts = [sure] if whole else [sure + more for more in _FOLLOWING]
        kinds = [one.ids for one in self._words.encode_batch(texts, add_special_tokens=False)]
        same = 0
        while all(same < len(ids) and ids[same] == kinds[0][same] for ids in kinds):
            same += 1
        return tuple(map(int, kinds[0][:same]))

    def _ids(self, characters: str) -> tuple[int, ...]:
        ids = (self._words.token_to_id(character) for character in characters)
        return tuple(int(token) for token in ids if token is not None)

    @staticmethod
    def text(grammar: str) -> str:
        """``grammar`` as llguidance is to be given it, here or on a server.

        Its first line also tells vLLM that this is not for xgrammar, which takes special tokens for text.
        """
        return _OPTIONS + grammar

    def begin(self, grammar: str, given: Sequence[int] = ()) -> Constraint:
        """What may follow ``given``, which are the first tokens of what ``grammar`` describes.

        Raises :class:`~cwm_lsp.errors.BackendError` where they are not, or the grammar means nothing.
        """
        matcher = self._begun(grammar).deep_copy()
        if not matcher.consume_tokens(list(given)):
            raise BackendError("What stands already does not fit what may be written.")
        return Constraint(self, matcher)

    def _matcher(self, grammar: str) -> LLMatcher:
        matcher = LLMatcher(self._tokens, self.text(grammar))
        if matcher.is_error():
            raise BackendError(f"A grammar cannot be read: {matcher.get_error()}")
        return matcher


class Constraint:
    """Where in a grammar the writing stands."""

    def __init__(self, grammars: Grammars, matcher: LLMatcher) -> None:
        self._grammars = grammars
        self._matcher = matcher
        self._bits = allocate_token_bitmask(1, grammars.vocabulary)
        self._mask: Mask | None = None

    def forced(self) -> list[int]:
        """Tokens that are known to come next."""
        ahead = (
            self._matcher.deep_copy()
        )  # asked for known text, it goes on past it and takes itself for done
        known, token, _ = ahead.compute_ff_bytes().partition(_TOKEN)
        text = known.decode("utf-8", "ignore")
        tokens = list(self._grammars.cut(text, bool(token))) if text else []
        if not tokens:
            tokens = np.flatnonzero(self.allowed())[:2].tolist()
            return tokens if len(tokens) == 1 else []
        return tokens[: self._matcher.validate_tokens(tokens)]

    def allowed(self) -> Mask:
        """Which tokens may come next [V]."""
        if self._mask is None:
            fill_next_token_bitmask(self._matcher, self._bits)
            bits = np.unpackbits(self._bits.view(np.uint8).ravel(), bitorder="little")
            self._mask = bits[: self._grammars.vocabulary].astype(bool)
        return self._mask

    def closing(self, stop: frozenset[int], turn: int) -> int | None:
        """A token that may bring the writing nearer to its end, or ``None`` where none may come.

        Called for one ``turn`` after another, it begins with each of them in turn: all that is open ends.
        """
        allowed, usual = self.allowed(), self._grammars.closing
        start = turn % max(1, len(usual))
        order = (*stop, *self._grammars.sure, *usual[start:], *usual[:start], *self._grammars.filling)
        return next((token for token in order if allowed[token]), None)

    def take(self, token: int) -> None:
        """Say that ``token`` was written. Raises ``BackendError`` for one that may not be."""
        self._mask = None
        if not self._matcher.consume_token(token):
            raise BackendError(f"The token {token} may not be written: {self._matcher.get_error()}")
