"""What can come next in a run, seen from the state that its events made."""

from __future__ import annotations

import ast
import sys
from collections.abc import Container
from functools import lru_cache

from cwm_lsp.codec.deeds import effect, run_of
from cwm_lsp.codec.definitions import readable
from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.entering import enters as enters_next
from cwm_lsp.codec.flow import EXIT
from cwm_lsp.codec.frames import Frame, Touched, together
from cwm_lsp.codec.handlers import catches
from cwm_lsp.codec.heads import case_of, decided, holds, runs_class
from cwm_lsp.codec.holding import may_hold, touched_by
from cwm_lsp.codec.sharing import may_change
from cwm_lsp.codec.source import LogicalLine
from cwm_lsp.codec.switching import may_pause, swallows, switch, yields
from cwm_lsp.codec.view import View
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.codec.working import names_read

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_FAILING = (ast.Attribute, ast.Await, ast.Call, ast.Import, ast.ImportFrom, ast.Subscript)
_BRANCHING = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.ExceptHandler, ast.match_case)


class Outlook(View):
    """What can come next in a state of a source."""

    __slots__ = ()

    def choices(self, said: Container[str] = ()) -> frozenset[int]:
        """What an event can go on with: names that may change, lines that can follow, other events.

        ``said`` are the names of which it has been told already; those that are known to change come before
        the line.
        """
        frame = self.state.frames[-1]
        inline = frame.function.startswith("<") and not frame.is_module
        lines = self._lines(frame)
        if frame.fresh and not inline:  # nothing comes before its first line
            return lines
        logical = self.slice.by_line.get(frame.line)
        pauses = frame.line in self.suspends
        only = switch(frame, self.state, self.slice, pauses=pauses) if self.aided else None
        if only is not None:
            return frozenset({only})
        left = self.aided and not inline and frame.passing is not None and frame.raised is None
        if left and not swallows(logical, frame.passing or ""):
            return frozenset({Special.EXCEPTION})
        if self.aided and logical is not None and isinstance(logical.head, ast.ClassDef):
            around = self._around_class(frame, logical, lines, said)
            if around is not None:
                return around
        enters = None if inline or not self.aided else enters_next(frame, self.state, self.here)
        if enters:
            found = awaited(frame, self.state, self.here)
            fits = found is not None and found.fits and frame.passing is None
            return frozenset({Special.CALL} if fits else {Special.CALL, Special.EXCEPTION})
        calls = enters is None and any(line in self.page for line in self.entries())
        events = {Special.EXCEPTION} | ({Special.CALL} if calls else set())
        events |= {Special.UNWIND} if self._unwinds(frame) else set()
        if enters is False and not inline:
            raises = self._raises(frame)
            if raises:
                return frozenset({Special.EXCEPTION})
            due = self._due(frame, lines, raises) if len(lines) == 1 else frozenset()
            due = frozenset(name for name in due if name not in said)
            if due:
                return self.names.tokens(due)
            takes = self._takes(frame)
            events -= {Special.EXCEPTION, Special.UNWIND} if raises is False or takes else set()
            unlikely = raises is None and not self._unwinds(frame) and not self._guarded(frame)
            if unlikely or takes is not None:
                events.discard(Special.EXCEPTION)
        events |= {Special.RETURN} if inline else set()  # it has no line of its own to end at
        pauses = pauses and (not self.aided or may_pause(frame, logical))
        events |= {Special.YIELD} if inline or pauses else set()
        if lines <= {Special.RETURN}:  # neither this nor a yield tells of names
            return frozenset(lines | events)
        names = self.changeable() - (self._stays(frame, logical) if enters is False else frozenset())
        return self.names.tokens(names) | lines | events

    def _lines(self, frame: Frame) -> frozenset[int]:
        """What tells of the lines that can follow; nothing where ``frame`` yields before any does."""
        waits = frame.line in self.suspends and not (frame.fresh or frame.resumed) and frame.raised is None
        if self.aided and waits and yields(self.slice.by_line.get(frame.line)):
            return frozenset()
        return frozenset(map(self._line_token, self.next_lines(frame)))

    def _around_class(
        self, frame: Frame, logical: LogicalLine, lines: frozenset[int], said: Container[str]
    ) -> frozenset[int] | None:
        """What can come at the head of a class, none of whose code but its body runs; else ``None``."""
        name = getattr(logical.head, "name", "")
        if runs_class(frame, logical):
            return lines
        if name not in self.slice.callables.plain or frame.raised is not None or frame.passing is not None:
            return None
        if len(frame.returned) < len(logical.sites):
            return frozenset({Special.CALL})
        return lines if name in said or name in frame.texts else self.names.tokens([name])

    def _takes(self, frame: Frame) -> bool | None:
        """Whether the handler at which ``frame`` stands takes what was raised; ``None`` if not known."""
        logical = self.slice.by_line.get(frame.line)
        if logical is None or not isinstance(logical.head, ast.ExceptHandler) or frame.raised is not None:
            return None
        return catches(logical.head, frame.caught, readable(frame, self.here.constants))

    def _guarded(self, frame: Frame) -> bool:
        """Whether a handler is there for what the statement of ``frame`` raises: somebody expects it to."""
        heads = (self.slice.by_line.get(line) for line in self.flow.handlers(frame.line))
        return any(one is not None and isinstance(one.head, ast.ExceptHandler) for one in heads)

    def _unwinds(self, frame: Frame) -> bool:
        """Whether ``frame`` may end without raising anew: after a ``finally``, or where no handler fits."""
        logical = self.slice.by_line.get(frame.line)
        if not self.aided or logical is None or frame.line in self.final or frame.closing:
            return True
        passed = (frame.raised, frame.caught, frame.passing)
        return isinstance(logical.head, ast.ExceptHandler | ast.Raise) or passed != (None, None, None)

    def _due(self, frame: Frame, lines: frozenset[int], raises: bool | None) -> frozenset[str]:
        """The names that are known to change before the one line of ``lines``."""
        logical = self.slice.by_line.get(frame.line)
        deciding = logical is not None and isinstance(logical.head, ast.ExceptHandler | ast.match_case)
        if logical is None or Special.RETURN in lines or not (raises is False or deciding):
            return frozenset()
        if deciding and logical.branch not in self.next_lines(frame):
            return frozenset()
        told = self.expected(next(iter(lines))).names
        known = {name for name, text in told.items() if frame.texts.get(name) != text}
        return self.changeable() & known

    def _raises(self, frame: Frame) -> bool | None:
        """Whether the statement at which ``frame`` stands raises; ``None`` where that is not known."""
        logical = self.slice.by_line.get(frame.line)
        if logical is None or frame.raised is not None or frame.caught is not None:
            return None
        if isinstance(logical.head, ast.match_case):
            return False if case_of(logical, frame, self.here.constants) is not None else None
        if isinstance(logical.head, ast.For) and frame.visits.get(frame.line, -1) >= 0:
            items = self._facts(frame, logical).items
            return False if items and None not in items else None
        if not logical.carried:
            return None
        if isinstance(logical.head, ast.ClassDef) and runs_class(frame, logical):
            return False
        if frame.line in self.final or isinstance(logical.head, ast.ClassDef):
            return None
        texts = readable(frame, self.here.constants)
        does = effect(logical.carried, texts, frame.came, frame.shares)
        result = does.result
        if result is not None and (
            result.raises or (isinstance(logical.head, ast.Assert) and result.text == "False")
        ):
            return True
        return False if does.known else None

    def next_lines(self, frame: Frame) -> frozenset[int]:
        """The lines that can follow in ``frame``, as far as it is not known which one does."""
        known = self._following
        if known is None or known[0] is not self.state or known[1] is not frame:
            self._following = known = self.state, frame, self._next_lines(frame)
        return known[2]

    def _next_lines(self, frame: Frame) -> frozenset[int]:
        lines = self.following(frame)
        logical = self.slice.by_line.get(frame.line)
        if self.aided and logical is not None and not frame.fresh and frame.raised is None:
            facts = self._facts(frame, logical)
            held = holds(logical, frame, self.here.constants, facts.known, facts.does, facts.items)
            lines = self.flow.inlined(frame.line, held) or decided(lines, logical.branch, held)
            lines = self._unskipped(frame, lines)
        return frozenset(line for line in lines if line == EXIT or line in self.slice.by_line)

    def _unskipped(self, frame: Frame, lines: frozenset[int]) -> frozenset[int]:
        """``lines`` without those behind a bare annotation, which outside functions is run."""
        if not (self.annotates and (frame.is_module or frame.function in self.slice.callables.classes)):
            return lines
        heads = {line: self.slice.by_line[line].head for line in lines if line in self.slice.by_line}
        bare = [
            line for line, head in heads.items() if isinstance(head, ast.AnnAssign) and head.value is None
        ]
        return frozenset(line for line in lines if EXIT < line <= min(bare)) if bare else lines

    def changeable(self) -> frozenset[str]:
        """The names that an event can change: those that it binds, and those of what may change in itself."""
        frame = self.state.frames[-1]
        logical = self.slice.by_line.get(frame.line)
        if logical is None:
            return frozenset(frame.texts)
        if not self.aided or (frame.function.startswith("<") and not frame.is_module):
            return frozenset(frame.texts) | logical.binds
        touched = self.touched(frame, logical)
        named = self.slice.callables.rebinding & frame.texts.keys()
        named = frozenset() if touched is not None and not frame.returned else named  # no function ran
        named |= frame.renewed.keys() | self._named(logical)
        written = self.slice.callables.written
        named |= {
            name
            for name, text in frame.texts.items()
            if may_change(text) and may_hold(text, touched, written)
        }
        over = isinstance(logical.head, ast.For) and "" in self._facts(frame, logical).items
        bare = isinstance(logical.head, ast.AnnAssign) and logical.head.value is None
        return named if over or bare else named.union(_told_as(name, frame) for name in logical.binds) - {""}

    def touched(self, frame: Frame, logical: LogicalLine | None) -> Touched:
        """The objects that the statement of ``frame`` changes, and what it calls."""
        if logical is None or frame.raised is not None or frame.closing:
            return None
        if isinstance(logical.head, ast.For):
            items = self._facts(frame, logical).items if frame.line in frame.visits else ()
            return frame.within if items and None not in items else None
        texts = readable(frame, self.here.constants)
        does = effect(logical.carried, texts, frame.came, frame.shares)
        return together(frame.within, touched_by(logical, does, texts, unread=self.slice.callables.unread))

    def _stays(self, frame: Frame, logical: LogicalLine | None) -> frozenset[str]:
        """The names that a statement binds to what they hold already."""
        if logical is None or not isinstance(logical.head, ast.For) or self._raises(frame) is not False:
            return frozenset()
        told = self.expected(Special.RETURN).names
        return frozenset(name for name, text in told.items() if frame.texts.get(name) == text)

    def _named(self, logical: LogicalLine) -> frozenset[str]:
        """The names that a line may take away."""
        return frozenset(names_read(logical.head)) if isinstance(logical.head, ast.Delete) else frozenset()

    def may_fail(self) -> bool:
        """Whether it is not known if the statement of the innermost frame raises, and it is one that can."""
        frame = self.state.frames[-1]
        logical = self.slice.by_line.get(frame.line)
        if not self.aided or logical is None or frame.fresh or frame.raised is not None or frame.closing:
            return False
        if enters_next(frame, self.state, self.here) or self._takes(frame) is not None:
            return False
        head = logical.head
        return head is not None and (_brings(head) or (self._raises(frame) is None and _can_fail(head)))

    def gives_unseen(self) -> bool:
        """Whether the innermost frame ends with what a ``return`` before gave, which nothing has told of."""
        frame = self.state.frames[-1]
        logical = self.slice.by_line.get(frame.line)
        ends = logical is not None and not isinstance(logical.head, ast.Return)
        return self.aided and ends and frame.leaving == (None,)

    def may_go(self, name: str) -> bool:
        """Whether ``name`` may go: by the statement of the innermost frame, or with a handler."""
        frame = self.state.frames[-1] if self.state.frames else None
        logical = self.slice.by_line.get(frame.line) if frame is not None else None
        if not self.aided or frame is None or logical is None or name in self._named(logical):
            return True
        return any(name in self.flow.unbound(frame.line, line) for line in self.next_lines(frame))

    def due(self) -> frozenset[str]:
        """The names that are known to change before the next line."""
        frame = self.state.frames[-1]
        inline = frame.function.startswith("<") and not frame.is_module
        if not self.aided or frame.fresh or inline or enters_next(frame, self.state, self.here) is not False:
            return frozenset()
        raises = self._raises(frame)
        lines = frozenset(map(self._line_token, self.next_lines(frame)))
        return self._due(frame, lines, raises) if len(lines) == 1 and not raises else frozenset()

    def arguments_due(self, line: int) -> frozenset[str]:
        """The names of a call at ``line`` of which the values are known, and that they come first."""
        names, can_end = self.begins_with(line, ())
        return frozenset() if can_end else names & self.expected(Special.CALL, line).names.keys()

    def unbound(self, line: int) -> set[str]:
        """The names of the innermost frame that are gone at ``line``, whatever the statement does."""
        frame = self.state.frames[-1]
        return {name for name in self.flow.unbound(frame.line, line) if name in frame.texts}

    def following(self, frame: Frame) -> frozenset[int]:
        """The lines that can follow in ``frame``, ``EXIT`` among them if it can end."""
        if frame.raised is not None:
            return self.flow.handlers(frame.line)
        entry = self.flow.entry(EXIT if frame.function == "<module>" else frame.line) if frame.fresh else None
        if entry:
            return entry
        logical = self.slice.by_line.get(frame.line)
        inside = logical is not None and runs_class(frame, logical)
        body = self.flow.body(frame.line)
        alone = self.flow.entry(frame.line) == {frame.line} and not body
        runs = self.function_at(frame.line) == frame.function
        if alone and not frame.fresh and runs:
            return frozenset({EXIT})  # a function of one line ends on it
        lines = body if inside else self.flow.successors(frame.line) - body
        if self.aided and logical is not None and isinstance(logical.head, _FUNCTION) and not runs:
            end = logical.head.end_lineno or frame.line
            lines = frozenset(line for line in lines if not frame.line < line <= end)  # its body is another's
            lines = lines - {EXIT} or lines
        return self._leaving(frame, logical, lines)

    def _leaving(self, frame: Frame, logical: LogicalLine | None, lines: frozenset[int]) -> frozenset[int]:
        """Those of ``lines`` that follow a statement of a ``finally`` or the head of a ``with``."""
        if not self.aided or EXIT not in lines or len(lines) == 1 or logical is None:
            return lines
        if frame.leaving and (frame.line in self.final or frame.closing):
            return frozenset({EXIT})
        plain = frame.line in self.final and not isinstance(logical.head, _BRANCHING)
        return lines - {EXIT} if (plain or frame.closing) and frame.caught is None else lines


def _brings(head: ast.AST) -> bool:
    """Whether a statement imports what need not be installed."""
    match head:
        case ast.Import(names=aliases):
            wanted = [one.name for one in aliases]
        case ast.ImportFrom(module=str(module), level=0):
            wanted = [module]
        case ast.ImportFrom():
            return True
        case _:
            return False
    return any(one.partition(".")[0] not in sys.stdlib_module_names for one in wanted)


@lru_cache(maxsize=4096)
def _can_fail(head: ast.AST) -> bool:
    """Whether a statement calls, looks up or imports anything on its own line."""
    return any(isinstance(part, _FAILING) for part in ast.walk(run_of(head)))


def _told_as(name: str, frame: Frame) -> str:
    """The name under which a run tells of what ``frame`` binds: a class's private ones have its own in them.

    Names of the language's, ``__slots__``, are told in no frame and private ones in that of a class alone.
    """
    if not name.startswith("__"):
        return name
    is_hidden = frame.is_module or name.endswith("__")
    return "" if is_hidden else f"_{frame.name.lstrip('_')}{name}"
