"""A state in a source: where its frames stand, how calls there begin, and what is worked out for them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.definitions import class_names
from cwm_lsp.codec.displays import ELLIPSIS, shown
from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.entering import enters as enters_next
from cwm_lsp.codec.expected import Expected, arguments, expected
from cwm_lsp.codec.facts import Facts, facts, passed
from cwm_lsp.codec.flow import EXIT, Flow
from cwm_lsp.codec.frames import EMPTY, NOTHING, Frame, State, together
from cwm_lsp.codec.holding import may_hold
from cwm_lsp.codec.objects import closure
from cwm_lsp.codec.outer import seen
from cwm_lsp.codec.page import Page
from cwm_lsp.codec.sharing import is_changing, may_change
from cwm_lsp.codec.sites import Beginning
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.switching import going_on
from cwm_lsp.codec.values import Names
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.codec.working import names_read


@dataclass(slots=True)
class View:
    """A state in a source, and what follows from it.

    ``page`` and ``names`` are those of the present prompt, ``off_page`` says that the state is not on it.
    ``suspends`` are the statements at which a frame can be left and entered again, ``final`` those in a
    ``finally``. ``aided`` false gives what can be looked up, but works nothing out. ``annotates`` says that
    annotations of modules and classes run where they stand, as they did before Python 3.14.
    """

    slice: Slice
    flow: Flow
    page: Page
    names: Names
    functions: Mapping[int, str]
    state: State = NOTHING
    last_frame: int = 0
    ended: bool = False
    off_page: bool = False
    aided: bool = True
    annotates: bool = True
    suspends: frozenset[int] = frozenset()
    final: frozenset[int] = frozenset()
    _seen: tuple[State, Slice] | None = field(default=None, init=False, compare=False, repr=False)
    _following: tuple[State, Frame, frozenset[int]] | None = field(
        default=None, init=False, compare=False, repr=False
    )

    @property
    def here(self) -> Slice:
        """The slice as the innermost frame sees it."""
        if not self.aided:
            return self.slice
        if self._seen is None or self._seen[0] is not self.state:
            self._seen = self.state, seen(self.state, self.slice)
        return self._seen[1]

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
        """The page's number of a line of the file; its first for a module's own frame.

        Raises ``NoRoom`` for a line of the slice that is not shown.
        """
        return self.page.number(line if line in self.slice.by_line else self.page.lines[0].line)

    def line(self, token: int) -> int | None:
        """The line of the file that a line token names, or ``None``."""
        number = v.token_line(token)
        return self.page.line(number) if number is not None else None

    def begins_with(self, line: int, said: Container[str]) -> tuple[frozenset[str], bool]:
        """The names with which a call at ``line`` can go on, and whether it can end, ``said`` being told.

        Those of which the value is known come first, and all that every call there has; until the last of
        them has been told it cannot end.
        """
        names = self.given(line)
        if not self.aided:
            return names, True
        frame, logical = self.state.frames[-1], self.slice.by_line.get(line)
        is_class = logical is not None and isinstance(logical.head, ast.ClassDef)
        if not is_class and not enters_next(frame, self.state, self.here):
            return names, True
        told = names & self.expected(Special.CALL, line).names.keys()
        begins = self._begins(line)
        due = frozenset(name for name in begins.needed | told if name not in said)
        if due:
            return due, False
        others = begins.names if begins.whole else names
        return frozenset(name for name in others if name not in said), True

    def first(self, names: Collection[str], line: int = 0) -> str:
        """The one of ``names`` that a frame tells of first: that of the call at ``line``, or the innermost.

        A frame has its parameters in the order of the signature, and then what it binds as it binds it.
        """
        held = _parameters(self.slice.by_line[line].head) if line in self.slice.by_line else self.state.texts
        place = {name: number for number, name in enumerate(held)}
        return min(names, key=lambda name: (place.get(name, len(place)), self.names.token(name)))

    def _begins(self, line: int) -> Beginning:
        """What a call at ``line``, which is the one that is made next, begins with."""
        before = self._resumed(line)
        if before is not None:
            held = frozenset(before.texts) if self.state.is_one(line) else frozenset[str]()
            return Beginning(held, held, whole=bool(held))
        logical = self.slice.by_line.get(line)
        if logical is not None and isinstance(logical.head, ast.ClassDef):
            names = frozenset(class_names(logical.head))
            return Beginning(names, names, whole=not logical.head.keywords)
        return self.slice.callables.begun.get(line, Beginning())

    def entries(self) -> frozenset[int]:
        """The lines at which a call can begin."""
        frame = self.state.frames[-1]
        going = going_on(frame, self.state, self.slice) if self.aided else frozenset[int]()
        if going:
            return going
        found = awaited(frame, self.state, self.here) if self.aided else None
        logical = self.slice.by_line.get(frame.line)
        made = logical is not None and isinstance(logical.head, ast.ClassDef)  # by what is known to run
        if found is not None and found.targets and (made or enters_next(frame, self.state, self.here)):
            return frozenset(target.line for target in found.targets)
        suspended = {one.line for one in self.state.suspended}
        lines = (one.line for one in self.slice.lines if one.nests or one.line in self.flow.scopes)
        return frozenset({*lines, *suspended} & self.slice.by_line.keys())

    def given(self, line: int) -> frozenset[str]:
        """The names that a call at ``line`` can begin with: of the line, and what it closes over."""
        logical = self.slice.by_line.get(line)
        head = logical.head if logical else None
        written = {piece.name for piece in logical.pieces if piece.name} if logical else set()
        if isinstance(head, ast.FunctionDef | ast.AsyncFunctionDef):
            written |= {one.arg for one in ast.walk(head.args) if isinstance(one, ast.arg)}
            written |= set(names_read(head))
        written |= class_names(head).keys()
        resumed = self._resumed(line)
        if resumed is not None and not resumed.texts:
            written |= self._named_around(line)
        frames = (*self.state.frames, *([resumed] if resumed else ()))
        return frozenset(written).union(*(frame.texts for frame in frames))

    def _named_around(self, line: int) -> set[str]:
        """All names that stand in the innermost function around ``line``."""
        heads = (one.head for one in self.slice.lines)
        around = [
            head
            for head in heads
            if isinstance(head, ast.FunctionDef | ast.AsyncFunctionDef)
            and head.lineno <= line <= (head.end_lineno or line)
        ]
        parts = ast.walk(max(around, key=lambda head: head.lineno)) if around else ()
        return {
            part.id if isinstance(part, ast.Name) else part.arg
            for part in parts
            if isinstance(part, ast.Name | ast.arg)
        }

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
            touched = together(before.since, before.within)
            stays = {
                name: text
                for name, text in kept.items()
                if self.state.heap.is_sure_of(text)
                or not may_hold(text, touched, self.slice.callables.written)
                or not (_is_shared(before, name) or (waited and may_change(text)))
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
        around = closure(self.state, target, self.here) if target is not None else EMPTY
        head = self.slice.by_line[line].head if line in self.slice.by_line else None
        around = {**around, **class_names(head)}
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


def _parameters(head: ast.AST | None) -> Sequence[str]:
    """The parameters of the function that begins with ``head``, in the order in which its frame has them."""
    if not isinstance(head, ast.FunctionDef | ast.AsyncFunctionDef):
        return ()
    of = head.args
    gathering = [one for one in (of.vararg, of.kwarg) if one is not None]
    return [one.arg for one in (*of.posonlyargs, *of.args, *of.kwonlyargs, *gathering)]


def _is_shared(frame: Frame, name: str) -> bool:
    """Whether others may have changed a name's value, or its object, while its frame was suspended."""
    return name in frame.cells or (name in frame.handed and is_changing(frame.texts[name]))
