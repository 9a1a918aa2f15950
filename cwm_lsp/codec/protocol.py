"""What a codec offers: traces to model tokens and back, without doing any input or output.

Two codecs exist: ``compact`` (the embedded model's own format) and ``cwm`` (the published
format of CWM). Both speak token ids, so that user text can never become a trace token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.predicted import PredictedStep, Problem


class SpanKind(StrEnum):
    """What a run of predicted tokens says."""

    VALUE = "value"  # name and value of a local that changes, or a name that goes away
    FLOW = "flow"  # event kind and line
    RESULT = "result"  # value of a return or an exception


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens ``start`` to ``end`` (exclusive) that the model answers for.

    ``step`` indexes ``Trace.events``; ``name`` is the local that a ``VALUE`` span writes. From the token
    ``sure`` on, all that it says follows from the state before it, so that the model is not asked; -1 stands
    for ``end``.
    """

    start: int
    end: int
    step: int
    kind: SpanKind
    name: str = ""
    sure: int = -1

    @property
    def asked(self) -> slice:
        """The tokens that the model is asked for."""
        return slice(self.start, self.end if self.sure < 0 else self.sure)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A whole trace as tokens, with the spans that are predictions; the rest is given.

    ``starts[k]`` is where the tokens of the event ``Trace.events[k]`` begin, or -1 for an event that
    the format leaves out. ``states`` is the codec's own, for :meth:`Codec.decoder_at`.
    """

    tokens: tuple[int, ...]
    spans: tuple[Span, ...]
    starts: tuple[int, ...] = ()
    states: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a few more tokens meant. ``problems`` are data: a decoder never raises on model output."""

    steps: tuple[PredictedStep, ...]
    problems: tuple[Problem, ...]


class Decoder(Protocol):
    """Model tokens to predicted steps, fed in any split.

    The engine's loop: send ``forced`` (tokens that are known and must be appended before the model
    is asked again), let the model write until a token of ``stop``, ``feed`` what it wrote, until ``done``.
    """

    @property
    def forced(self) -> tuple[int, ...]:
        """Tokens to append before the model writes; empty when there are none. Reading clears nothing."""
        ...

    def accept(self) -> None:
        """Say that ``forced`` has been appended."""
        ...

    @property
    def stop(self) -> frozenset[int]:
        """Tokens after which the decoder wants to be fed."""
        ...

    @property
    def choices(self) -> frozenset[int] | str | None:
        """What the model may write: the only ids that may come first, a grammar, or ``None`` for anything.

        A grammar is Lark text as :mod:`cwm_lsp.codec.cwm_grammar` writes it. It describes all that stands
        after the last token of ``stop`` up to the next one, so also what was fed since then.
        """
        ...

    @property
    def done(self) -> bool:
        """The traced entry scope was left, or the output cannot be continued."""
        ...

    @property
    def exhausted(self) -> bool:
        """What comes next is not in the source that the prompt shows: go on from :meth:`restart`."""
        ...

    def feed(self, tokens: Sequence[int], logprob: Sequence[float]) -> Decoded:
        """Take what the model wrote, each token with its log-probability."""
        ...

    def restart(self) -> tuple[int, ...]:
        """A whole prompt that ends in the state so far, for a fresh context between two events.

        Raises ``ContextExceeded`` where what is in play at once does not fit the format.
        """
        ...


class Codec(Protocol):
    """One trace format. ``Trace`` arguments must be normalised (:mod:`cwm_lsp.trace.normalise`)."""

    @property
    def name(self) -> str:
        """``compact`` or ``cwm``."""
        ...

    @property
    def vocabulary(self) -> int:
        """Number of token ids."""
        ...

    def encode(self, trace: Trace) -> Encoded:
        """The prompt and the whole trace. Raises ``ContextExceeded`` when the format cannot hold it."""
        ...

    def windows(self, trace: Trace, budget: int) -> Iterator[Encoded]:
        """The trace in windows of about ``budget`` tokens beyond the prompt of each.

        Every window begins anew from the source and the observed state at that place, so a run of any
        length fits any context, and from another part of the source where not all of it fits. Together
        they cover all events, but for those that no prompt has room for. 0 means that no window is full.
        """
        ...

    def decoder(self, trace: Trace, budget: int = 0) -> Decoder:
        """A decoder that goes on from the events of ``trace``, which may be the entry call alone.

        Its first ``forced`` tokens are the whole prompt, of about ``budget`` tokens beyond the source.
        """
        ...

    def decoder_at(self, encoded: Encoded, step: int) -> Decoder:
        """A decoder for the event ``step`` alone, the observed state before it being known.

        Nothing is forced at first: the tokens before ``encoded.starts[step]`` stand already. Raises
        ``ValueError`` for an event that the format leaves out.
        """
        ...

    @property
    def value_stop(self) -> frozenset[int]:
        """Tokens that end a value."""
        ...

    def read_value(self, encoded: Encoded, span: Span, tokens: Sequence[int]) -> str | None:
        """The text that ``tokens``, which the model wrote in the place of a span, say; ``None`` for nothing.

        They begin where the ``VALUE`` or ``RESULT`` span begins and end with a token of ``value_stop``.
        """
        ...
