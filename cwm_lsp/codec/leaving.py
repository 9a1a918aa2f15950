"""How frames are left, by a value or an exception, and what their callers have of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cwm_lsp.codec import generating, outer
from cwm_lsp.codec.displays import shown
from cwm_lsp.codec.echo import Echo
from cwm_lsp.codec.frames import Frame, State, Touched, together
from cwm_lsp.codec.generating import stale
from cwm_lsp.codec.heap import done
from cwm_lsp.codec.objects import closing, final, given_back, renewed
from cwm_lsp.codec.records import ENDED, UNREAD
from cwm_lsp.codec.remembering import remembered, remembering
from cwm_lsp.codec.sites import Target, delegated
from cwm_lsp.codec.values import plain_tokens
from cwm_lsp.codec.vocabulary import Special


class Leaving(Echo):
    """Runs the ends of frames over a state."""

    __slots__ = ()

    def _raise(self, value: str) -> list[int]:
        frame = replace(self.state.frames[-1], raised=value)
        self.state = self.state.with_frames(*self.state.frames[:-1], frame)
        return self._next(self.flow.handlers(frame.line), Special.UNWIND)

    def _return(self, value: str | None, unwinding: bool, yielded: bool) -> list[int]:
        left, here = self.state.frames[-1], self.here
        if self.aided:
            touched = self._touches()
            self.state = outer.changed(stale(self.state, here, touched).touching(touched), here)
            self.state = done(self.state, here, None, value or "")
            self.state = self.state if yielded else generating.left(self.state, left)
        frames = self.state.frames[:-1]
        if not frames:
            self.state, self.ended = State(), True
            return [Special.END]
        touched = None if unwinding or self._is_stored(left) else self._touched(left)
        caller = renewed(frames[-1], left, here, touched, self.state.heap.known) if self.aided else frames[-1]
        caller = replace(caller, within=together(caller.within, touched))
        if self.aided and not yielded:
            self.state = replace(self.state, closed=closing(self.state, left, here))
        if unwinding and left.raised == generating.CLOSED and self._generates(left):
            caller = replace(caller, came=generating.closed(caller.came, left.name))
            self.state = self.state.with_frames(*frames[:-1], caller)
            return [Special.BACK, self._line_token(caller.line), *self._remembered()]
        if unwinding:
            caller = replace(caller, passing=left.raised or "", came=self._ended(caller, left))
            kept = replace(caller, passing=None) if self._is_task(left, caller) else caller
            self.state = self.state.with_frames(*frames[:-1], kept)
            raised = plain_tokens(shown(left.raised or ""), self.names)
            return [
                Special.BACK,
                self._line_token(caller.line),
                *self._echo(caller),
                Special.EXCEPTION,
                *raised,
            ]
        if yielded and self.slice.callables.makes_coroutine(left.function):
            awaits = self.slice.callables.makes_coroutine(caller.function)
            caller = replace(caller, resumed=False, awaiting=left.identity if awaits else -1)
            self.state = self.state.with_frames(*frames[:-1], caller).suspending(left)
            return [Special.BACK, self._line_token(caller.line), *self._echo(caller)]
        given = value or "None"
        if left.makes:
            before = left.texts.get(left.makes, "")
            unread = before if before in self.state.heap.known else UNREAD
            given = final(left, here).get(left.makes, unread)
        elif self.aided and left.name == "__init__" and self._is_kept(caller):
            given = UNREAD  # an object of a class that is not found by its name
        caller = replace(
            caller,
            returned=(*caller.returned, given),
            came=self._came(caller, left, given, yielded),
            drained=not yielded,
            gave=given_back(left, here) if self.aided and not yielded else None,
        )
        at = self.slice.by_line.get(caller.line)
        if yielded and delegated(at.head if at else None) is not None:
            caller = replace(caller, resumed=False, awaiting=left.identity)
        self.state = self.state.with_frames(*frames[:-1], caller)
        if yielded:
            self.state = self.state.suspending(left)
        elif left.asked is not None:
            self.state = remembering(self.state, left.asked, given)
        return [Special.BACK, self._line_token(caller.line), *self._remembered()]

    def _touches(self) -> Touched:
        """The objects that the statement of the innermost frame changes, if anybody is to know."""
        frame = self.state.frames[-1]
        if frame.fresh or not (self.state.suspended or self.state.heap.known):
            return frozenset()
        return self.touched(frame, self.slice.by_line.get(frame.line))

    def _touched(self, frame: Frame) -> Touched:
        """The objects that ``frame`` changed so far, its present statement having run."""
        if not self.aided or frame.touched is None:
            return None
        if frame.fresh:
            return frame.touched
        return together(frame.touched, self.touched(frame, self.slice.by_line.get(frame.line)))

    def _remembered(self) -> list[int]:
        """What is given at the statement reached, or come back to, with what it has without another call."""
        if self.aided:
            self.state = remembered(self.state, self.here)
        return self._echo(self.state.frames[-1])

    def _ended(self, caller: Frame, left: Frame) -> tuple[str, ...]:
        """What the calls of a statement gave, with the end of the items that it asks an object for."""
        at = self.slice.by_line.get(caller.line)
        ends = left.name == "__next__" and (left.raised or "").startswith("StopIteration(")
        inside = self.aided and ends and at is not None and not isinstance(at.head, ast.For)
        return (*caller.came, ENDED) if inside else caller.came

    def _is_task(self, left: Frame, caller: Frame) -> bool:
        """Whether what ends ``left`` is for a loop that ``caller`` runs to keep, or to hand on."""
        coroutine = self.slice.callables.makes_coroutine
        return self.aided and coroutine(left.function) and not coroutine(caller.function)

    def _is_stored(self, frame: Frame) -> bool:
        """Whether what ``frame`` gives is stored in the object that it was asked of."""
        heads = self._heads(self.slice.callables.read, frame)
        makers = [maker for head in heads for maker in head.decorator_list]
        return any(getattr(maker, "id", getattr(maker, "attr", "")) == "cached_property" for maker in makers)

    def _generates(self, frame: Frame) -> bool:
        """Whether ``frame`` is that of a generator."""
        heads = self._heads(self.slice.callables.generators, frame)
        return any(head.lineno <= frame.line <= (head.end_lineno or frame.line) for head in heads)

    def _heads(self, table: Mapping[str, tuple[Target, ...]], frame: Frame) -> Iterator[ast.FunctionDef]:
        """The functions of a ``table`` that are called like that of ``frame``."""
        for target in table.get(frame.name, ()):
            logical = self.slice.by_line.get(target.line)
            if logical is not None and isinstance(logical.head, ast.FunctionDef):
                yield logical.head

    def _is_kept(self, caller: Frame) -> bool:
        """Whether the statement of ``caller`` keeps what it calls gives."""
        logical = self.slice.by_line.get(caller.line)
        return logical is not None and isinstance(logical.head, ast.Assign | ast.AnnAssign | ast.Return)

    def _came(self, caller: Frame, left: Frame, given: str, yielded: bool) -> tuple[str, ...]:
        """What the calls of a statement gave, with what ``left`` gave now."""
        if not self._generates(left):
            return (*caller.came, given)
        return generating.with_item(caller.came, left.name, given if yielded else None)
