"""CWM tokens to predicted steps, fed in any split, never raising on what a model writes.

Two ways of use. An engine appends :attr:`CwmDecoder.forced` whenever there is something and feeds what the
model writes up to a token of :attr:`CwmDecoder.stop`; the source line is forced where control flow leaves
only one. Or whole output is fed as it came, ``accept`` being called once for the prompt.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from cwm_lsp.codec.cwm_frames import FrameReader, Part, RawFrame
from cwm_lsp.codec.cwm_grammar import Grammar
from cwm_lsp.codec.cwm_state import State
from cwm_lsp.codec.cwm_steps import Reading
from cwm_lsp.codec.cwm_text import read_locals
from cwm_lsp.codec.cwm_writer import Format
from cwm_lsp.codec.flow import EXIT
from cwm_lsp.codec.protocol import Decoded
from cwm_lsp.trace.model import EventKind
from cwm_lsp.trace.predicted import Problem

MAX_LOST = 3
"""Frames in a row that fit nowhere before the output counts as lost."""
MAX_REPEATS = 16
"""How often the same frames in a row, up to eight of them, may come again."""
_LONGEST_CYCLE = 8


class CwmDecoder:
    """A :class:`~cwm_lsp.codec.protocol.Decoder` for the CWM format. ``single`` ends it after one frame."""

    def __init__(
        self, form: Format, state: State, prompt: tuple[int, ...] = (), *, single: bool = False
    ) -> None:
        self._format = form
        self._program = form.program
        self._tokens = form.names
        self._frames = FrameReader(form.names, form.tokenizer.token_bytes)
        self._prompt = prompt
        self._single = single
        self._done = False
        self._unseen = 0
        self._reading = Reading(form.program, state, form.functions, self._report)
        self._recent: deque[int] = deque(maxlen=_LONGEST_CYCLE * (MAX_REPEATS + 1))

    # --- the engine's side ---------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What the trace has described so far."""
        return self._reading.state

    @property
    def done(self) -> bool:
        """The entry scope was left, or the output cannot be continued."""
        return self._done

    @property
    def stop(self) -> frozenset[int]:
        """Every trace token: after each of them something may be known."""
        return self._tokens.all

    @property
    def choices(self) -> frozenset[int] | str | None:
        """Between frames the kinds that are possible; inside one, the grammar of the part that is written."""
        frame, state = self._frames.frame, self._reading.state
        if self._prompt or self._done:
            return None
        grammar = Grammar(self._program, self._tokens, state, self._unseen)
        if frame is None or not self._reading.started:
            return (
                grammar.kinds() if self._reading.started else frozenset({self._tokens.kinds[EventKind.CALL]})
            )
        gives = frame.kind in (EventKind.RETURN, EventKind.EXCEPTION)
        if self._frames.part is Part.VALUE:
            return grammar.value(frame.kind)
        if self._frames.part is Part.LOCALS and not gives:
            return grammar.locals(frame.kind)
        shown = frozenset(entry.name for entry in read_locals(frame.locals.text).entries)
        return grammar.source(frame.kind, shown, separator=self._frames.part is Part.LOCALS)

    @property
    def forced(self) -> tuple[int, ...]:
        """The prompt at first; then the source line where it is known, with the separators around it."""
        if self._prompt:
            return self._prompt
        frame, top, tokens = self._frames.frame, self._reading.state.top, self._tokens
        if frame is None or top is None or top.hidden or frame.source.data or self._done:
            return ()
        gives = frame.kind in (EventKind.RETURN, EventKind.EXCEPTION)
        if gives and self._frames.part is Part.LOCALS and not frame.locals.data:
            known = self._known(top.lines | top.raised | top.passed)
            return (tokens.action, *known, tokens.arg) if known else ()
        if frame.kind is EventKind.LINE and self._frames.part is Part.SOURCE and not top.inside:
            known = self._known(self._program.next_lines(top))
            return (*known, tokens.frame) if known else ()
        return ()

    def _known(self, lines: frozenset[int]) -> tuple[int, ...]:
        """The text of the one line, as tokens; empty where there are several or none."""
        if len(lines) != 1 or EXIT in lines:
            return ()
        return tuple(self._format.line(min(lines)))

    def accept(self) -> None:
        """Say that ``forced`` has been appended."""
        forced, prompt, self._prompt = self.forced, self._prompt, ()
        if not prompt:
            for token in forced:
                self._token(token, 0.0)

    @property
    def exhausted(self) -> bool:
        """Never: a prompt shows all of the source."""
        return False

    def restart(self) -> tuple[int, ...]:
        """A whole prompt that ends in the state so far, for going on in a fresh context between two events.

        Frames that were suspended are not in it; the decoder still knows them.
        """
        self._prompt = ()
        return (*self._format.prompt(), *self._format.anchor(self.state))

    def feed(self, tokens: Sequence[int], logprob: Sequence[float]) -> Decoded:
        """Take what the model wrote, each token with its log-probability."""
        self._prompt = ()
        for token, log in zip(tokens, logprob, strict=True):
            if self._done:
                break
            self._token(token, min(0.0, log))
        return self._decoded()

    def finish(self) -> Decoded:
        """The output ends here: what is left, and a problem if it is cut off."""
        if not self._done:
            frame = self._frames.finish()
            if frame is not None:
                self._frame(frame)
            elif self._reading.state.stack:
                self._report("the output ends before the entry scope is left")
            self._end()
        return self._decoded()

    def _decoded(self) -> Decoded:
        steps, self._reading.steps = self._reading.steps, []
        problems, self._frames.problems = self._frames.problems, []
        return Decoded(tuple(steps), tuple(problems))

    # --- frames --------------------------------------------------------------------------------

    def _token(self, token: int, logprob: float) -> None:
        frame = self._frames.feed(token, logprob)
        if frame is not None:
            self._frame(frame)
        if self._frames.ended and not self._done:
            if self._reading.state.stack:
                self._report("the trace ends before the entry scope is left")
            self._end()

    def _frame(self, frame: RawFrame) -> None:
        """One frame, well formed or not. A broken one describes nothing for certain and is dropped."""
        if self._done:
            return
        if frame.complete:
            self._reading.take(frame)
            self._unseen = 0 if self._reading.steps else self._unseen + 1
        repeats = self._repeats(frame)
        if repeats:
            self._report("the model repeats itself")
        if repeats or self._reading.left or self._reading.lost >= MAX_LOST or self._single:
            self._end()

    def _end(self) -> None:
        self._reading.end()
        self._done = True

    def _report(self, message: str) -> None:
        self._frames.problems.append(Problem(max(0, self._frames.position - 1), message))

    def _repeats(self, frame: RawFrame) -> bool:
        """Whether the last frames are the same few over and over."""
        value = bytes(frame.value.data) if frame.value is not None else b""
        self._recent.append(hash((frame.kind, bytes(frame.locals.data), bytes(frame.source.data), value)))
        recent = list(self._recent)
        for cycle in range(1, _LONGEST_CYCLE + 1):
            length = cycle * MAX_REPEATS
            if len(recent) >= length + cycle and recent[-length:] == recent[-length - cycle : -cycle]:
                return True
        return False
