"""The events of a compact trace run, and the tokens that are given after each.

Shared by encoder and decoder. States are immutable and share what does not change, so that one can be
kept for every event of a long trace and gone back to.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from cwm_lsp.codec import outer
from cwm_lsp.codec.entering import asked_of
from cwm_lsp.codec.flow import EXIT, flow_of
from cwm_lsp.codec.frames import EMPTY, UNCOUNTED, Frame, State
from cwm_lsp.codec.generating import handed, stale
from cwm_lsp.codec.heap import done, made
from cwm_lsp.codec.leaving import Leaving
from cwm_lsp.codec.objects import lending, sharing
from cwm_lsp.codec.page import Page, whole_page
from cwm_lsp.codec.scopes import scopes_of
from cwm_lsp.codec.sharing import is_changing
from cwm_lsp.codec.source import slice_source
from cwm_lsp.codec.values import Names, NoRoom
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.trace.model import Event, EventKind, Trace


class Machine(Leaving):
    """Runs events over a state and says what is given after each."""

    __slots__ = ()

    @classmethod
    def of(cls, trace: Trace, names: Names, offset: int = 0, *, aided: bool = True) -> Machine:
        """A machine for source and entry of ``trace``, with the first page. Raises ``NoRoom``."""
        text = trace.source.text
        entry = trace.events[0].line if trace.events else 0
        module = bool(trace.events) and trace.events[0].function == "<module>"
        shown = slice_source(text, EXIT if module else entry)
        functions = {event.line: event.function for event in trace.events if event.kind is EventKind.CALL}
        if module:
            shown = replace(shown, constants={**shown.constants, "__name__": "'__main__'"})
        scopes = scopes_of(text)
        suspends = frozenset[int]().union(*(scope.suspends for scope in scopes.by_line.values()))
        flow = flow_of(text)
        annotates = tuple(map(int, re.findall(r"\d+", trace.python)[:2])) < (3, 14)
        machine = cls(
            shown,
            flow,
            Page(shown.lines, offset),
            names,
            functions,
            aided=aided,
            annotates=annotates,
            suspends=suspends,
            final=scopes.final,
        )
        try:
            return replace(machine, page=whole_page(shown, offset))
        except NoRoom:
            return machine.turned(entry)

    def at(self, state: State) -> Machine:
        """This machine with another state; names are shared."""
        return replace(self, state=state, ended=False, off_page=False)

    def fresh_frame(self) -> int:
        """An identity that no frame has had."""
        self.last_frame += 1
        return self.last_frame

    def holds(self, event: Event) -> bool:
        """Whether the slice can express ``event``; nothing after the entry scope was left is part of it."""
        if self.ended:
            return False
        if event.file != 0 or event.line not in self.slice.by_line:
            return (
                event.kind is EventKind.CALL
                and event.function == "<module>"
                and self.state.empty
                and bool(self.slice.lines)
            )
        known = any(frame.identity == event.frame for frame in self.state.frames)
        return event.kind is EventKind.CALL or known

    def settle(self, event: Event) -> None:
        """Leave frames that ended unseen: code outside the slice ran in between."""
        frames = self.state.frames
        if event.kind is not EventKind.CALL:
            while frames and frames[-1].identity != event.frame:
                frames = frames[:-1]
            if frames and len(frames) < len(self.state.frames):
                frames = (*frames[:-1], replace(frames[-1], within=None))
            self.state = self.state.with_frames(*frames)

    def apply(self, event: Event) -> list[int]:
        """Run an observed event; the tokens given after it."""
        before = self.state.texts if event.kind is EventKind.LINE else {}
        texts = {name: value.text for name, value in event.locals.items()}
        return self.step(
            event.kind,
            event.line,
            texts if event.kind is EventKind.CALL else {n: t for n, t in texts.items() if before.get(n) != t},
            tuple(name for name in before if name not in texts),
            event.value.text if event.value is not None else None,
            frame=event.frame,
            unwinding=event.unwinding,
            yielded=event.yielded,
            function=event.function,
        )

    def step(
        self,
        kind: EventKind,
        line: int,
        changed: Mapping[str, str],
        removed: tuple[str, ...],
        value: str | None,
        *,
        frame: int,
        unwinding: bool = False,
        yielded: bool = False,
        function: str = "",
    ) -> list[int]:
        """Run one event, observed or predicted; the tokens given after it.

        There are none where it comes to what the page does not show, see ``off_page``.
        """
        self.last_frame = max(self.last_frame, frame)
        match kind:
            case EventKind.CALL:
                name = function or self.function_at(line)
                return self._on_page(partial(self._call, line, changed, frame, name))
            case EventKind.LINE:
                return self._on_page(partial(self._line, line, changed, removed))
            case EventKind.EXCEPTION:
                return self._on_page(partial(self._raise, value or ""))
        return self._on_page(partial(self._return, value, unwinding, yielded))

    def _on_page(self, run: Callable[[], list[int]]) -> list[int]:
        """What ``run`` gives; nothing where the page does not show it, and then the state alone goes on."""
        before, page, names = self.state, self.page, self.names
        try:
            return run()
        except NoRoom:
            self.state, self.off_page = before, True
        self.page, self.names = Page(self.slice.lines), Names(range(sys.maxsize))
        try:
            run()
        finally:
            self.page, self.names = page, names
        return []

    def _call(self, line: int, texts: Mapping[str, str], frame: int, function: str) -> list[int]:
        target = self.slice.callables.at(line) if self.aided else None
        asked = asked_of(target, texts)
        entered = Frame(frame, function, line, dict(texts), fresh=True, handed=frozenset(texts), asked=asked)
        before = self._resumed(line)
        if before is not None:
            alike = self.state.resumed_with(line, texts)
            is_it = alike is not None
            before = alike or before
            visits = before.visits if is_it else dict.fromkeys(before.visits, UNCOUNTED)
            entered = replace(
                before,
                identity=frame,
                texts=dict(texts),
                visits=visits,
                returned=(),
                came=(),
                renewed=EMPTY,
                resumed=True,
                within=frozenset(),
            )
            others = (one for one in self.state.suspended if one is not before)
            # Where it may have been another one that went on, nothing is known of the values of that.
            unsure = (one if is_it or one.line != line else _doubted(one) for one in others)
            self.state = replace(self.state, suspended=tuple(unsure))
        elif self.aided and self.state.frames:
            entered = lending(entered, self.state, self.here)
            self.state, kept = handed(self.state, self.here, line)
            entered = replace(entered, kept=kept)
        if self.state.empty:
            self.state = replace(self.state, whole=entered.is_module)
        around = tuple(replace(one, awaiting=-1) if one.awaiting >= 0 else one for one in self.state.frames)
        self.state = self.state.with_frames(*around, entered)
        if self.aided and entered.makes:
            self.state = made(self.state, self.here, entered)
        return self._next(self.following(entered))

    def _line(self, line: int, changed: Mapping[str, str], removed: tuple[str, ...]) -> list[int]:
        frame, here = self.state.frames[-1], self.here
        if frame.fresh and line not in self.following(frame):  # what ran before it is not told
            self.state = replace(self.state, whole=False)
        texts = frame.texts
        if changed or removed:
            texts = {name: text for name, text in texts.items() if name not in removed} | dict(changed)
        visits = self._visits(frame, line)
        began = visits is not frame.visits and visits[line] == 0
        shares, bound = sharing(frame, self.here, texts) if self.aided else (frame.shares, frozenset())
        begins = frame.returned and frame.visits.get(frame.line) == 0
        frame = replace(
            frame,
            line=line,
            texts=texts,
            visits=visits,
            entered={**frame.entered, line: texts} if began else frame.entered,
            returned=(),
            came=(),
            raised=None,
            caught=self._caught(frame, line),
            leaving=self._left(frame),
            passing=None,
            resumed=False,
            awaiting=-1,
            closing=self._closes(frame.line, line),
            fresh=False,
            shares=shares,
            lent={name: at for name, at in frame.lent.items() if name not in bound - frame.cells}
            if bound
            else frame.lent,
            defaulted=frame.defaulted - bound,
            begun={**frame.begun, frame.line: frame.came} if begins else frame.begun,
            renewed=EMPTY,
            lost=frozenset(),
            touched=self._touched(frame),
            within=frozenset(),
            gave=None,
        )
        before = self.state
        if self.aided:
            touched = self._touches()
            before = stale(before, here, touched).touching(touched)
            before = done(outer.changed(before, here, texts), here, texts)
        self.state = before.with_frames(*before.frames[:-1], frame)
        return self._remembered()

    def _caught(self, frame: Frame, line: int) -> str | None:
        """The exception with which a handler or a ``finally`` at ``line`` is entered."""
        logical = self.slice.by_line.get(line)
        trying = logical is not None and isinstance(logical.head, ast.ExceptHandler)
        return frame.caught if frame.raised is None and (trying or line in self.final) else frame.raised

    def _left(self, frame: Frame) -> tuple[str | None, ...]:
        """What a ``return`` gave that is not the end of its frame."""
        logical = self.slice.by_line.get(frame.line)
        if logical is None or not isinstance(logical.head, ast.Return):
            return frame.leaving
        given = self.expected(Special.RETURN).result
        return (None if given is not None and is_changing(given) else given,)  # it may change until then

    def _closes(self, before: int, line: int) -> bool:
        """Whether the head of a ``with`` runs once more, which leaves its context."""
        logical = self.slice.by_line.get(line)
        head = logical.head if logical else None
        return isinstance(head, ast.With) and line < before <= (head.end_lineno or line)

    def _visits(self, frame: Frame, line: int) -> Mapping[int, int]:
        end = self.slice.loops.get(line)
        if end is None:
            return frame.visits
        again = line in frame.visits and line <= frame.line <= end
        return {**frame.visits, line: frame.visits[line] + 1 if again else 0}

    def visit_again(self) -> None:
        """The head of a loop runs once more, and nothing else changes."""
        frame = self.state.frames[-1]
        if frame.line in frame.visits:
            frame = replace(frame, visits={**frame.visits, frame.line: frame.visits[frame.line] + 1})
            self.state = self.state.with_frames(*self.state.frames[:-1], frame)


def _doubted(frame: Frame) -> Frame:
    """A suspended frame that may be another one: nothing is known of its values and loops."""
    return replace(frame, texts=EMPTY, visits=dict.fromkeys(frame.visits, UNCOUNTED))
