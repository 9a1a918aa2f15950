"""What the model is given of a source and of the state in it: as a prompt, and after each event."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.deeds import Effect
from cwm_lsp.codec.displays import shown
from cwm_lsp.codec.edits import written_tokens
from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.facts import passed
from cwm_lsp.codec.flow import EXIT
from cwm_lsp.codec.frames import Frame
from cwm_lsp.codec.heads import apart
from cwm_lsp.codec.outlook import Outlook
from cwm_lsp.codec.page import Place, page_of
from cwm_lsp.codec.pieces import Piece
from cwm_lsp.codec.source import LogicalLine
from cwm_lsp.codec.values import Names, placed_tokens, plain_tokens, value_tokens
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.codec.working import Told

MOST_GIVEN = 800
"""Tokens that tell a state at the beginning of a prompt."""
MOST_FRAMES = 8
"""Frames that a page is made for."""


class Echo(Outlook):
    """A state in a source as tokens."""

    __slots__ = ()

    def prompt(self) -> list[int]:
        """The source context."""
        tokens: list[int] = [Special.BEGIN, Special.CONTEXT]
        for logical in self.page.lines:
            tokens.append(v.line_token(self.number(logical.line)))
            if logical.depth:
                tokens.append(v.indent_token(logical.depth))
            for piece in logical.pieces:
                tokens += self._written(piece)
        return [*tokens, Special.TRACE]

    def turned(self, line: int = 0) -> Self:
        """This with a page on which the state is, and ``line`` where that comes next."""
        needed, running = [line, *self.flow.entry(line)], []
        for frame in reversed(self.state.frames[-MOST_FRAMES:]):
            needed += [frame.line, *self.flow.handlers(frame.line)]
            running.append(Place(frame.line, frame.fresh and not frame.is_module))
        if self.state.frames:
            innermost = self.state.frames[-1]
            needed += self.next_lines(innermost)
            found = awaited(innermost, self.state, self.here) if self.aided else None
            targets = [target.line for target in found.targets] if found is not None else []
            needed += targets
            running[1:1] = [Place(target, True) for target in targets]
        if line in self.flow.scopes or self.state.empty:
            running.insert(0, Place(line, True))
        page = page_of(self.slice, needed, running, self.page.offset)
        return replace(self, page=page, names=Names(self.names.order, scarce=True), off_page=False)

    def anchor(self) -> list[int]:
        """The state for a prompt that begins in the middle of a run: the frames with their values.

        The innermost come first where there is no room for all, and of its values those that are short.
        """
        if not self.state.frames:
            return []
        innermost = self.state.frames[-1]
        last = [Special.BACK, self._line_token(innermost.line), *self._echo(innermost)]
        room = MOST_GIVEN - len(last)
        told: list[int] = []
        for frame in reversed(self.state.frames):
            if frame.line in self.slice.by_line and frame.line not in self.page:
                break
            tokens = self._held(frame, room if frame is innermost else MOST_GIVEN)
            if len(tokens) > room and frame is not innermost:
                break
            room -= len(tokens)
            told[:0] = tokens
        return [*told, *last]

    def _held(self, frame: Frame, room: int) -> list[int]:
        """A frame with its values: those of names that the page shows, the shortest in ``room`` tokens."""
        fixed = [Special.CALL, self._line_token(frame.line)]
        names = frame.texts if self.page.whole else {name for name in frame.texts if self.names.known(name)}
        values = {
            name: [self.names.token(name), *value_tokens(text, self.names), Special.STOP]
            for name, text in frame.texts.items()
            if name in names
        }
        room -= len(fixed) + 1 + sum(map(len, values.values()))
        for name in sorted(values, key=lambda name: -len(values[name])):
            if room >= 0:
                break
            room += len(values.pop(name))
        return [*fixed, *(token for tokens in values.values() for token in tokens), Special.ECHO]

    def _echo(self, frame: Frame) -> list[int]:
        """The statement about to run: values it reads, visit, what its calls gave back, what can follow."""
        if frame.raised is not None:
            return self._next(self.flow.handlers(frame.line), Special.UNWIND)
        logical = self.slice.by_line.get(frame.line)
        tokens: list[int] = []
        if logical:
            facts = self._facts(frame, logical)
            tokens = self._annotated(logical, frame, facts.known)
            if frame.visits.get(frame.line, -1) >= 0:
                tokens += self._visit(frame.visits[frame.line], apart(facts.items, logical.targets))
            tokens += self._does(facts.does, frame)
        lines = self.next_lines(frame)
        for text in frame.returned:
            tokens += [Special.RETURNED, *value_tokens(text, self.names)]
        return tokens + self._next(lines) + self._callees(frame)

    def _callees(self, frame: Frame) -> list[int]:
        """The functions that may be entered next, and with which values if there is but one."""
        found = awaited(frame, self.state, self.here) if self.aided else None
        if found is None or not found.targets:
            return []
        tokens = [Special.CALL, *(v.line_token(self.number(target.line)) for target in found.targets)]
        for name, text in passed(frame, self.here, found):
            tokens += [
                Special.OPERAND,
                self.names.token(name),
                *value_tokens(text, self.names),
                Special.STOP,
            ]
        return tokens

    def _written(self, piece: Piece) -> Sequence[int]:
        return (self.names.token(piece.name),) if piece.name else piece.tokens

    def _annotated(self, logical: LogicalLine, frame: Frame, known: Mapping[ast.expr, Told]) -> list[int]:
        """The text of a line, the values that it reads and what is ``known`` behind each place."""
        tokens: list[int] = []
        for piece in logical.pieces:
            tokens += self._written(piece)
            text = frame.texts.get(piece.name) if piece.reads else None
            if text is not None:
                operand = placed_tokens if piece.placed else value_tokens
                tokens += [Special.OPERAND, *operand(text, self.names)]
            for node in piece.ends:
                if node in known:
                    tokens += self._told(known[node], frame.texts)
        return tokens

    def _told(self, told: Told, texts: Mapping[str, str]) -> list[int]:
        if told.target:
            return self._becomes(told.target, told.text, texts)
        kind = (Special.EXCEPTION,) if told.raises else ()
        return [Special.OPERAND, *kind, *value_tokens(told.text, self.names)]

    def _does(self, does: Effect, frame: Frame) -> list[int]:
        """What a line does, as a line's values are written."""
        tokens: list[int] = []
        for name, text in does.changed.items():
            tokens += self._becomes(name, text, frame.texts)
        return tokens + (self._told(does.result, frame.texts) if does.result is not None else [])

    def _becomes(self, name: str, text: str, texts: Mapping[str, str]) -> list[int]:
        written = written_tokens(texts.get(name), text, self.names)
        return [Special.OPERAND, self.names.token(name), *written, Special.STOP]

    def _visit(self, visit: int, items: Sequence[str | None]) -> list[int]:
        """How often a loop's head ran, and the items that it takes now; the end of a value past the last.

        The count stands as a position, to find items by, and in digits, to count by.
        """
        tokens = [v.position_token(visit), *v.byte_tokens(str(visit))]
        for item in items:
            if item is not None:
                tokens += [Special.OPERAND, *(plain_tokens(shown(item), self.names) or [Special.STOP])]
        return tokens

    def _next(self, lines: frozenset[int], leave: int = Special.RETURN) -> list[int]:
        ordered = sorted(line for line in lines if line in self.slice.by_line)
        outside = [leave] if EXIT in lines else []  # docstrings are in no slice, and no end either
        return [Special.NEXT, *(v.line_token(self.number(line)) for line in ordered), *outside]
