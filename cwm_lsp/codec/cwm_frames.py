"""Cuts a stream of CWM tokens into frames, whatever the stream holds.

Theory of operation: the reader is in one of four parts of a frame, and a trace token moves it on by the
table below; anything else is text of the part. A token that the table has no place for is reported and the
frame is closed or gone on with, so that a frame of bad output costs that frame and no more.

=========  ==========  ==========  ==============  ========  =====
in         kind        action      arg             frame     text
=========  ==========  ==========  ==============  ========  =====
between    -> locals   stray       stray           stray     stray
locals     broken      -> source   broken          broken    kept
source     broken      stray       -> value        closes    kept
value      broken      stray       stray           closes    kept
=========  ==========  ==========  ==============  ========  =====
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from cwm_lsp.codec.cwm_tokens import TraceTokens
from cwm_lsp.trace.model import EventKind
from cwm_lsp.trace.predicted import Problem


class Part(Enum):
    """Where in a frame the reader is."""

    BETWEEN = "between"
    LOCALS = "locals"
    SOURCE = "source"
    VALUE = "value"


@dataclass(slots=True)
class Section:
    """The text of one part, with where each token begins in it and how likely it was."""

    data: bytearray = field(default_factory=bytearray)
    starts: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)

    def add(self, data: bytes, logprob: float) -> None:
        """Append one token."""
        self.starts.append(len(self.data))
        self.logprobs.append(logprob)
        self.data += data

    @property
    def text(self) -> str:
        """The text, bytes that are no UTF-8 replaced."""
        return self.data.decode("utf-8", "replace")

    @property
    def whole(self) -> float:
        """The log-probability of all of it."""
        return sum(self.logprobs)

    def between(self, start: int, end: int) -> float:
        """The log-probability of the tokens that begin in bytes ``start`` to ``end`` (exclusive)."""
        pairs = zip(self.starts, self.logprobs, strict=True)
        return sum(logprob for place, logprob in pairs if start <= place < end)


@dataclass(slots=True)
class RawFrame:
    """One frame as written, ``position`` being its first token. Not ``complete``: a separator was missing."""

    kind: EventKind
    position: int
    locals: Section = field(default_factory=Section)
    source: Section = field(default_factory=Section)
    value: Section | None = None
    logprob: float = 0.0
    complete: bool = True


class FrameReader:
    """Fed token by token; what it found is in :attr:`problems`, complete frames are returned."""

    def __init__(self, tokens: TraceTokens, token_bytes: Callable[[int], bytes]) -> None:
        self._tokens = tokens
        self._bytes = token_bytes
        self._special = tokens.all
        self._stray = False
        self.part = Part.BETWEEN
        self.frame: RawFrame | None = None
        self.position = 0
        self.ended = False
        self.problems: list[Problem] = []

    def feed(self, token: int, logprob: float) -> RawFrame | None:
        """Take one token; the frame that it closes, if any."""
        place, self.position = self.position, self.position + 1
        if token not in self._special:
            self._text(place, token, logprob)
            return None
        if token in self._tokens.events or token == self._tokens.end:
            return self._begin(place, token, logprob)
        return self._separator(place, token, logprob)

    def finish(self) -> RawFrame | None:
        """The output ends here: what was begun, reported as cut off."""
        if self.frame is None:
            return None
        return self._broken(self.position, "the output is cut off inside a frame")

    def _text(self, place: int, token: int, logprob: float) -> None:
        frame = self.frame
        if frame is None:
            if not self._stray:
                self._report(place, "text outside of a frame")
            self._stray = True
            return
        section = frame.locals
        if self.part is Part.SOURCE:
            section = frame.source
        elif self.part is Part.VALUE:
            section = frame.value = frame.value or Section()
        section.add(self._bytes(token), logprob)

    def _begin(self, place: int, token: int, logprob: float) -> RawFrame | None:
        """A kind token or the end of the trace."""
        broken = None
        if self.frame is not None:
            broken = self._broken(place, "a frame that is not closed before the next one")
        self._stray = False
        kind = self._tokens.events.get(token)
        if kind is None:
            self.ended = True
        else:
            self.frame = RawFrame(kind, place, logprob=logprob)
            self.part = Part.LOCALS
        return broken

    def _separator(self, place: int, token: int, logprob: float) -> RawFrame | None:
        frame = self.frame
        if frame is None:
            self._report(place, "a separator outside of a frame")
            return None
        frame.logprob += logprob
        gives = frame.kind in (EventKind.RETURN, EventKind.EXCEPTION)
        if token == self._tokens.action and self.part is Part.LOCALS:
            self.part = Part.SOURCE
        elif token == self._tokens.arg and self.part is Part.SOURCE and gives:
            self.part, frame.value = Part.VALUE, Section()
        elif token == self._tokens.frame and self.part is not Part.LOCALS:
            if gives and frame.value is None:
                self._report(place, f"{frame.kind} frame without a value")
            return self._close()
        elif token == self._tokens.frame:
            return self._broken(place, "a frame without a source line")
        else:
            self._report(place, f"a separator out of place in a {frame.kind} frame")
        return None

    def _broken(self, place: int, message: str) -> RawFrame | None:
        self._report(place, message)
        frame = self._close()
        if frame is not None:
            frame.complete = False
        return frame

    def _close(self) -> RawFrame | None:
        frame, self.frame, self.part = self.frame, None, Part.BETWEEN
        return frame

    def _report(self, place: int, message: str) -> None:
        self.problems.append(Problem(place, message))
