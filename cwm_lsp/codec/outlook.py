"""What can come next in a run, and what is worked out of it: seen from the state that its events made.

The tokens that tell it are written by :mod:`cwm_lsp.codec.machine`.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping
from dataclasses import dataclass

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.deeds import changes_objects, effect
from cwm_lsp.codec.definitions import readable
from cwm_lsp.codec.displays import ELLIPSIS, shown
from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.entering import enters as enters_next
from cwm_lsp.codec.expected import Expected, arguments, expected
from cwm_lsp.codec.facts import Facts, facts, passed
from cwm_lsp.codec.flow import EXIT, Flow
from cwm_lsp.codec.frames import EMPTY, NOTHING, Frame, State
from cwm_lsp.codec.heads import decided, holds, runs_class
from cwm_lsp.codec.objects import closure
from cwm_lsp.codec.outer import seen
from cwm_lsp.codec.sharing import is_changing, may_change
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.switching import going_on, may_pause, swallows, switch
from cwm_lsp.codec.values import Names
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.codec.working import names_read

_BRANCHING = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.ExceptHandler, ast.match_case)


@dataclass(slots=True)
class Outlook:
    """A state in a source, and what follows from it.

    ``suspends`` are the statements at which a frame can be left and entered again, ``final`` those in a
    ``finally``. ``aided`` false gives what can be looked up, but works nothing out. ``annotates`` says that
    annotations of modules and classes run where they stand, as they did before Python 3.14.
    """

    slice: Slice
    flow: Flow
    names: Names
    functions: Mapping[int, str]
    state: State = NOTHING
    last_frame: int = 0
    ended: bool = False
    aided: bool = True
    annotates: bool = True
    suspends: frozenset[int] = frozenset()
    final: frozenset[int] = frozenset()

    @property
    def here(self) -> Slice:
        """The slice as the innermost frame sees it."""
        return seen(self.state, self.slice) if self.aided else self.slice

    @property
    def depth(self) -> int:
        """Depth of the innermost frame, the entry having 0."""
        return len(self.state.frames) - 1

    def _resumed(self, line: int) -> Frame | None:
        return None if line in self.flow.scopes else self.state.resumed(line)

    def function_at(self, line: int) -> str:
        """The name of the function that is defined at ``line``, or that goes on there."""
        before = self._resumed(line)
        if before is not None:
            return before.function
        logical = self.slice.by_line.get(line)
        return self.functions.get(line) or next(iter(logical.binds), "") if logical else ""

    def number(self, line: int) -> int:
        """The slice's number of a line of the file; its first for a module's own frame."""
        logical = self.slice.by_line.get(line) or self.slice.lines[0]
        return logical.number

    def line(self, token: int) -> int | None:
        """The line of the file that a line token names, or ``None``."""
        number = v.token_line(token)
        logical = self.slice.by_number.get(number) if number is not None else None
        return logical.line if logical else None

    def choices(self, said: Container[str] = ()) -> frozenset[int]:
        """What an event can go on with: names that may change, lines that can follow, other events.

        ``said`` are the names of which it has been told already; those that are known to change come before
        the line.
        """
        frame = self.state.frames[-1]
        inline = frame.function.startswith("<") and not frame.is_module
        lines = frozenset(map(self._line_token, self.next_lines(frame)))
        if frame.fresh and not inline:  # nothing comes before its first line
            return lines
        logical = self.slice.by_line.get(frame.line)
        pauses = frame.line in self.suspends
        only = switch(frame, self.state, self.slice, pauses=pauses) if self.aided else None
        if only is not None:
            return frozenset({only})
        left = self.aided and not inline and frame.passing is not None and frame.raised is None
        if left and not swallows(logical):
            return frozenset({Special.EXCEPTION})
        enters = None if inline or not self.aided else enters_next(frame, self.state, self.here)
        if enters:
            found = awaited(frame, self.state, self.here)
            fits = found is not None and found.fits and frame.passing is None
            return frozenset({Special.CALL} if fits else {Special.CALL, Special.EXCEPTION})
        calls = enters is None and bool(self.entries())
        events = {Special.EXCEPTION} | ({Special.CALL} if calls else set())
        events |= {Special.UNWIND} if self._unwinds(frame) else set()
        if enters is False and not inline:
            raises = self._raises(frame)
            if raises:
                return frozenset({Special.EXCEPTION})
            due = self._due(frame, lines, raises) if len(lines) == 1 else frozenset()
            due = frozenset(name for name in due if name not in said)
            if due:
                return frozenset(map(self.names.token, due))
            events -= {Special.EXCEPTION, Special.UNWIND} if raises is False else set()
            if raises is None and not self._unwinds(frame):
                events.discard(Special.EXCEPTION)
        events |= {Special.RETURN} if inline else set()  # it has no line of its own to end at
        pauses = pauses and (not self.aided or may_pause(frame, logical))
        events |= {Special.YIELD} if inline or pauses else set()
        return frozenset({self.names.token(name) for name in self.changeable()} | lines | events)

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
        if deciding and self._line_token(logical.branch) not in lines:
            return frozenset()
        told = self.expected(next(iter(lines))).names
        known = {name for name, text in told.items() if frame.texts.get(name) != text}
        return self.changeable() & known

    def _raises(self, frame: Frame) -> bool | None:
        """Whether the statement at which ``frame`` stands raises; ``None`` where that is not known."""
        logical = self.slice.by_line.get(frame.line)
        if logical is None or frame.raised is not None or frame.caught is not None:
            return None
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

    def begins_with(self, line: int, said: Container[str]) -> tuple[frozenset[str], bool]:
        """The names with which a call at ``line`` can go on, and whether it can end, ``said`` being told.

        Those of which the value is known come before its end.
        """
        frame, names = self.state.frames[-1], self.given(line)
        if not self.aided or not enters_next(frame, self.state, self.here):
            return names, True
        told = self.expected(Special.CALL, line).names.keys()
        due = frozenset(name for name in names & told if name not in said)
        if not due:
            return names, True
        found = awaited(frame, self.state, self.here)
        targets = found.targets if found is not None else ()
        others = {name for target in targets if target.line == line for name in target.names}
        return due | (names & others), False

    def entries(self) -> frozenset[int]:
        """The lines at which a call can begin."""
        frame = self.state.frames[-1]
        going = going_on(frame, self.state, self.slice) if self.aided else frozenset[int]()
        if going:
            return going
        found = awaited(frame, self.state, self.here) if self.aided else None
        if found is not None and found.targets and enters_next(frame, self.state, self.here):
            return frozenset(target.line for target in found.targets)
        suspended = {one.line for one in self.state.suspended}
        lines = (one.line for one in self.slice.lines if one.nests or one.line in self.flow.scopes)
        return frozenset({*lines, *suspended} & self.slice.by_line.keys())

    def changeable(self) -> frozenset[str]:
        """The names that an event can change: those that it binds, and those of what may change in itself."""
        frame = self.state.frames[-1]
        logical = self.slice.by_line.get(frame.line)
        if logical is None:
            return frozenset(frame.texts)
        if not self.aided or (frame.function.startswith("<") and not frame.is_module):
            return frozenset(frame.texts) | logical.binds
        named = self.slice.callables.rebinding & frame.texts.keys()
        named |= frame.renewed.keys() | self._named(logical)
        if not self._leaves_objects(frame, logical):
            named |= {name for name, text in frame.texts.items() if may_change(text)}
        over = isinstance(logical.head, ast.For) and "" in self._facts(frame, logical).items
        return named if over else named | logical.binds

    def _leaves_objects(self, frame: Frame, logical: LogicalLine) -> bool:
        """Whether a line changes no object in itself: all that it does is known, and it only binds names."""
        if frame.returned or frame.raised is not None or frame.closing:
            return False
        if isinstance(logical.head, ast.For):
            items = self._facts(frame, logical).items if frame.line in frame.visits else ()
            return bool(items) and None not in items
        if not logical.carried or changes_objects(logical.carried, frame.texts):
            return False
        texts = readable(frame, self.here.constants)
        return effect(logical.carried, texts, frame.came, frame.shares).known

    def _named(self, logical: LogicalLine) -> frozenset[str]:
        """The names that a line may take away."""
        return frozenset(names_read(logical.head)) if isinstance(logical.head, ast.Delete) else frozenset()

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

    def given(self, line: int) -> frozenset[str]:
        """The names that a call at ``line`` can begin with: of the line, and what it closes over."""
        logical = self.slice.by_line.get(line)
        head = logical.head if logical else None
        written = {piece.name for piece in logical.pieces if piece.name} if logical else set()
        if isinstance(head, ast.FunctionDef | ast.AsyncFunctionDef):
            written |= {one.arg for one in ast.walk(head.args) if isinstance(one, ast.arg)}
            written |= set(names_read(head))
        resumed = self._resumed(line)
        frames = (*self.state.frames, *([resumed] if resumed else ()))
        return frozenset(written).union(*(frame.texts for frame in frames))

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
        if alone and not frame.fresh and self.function_at(frame.line) == frame.function:
            return frozenset({EXIT})  # a function of one line ends on it
        lines = body if inside else self.flow.successors(frame.line) - body
        return self._leaving(frame, logical, lines)

    def _leaving(self, frame: Frame, logical: LogicalLine | None, lines: frozenset[int]) -> frozenset[int]:
        """Those of ``lines`` that follow a statement of a ``finally`` or the head of a ``with``."""
        if not self.aided or EXIT not in lines or len(lines) == 1 or logical is None:
            return lines
        if frame.leaving and (frame.line in self.final or frame.closing):
            return frozenset({EXIT})
        plain = frame.line in self.final and not isinstance(logical.head, _BRANCHING)
        return lines - {EXIT} if (plain or frame.closing) and frame.caught is None else lines

    def _line_token(self, line: int) -> int:
        if line == EXIT or line not in self.slice.by_line:
            return Special.RETURN
        return v.line_token(self.number(line))

    def _facts(self, frame: Frame, logical: LogicalLine) -> Facts:
        return facts(frame, logical, self.here.constants, aided=self.aided)

    def expected(self, head: int, line: int = 0) -> Expected:
        """What is worked out for the places of the next event: of a call at ``line`` if ``head`` says so."""
        if not self.aided or not self.state.frames:
            return Expected()
        frame = self.state.frames[-1]
        if head == Special.CALL:
            before = self._resumed(line)
            if before is None:
                return Expected(self._arguments(frame, line))
            kept = before.texts if self.state.is_one(line) else EMPTY
            waited = self.slice.callables.makes_coroutine(before.function)
            stays = {
                name: text
                for name, text in kept.items()
                if not (_is_shared(before, name) or (waited and may_change(text)))
            }
            return Expected(stays | dict(before.renewed) if stays else {})
        if frame.fresh:
            return Expected()
        logical = self.slice.by_line.get(frame.line)
        if logical is None:
            return Expected()
        return expected(frame, logical, self._facts(frame, logical), self.here)

    def _arguments(self, frame: Frame, line: int) -> Mapping[str, str]:
        called = awaited(frame, self.state, self.here)
        target = self.slice.callables.at(line)
        around = closure(self.state, target) if target is not None else EMPTY
        return around if called is None else {**around, **arguments(frame, called, self.here, line)}

    def whole(self, text: str) -> str:
        """The value at hand that ``text`` shows the beginning of; ``text`` itself where there is none."""
        frame = self.state.frames[-1] if self.state.frames else None
        if frame is None or ELLIPSIS not in text:
            return text
        logical = self.slice.by_line.get(frame.line)
        found = self._facts(frame, logical).texts if logical else ()
        called = awaited(frame, self.state, self.here) if self.aided else None
        handed = [value for _, value in passed(frame, self.here, called)] if called else []
        at_hand = (*found, *handed, *frame.returned, *frame.texts.values())
        return next((one for one in at_hand if shown(one) == text), text)


def _is_shared(frame: Frame, name: str) -> bool:
    """Whether others may have changed a name's value, or its object, while its frame was suspended."""
    return name in frame.cells or (name in frame.handed and is_changing(frame.texts[name]))
