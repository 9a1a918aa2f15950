"""What a model may write in each part of a CWM frame, as a grammar for constrained decoding.

A grammar is Lark text as llguidance reads it: ``<|frame_sep|>`` is that special token, and everything else
is text, never a special token. It describes one part of a frame with the separator that ends it: names are
those that the scope can hold, each at most once, values are JSON strings of literals and of what ``repr``
makes of other objects, source lines are those that control flow allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cwm_lsp.codec.cwm_names import Held
from cwm_lsp.codec.cwm_state import Activation, Program, State
from cwm_lsp.codec.cwm_tokens import ACTION, ARG, FRAME, TraceTokens
from cwm_lsp.codec.flow import EXIT
from cwm_lsp.trace.model import EventKind

# A value as it stands inside a JSON string: what Python writes as \ is \\ here, and " is \".
_VALUES = r"""
unchanged: "\"..\""
string: "\"" value "\"" | "\"\\u002e.\""
exception: "\"(<class '" CLASS "'>, " value ", <traceback object>)\""
value: NUMBER | TEXT | QUOTED | OPAQUE | NAME | NAME "(" arguments? ")" | "[" items? "]"
     | "(" (items ","?)? ")" | "{" pairs? "}"
items: value (", " value)*
pairs: value (": " value)? (", " value (": " value)?)*
arguments: argument (", " argument)*
argument: value | NAME "=" value
NUMBER: /-?([0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|inf)([+-]([0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|inf|nan))?j?/
NAME: /[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*/
CLASS: /[A-Za-z_][A-Za-z0-9_.<>]*/
OPAQUE: /<(PLAIN|<(PLAIN|<PLAIN*>)*>)+>/
TEXT: /b?'([^'"\\\x00-\x1f]|\\"|UNICODE|\\\\(['nrt]|\\\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*'/
QUOTED: /b?\\"([^"\\\x00-\x1f]|UNICODE|\\\\([nrt]|\\\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*\\"/
"""
_ESCAPE = r"\\\\(['nrt]|\\\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
_PLAIN = rf'([^<>"\\\x00-\x1f]|\\"|UNICODE|{_ESCAPE})'
_UNICODE = r"\\u([0-9a-ce-f][0-9a-f]{3}|d[0-7][0-9a-f]{2}|d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})"
_VALUES = _VALUES.replace("PLAIN", _PLAIN).replace("UNICODE", _UNICODE)

MAX_UNSEEN = 64
"""Frames in a row of comprehensions, lambdas and the insides of statements, which show nothing to a user."""

HIDDEN = ".0"
"""The argument of a comprehension's frame, in interpreters that give it one."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A local that an object may list: a ``known`` one as unchanged, an ``optional`` one not at all."""

    name: str
    known: bool = False
    optional: bool = True


@dataclass(frozen=True, slots=True)
class Grammar:
    """The parts of the next frame of one program in one state.

    ``unseen`` counts the frames before it that showed nothing; after too many, only what shows may come.
    """

    program: Program
    tokens: TraceTokens
    state: State
    unseen: int = 0

    @property
    def _hasty(self) -> bool:
        return self.unseen >= MAX_UNSEEN

    def kinds(self) -> frozenset[int]:
        """The tokens that may begin the next frame; where no frame runs, a call or the end of the trace."""
        top, names = self.state.top, self.tokens.kinds
        if top is None:
            calls = {names[EventKind.CALL]} if self.state.suspended else set()
            return frozenset({self.tokens.end, *calls})
        if top.hidden and self._hasty:
            return frozenset({names[EventKind.RETURN]})
        found = {names[EventKind.EXCEPTION], names[EventKind.CALL]}
        if self._lines():
            found.add(names[EventKind.LINE])
        if top.hidden or top.raised or self.program.suspends(top) or self._may_leave(top):
            found.add(names[EventKind.RETURN])
        return frozenset(found - ({names[EventKind.CALL]} if not self._calls() else set()))

    def locals(self, kind: EventKind) -> str:
        """The locals of a call or line frame, up to the separator before its source."""
        line = kind is EventKind.LINE
        objects = [self._present()] if line else [names for names, _ in self._calls()]
        rules: list[str] = []
        starts = [_object(f"o{index}_", names, rules) for index, names in enumerate(objects)]
        return "\n".join([f"start: ({' | '.join(starts)}) {ACTION}", *rules, _VALUES])

    def source(self, kind: EventKind, shown: frozenset[str], *, separator: bool = False) -> str:
        """The source line of a frame whose locals are ``shown``, up to what ends it.

        ``separator`` says that the separator before the line is to be written as well.
        """
        gives = kind in (EventKind.RETURN, EventKind.EXCEPTION)
        if kind is EventKind.CALL:
            fitting = [texts for names, texts in self._calls() if _lists(names, shown)]
            texts = {text for some in fitting for text in some}
        else:
            texts = self._left() if gives else self._lines()
        choice = " | ".join(json.dumps(text + "\n") for text in sorted(texts)) or json.dumps("\n")
        begin = f"{ACTION} " if separator else ""
        return f"start: {begin}({choice}) {ARG if gives else FRAME}\n"

    def value(self, kind: EventKind) -> str:
        """The value of a return or exception frame, up to its end."""
        what = "exception" if kind is EventKind.EXCEPTION else "string"
        return f"start: {what} {FRAME}\n{_VALUES}"

    # --- lines -----------------------------------------------------------------------------------

    def _lines(self) -> set[str]:
        """The texts that a line frame may show."""
        top, program = self.state.top, self.program
        if top is None:
            return set()
        if top.hidden:
            return self._left()
        reached = program.next_lines(top)
        inside = [*program.parts(top.lines), *program.parts(reached), *(top.lines if top.inside else ())]
        return self._texts(reached if self._hasty else [*reached, *inside])

    def _left(self) -> set[str]:
        """The texts that a return or an exception may show."""
        top, program = self._visible(), self.program
        if top is None:
            return {""}
        hidden = {*program.names.lambdas, *program.names.comprehensions} if self.state.top is not top else ()
        places = top.lines | top.raised | top.passed
        found = self._texts([*places, *program.parts(places), *hidden])
        return found or {program.text(min(places, default=EXIT))}

    def _texts(self, lines: Iterable[int]) -> set[str]:
        texts = (self.program.text(line) for line in lines if line != EXIT)
        return {text for text in texts if text.strip() and not text.lstrip().startswith("#")}

    def _visible(self) -> Activation | None:
        """The innermost frame that is no comprehension or lambda."""
        return next((one for one in reversed(self.state.stack) if not one.hidden), None)

    def _may_leave(self, top: Activation) -> bool:
        return any(EXIT in self.program.follow(top, line) for line in top.lines)

    # --- names -----------------------------------------------------------------------------------

    def _present(self) -> list[_Name]:
        """What the next line frame of the running frame may list."""
        top, names = self.state.top, self.program.names
        if top is None or top.hidden:
            inner = [_Name(HIDDEN), *(_Name(name) for name in names.inner)]
            around = self._visible()
            return inner + ([] if around is None else self._further(around, {HIDDEN, *names.inner}))
        known = [_Name(name, True, name in names.removable) for name in top.slots]
        return known + self._further(top, set(top.slots))

    def _further(self, one: Activation, known: set[str]) -> list[_Name]:
        held = self.program.names.scopes.get(one.scope, Held())
        return [_Name(name) for name in (*held.parameters, *held.others) if name not in known]

    def _calls(self) -> list[tuple[list[_Name], set[str]]]:
        """Each frame that can begin or go on here: its locals, and the texts it may show."""
        top, names, found = self.state.top, self.program.names, []
        for one in self.state.suspended:
            slots = [_Name(name, optional=False) for name in one.slots]
            found.append((slots + self._further(one, set(one.slots)), self._texts(one.lines)))
        if top is None or (top.entered and not top.hidden):
            return found
        for line, held in names.scopes.items():
            if line != EXIT:
                given = [_Name(name, optional=False) for name in held.parameters]
                header = self._texts([line, *self.program.parts([line])])
                found.append((given + [_Name(name) for name in held.others], header))
        if not self._hasty:
            found += self._hidden_calls()
        return [(given, texts) for given, texts in found if texts]

    def _hidden_calls(self) -> list[tuple[list[_Name], set[str]]]:
        """As :meth:`_calls`, for comprehensions and lambdas."""
        names, found = self.program.names, []
        around = self._visible()
        free = [] if around is None else self._further(around, set())
        if around is not None and not names.comprehensions.isdisjoint(around.lines):
            inside = self._texts([*around.lines, *self.program.parts(around.lines)])
            found.append(([_Name(HIDDEN, optional=False), *free], inside))
        for line, lambdas in names.lambdas.items():
            for parameters in lambdas:
                given = [_Name(name, optional=False) for name in parameters]
                rest = [one for one in free if one.name not in parameters]
                found.append((given + rest, self._texts([line])))
        return found


def _lists(names: Sequence[_Name], shown: frozenset[str]) -> bool:
    """Whether an object of ``names`` can be one that lists ``shown``."""
    needed = {one.name for one in names if not one.optional}
    return needed <= shown <= {one.name for one in names}


def _object(prefix: str, names: Sequence[_Name], rules: list[str]) -> str:
    """Add the rules of an object that lists ``names`` in this order; returns the first one.

    Two rules for each place in the list: ``f`` where nothing has been listed yet, ``m`` where a comma is due.
    """
    for place, one in enumerate(names):
        key = json.dumps(json.dumps(one.name) + ": ")
        later = json.dumps(", " + json.dumps(one.name) + ": ")
        value = "(unchanged | string)" if one.known else "string"
        onward = f"{prefix}m{place + 1}"
        for kind, begin in (("f", key), ("m", later)):
            skipped = f" | {prefix}{kind}{place + 1}" if one.optional else ""
            rules.append(f"{prefix}{kind}{place}: {begin} {value} {onward}{skipped}")
    rules += [f'{prefix}{kind}{len(names)}: "}}"' for kind in "fm"]
    rules.append(f'{prefix}: "{{" {prefix}f0')
    return prefix
