"""What each CWM frame says: the step that it stands for, and the state after it.

Frames of comprehensions and lambdas, which older interpreters report, are folded into the statement that
holds them, and the lines inside a statement into its first, as in a normalised trace. A frame that fits
nowhere is reported and left out; values that it wrote come with the next one of its activation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from cwm_lsp.codec.cwm_frames import RawFrame, Section
from cwm_lsp.codec.cwm_state import Activation, Program, Slot, State
from cwm_lsp.codec.cwm_text import Entry, read_exception, read_locals, read_string, unmarked
from cwm_lsp.codec.flow import EXIT
from cwm_lsp.trace.model import EventKind
from cwm_lsp.trace.predicted import Guess, PredictedStep


@dataclass(frozen=True, slots=True)
class _Held:
    """A step that the next frame may still settle: its line, or whether it unwinds."""

    step: PredictedStep
    activation: Activation
    returned: bool = False


class Reading:
    """Reads frames one after another. ``report`` is told of every problem.

    :attr:`steps` are the steps so far, for the owner to take away; :attr:`lost` counts frames in a row
    that fit nowhere; :attr:`started` says that the entry scope was entered, :attr:`left` that it was left
    for good.
    """

    def __init__(
        self,
        program: Program,
        state: State,
        functions: Mapping[int, str],
        report: Callable[[str], None],
    ) -> None:
        self._program = program
        self._functions = functions
        self._report = report
        self.started = bool(state.stack)
        self._held: _Held | None = None
        self._carry: dict[int, dict[str, Guess]] = {}
        self._readers: dict[EventKind, Callable[[RawFrame], None]] = {
            EventKind.CALL: self._call,
            EventKind.LINE: self._line,
            EventKind.RETURN: self._return,
            EventKind.EXCEPTION: self._exception,
        }
        self.state = state
        self.steps: list[PredictedStep] = []
        self.lost = 0
        self.left = False

    def take(self, frame: RawFrame) -> None:
        """One whole frame."""
        calls = frame.kind is EventKind.CALL
        if not self.started and not calls:
            self._report("the trace does not begin with a call")
        elif self.started and not self.state.stack and not calls:
            self._lose("a frame after the entry scope was left")
        else:
            self._readers[frame.kind](frame)

    def end(self) -> None:
        """No frame follows: let go of a step that waited for one."""
        self._settle(None, frozenset())

    def _lose(self, message: str) -> None:
        self._report(message)
        self.lost += 1

    def _call(self, frame: RawFrame) -> None:
        entries = self._entries(frame)
        names = frozenset(entry.name for entry in entries)
        text = unmarked(frame.source.text)
        resumed = self._resumed(text, {entry.name: entry.text for entry in entries})
        entry = not self.started
        self.started = True
        scopes = frozenset[int]()
        if ".0" not in names and resumed is None:
            scopes = self._program.scope_called(text, names, self._hint(entries))
        if entry and not scopes:
            scopes = frozenset({EXIT})
        if resumed is None and not scopes:
            if ".0" not in names and "lambda" not in text:
                self._report(f"a call of {text.strip()!r}, where no function of this file begins")
            self._settle(None, frozenset())
            hidden = Activation(self.state.last_frame, "", EXIT, frozenset(), hidden=True)
            self.state = self.state.entered(hidden)
            return
        self._settle(None, frozenset())
        guesses = self._guesses(frame, entries)
        before = resumed.slots if resumed is not None else {}
        slots = {name: Slot(guess.text, guess.probability) for name, guess in guesses.items()}
        slots |= {one.name: before[one.name] for one in entries if one.text is None and one.name in before}
        if resumed is None:
            number = self.state.last_frame + bool(self.state.last_frame or not entry)
            resumed = Activation(number, self._function(min(scopes)), min(scopes), scopes)
        activation = replace(resumed, slots=slots)
        self.state = self.state.entered(activation)
        removed = tuple(name for name in before if name not in names)
        self._emit(frame, activation, changed=guesses, removed=removed)

    def _line(self, frame: RawFrame) -> None:
        top = self.state.top
        if top is None or top.hidden:
            return
        text = unmarked(frame.source.text)
        entries = self._entries(frame)
        guesses = {
            name: guess
            for name, guess in self._guesses(frame, entries).items()
            if name not in top.slots or top.slots[name].text != guess.text
        }
        slots, unknown = self._carried(top, entries, guesses)
        for name in unknown:
            self._report(f"{name!r} is said to be unchanged, and nothing is known of it")
        removed = tuple(name for name in top.slots if name not in slots)
        carry = self._carry.setdefault(top.frame, {})
        lines = self._resolve(top, text)
        if not lines:
            carry |= guesses
            inside = lines is not None
            self.state = self.state.with_top(replace(top, slots=slots, fresh=False, inside=inside))
            return
        self.lost = 0
        activation = self._program.moved(top, lines, slots)
        self._settle(top, lines)
        self.state = self.state.with_top(activation)
        changed, self._carry[top.frame] = carry | guesses, {}
        self._emit(frame, activation, changed=changed, removed=removed)

    def _resolve(self, top: Activation, text: str) -> frozenset[int] | None:
        """The lines ``text`` can mean; none for a part of the statement, ``None`` where it fits nowhere."""
        program = self._program
        if top.inside and program.matching(text, top.lines):
            return frozenset()
        reached = program.next_lines(top)
        found = program.matching(text, reached)
        if not found and program.matching(text, program.parts(top.lines)):
            return frozenset()
        if not found:
            parts = program.parts(reached)
            found = frozenset(parts[line] for line in program.matching(text, parts))
        if not found:
            self._lose(f"the line {text.strip()!r} cannot follow here")
            return None
        return found

    def _return(self, frame: RawFrame) -> None:
        top = self.state.top
        if top is None:
            return
        if not top.hidden:
            self._give(frame, top)
        left = self.state.stack[-1]
        keep = not left.hidden and self._program.suspends(left)
        self._carry.pop(left.frame, None)
        self.state = self.state.left(keep)
        self.left = not self.state.stack and not keep

    def _exception(self, frame: RawFrame) -> None:
        top = self.state.top
        if top is not None and not top.hidden:
            self._give(frame, top)

    def _give(self, frame: RawFrame, top: Activation) -> None:
        """A return or an exception of the innermost frame."""
        text = unmarked(frame.source.text)
        program = self._program
        places = (top.lines, top.raised | top.passed, program.next_lines(top))
        lines = next(filter(None, (program.matching(text, place) for place in places)), frozenset[int]())
        inner = program.parts(top.lines)
        if not lines and program.matching(text, inner):
            lines = frozenset(inner[line] for line in program.matching(text, inner))
        if not lines:
            self._report(f"{frame.kind} at {text.strip()!r}, where the frame is not")
            lines = top.lines
        raises = frame.kind is EventKind.EXCEPTION
        self._settle(top, lines, unwinding=raises)
        raised = lines if raises else top.raised
        error = (read_string(frame.value.text) or "") if raises and frame.value is not None else top.error
        activation = replace(top, lines=lines, raised=raised, error=error, entered=False, inside=False)
        self.state = self.state.with_top(activation)
        value = self._value(frame)
        nothing = not raises and value is not None and value.text == "None"
        if nothing and (lines <= program.scopes.raising or (raised and self._unwinds(lines, raised))):
            value = None
        waits = nothing and bool(raised) and self.state.depth > 0
        self._emit(frame, activation, value=value, returned=waits)

    def _unwinds(self, lines: frozenset[int], raised: frozenset[int]) -> bool:
        """Whether the entry frame leaves by its exception; of a called one the caller tells that."""
        if self.state.depth > 0:
            return False
        scopes = self._program.scopes
        returns = self._program.text(min(lines)).lstrip().startswith("return")
        return lines <= raised | scopes.trying or (lines <= scopes.final and not returns)

    def _value(self, frame: RawFrame) -> Guess | None:
        section = frame.value
        if section is None:
            return None
        text = read_string(section.text)
        if text is None:
            self._report(f"a {frame.kind} value that is no JSON string")
            return None
        if frame.kind is EventKind.EXCEPTION:
            text = read_exception(text)
        return Guess(text, math.exp(section.whole))

    # --- values --------------------------------------------------------------------------------

    def _entries(self, frame: RawFrame) -> tuple[Entry, ...]:
        read = read_locals(frame.locals.text)
        if read.problem:
            self._report(read.problem)
        return read.entries

    def _guesses(self, frame: RawFrame, entries: Sequence[Entry]) -> dict[str, Guess]:
        """What is written in full, with the probability of the tokens of each name and value."""
        guesses: dict[str, Guess] = {}
        start = 0
        place = _byte_places(frame.locals)
        for entry in entries:
            end = place(entry.end)
            if entry.text is not None:
                guesses[entry.name] = Guess(entry.text, math.exp(frame.locals.between(start, end)))
            start = end
        return guesses

    def _carried(
        self, top: Activation, entries: Sequence[Entry], guesses: Mapping[str, Guess]
    ) -> tuple[dict[str, Slot], list[str]]:
        """The state that a line frame describes, and names said to be unchanged that are not known."""
        slots: dict[str, Slot] = {}
        unknown: list[str] = []
        for entry in entries:
            if entry.name in guesses:
                guess = guesses[entry.name]
                slots[entry.name] = Slot(guess.text, guess.probability)
            elif entry.name in top.slots:
                slots[entry.name] = top.slots[entry.name]
            else:
                unknown.append(entry.name)
        return slots, unknown

    # --- steps ---------------------------------------------------------------------------------

    def _resumed(self, text: str, known: Mapping[str, str | None]) -> Activation | None:
        """The suspended frame that a call frame goes on with: the most alike, of these the oldest."""
        fitting = [
            one
            for one in self.state.suspended
            if self._program.matching(text, one.lines) and one.slots.keys() <= known.keys()
        ]
        depth = self.state.depth + 1

        def likeness(one: Activation) -> tuple[bool, int]:
            return one.depth == depth, sum(slot.text == known[name] for name, slot in one.slots.items())

        return max(fitting, key=likeness, default=None)

    def _hint(self, entries: Sequence[Entry]) -> str:
        """Where the name of a class may stand that a called method belongs to."""
        top = self.state.top
        called = " ".join(self._program.text(line) for line in top.lines) if top is not None else ""
        receiver = entries[0].text if entries else ""
        return f"{receiver} {called}"

    def _function(self, line: int) -> str:
        if line == EXIT:
            return "<module>"
        scope = self._program.scopes.by_line.get(line)
        return self._functions.get(line) or (scope.name if scope is not None else "")

    def _emit(
        self,
        frame: RawFrame,
        activation: Activation,
        *,
        changed: Mapping[str, Guess] | None = None,
        removed: tuple[str, ...] = (),
        value: Guess | None = None,
        returned: bool = False,
    ) -> None:
        predicted = {
            name: Guess(slot.text, slot.probability)
            for name, slot in activation.slots.items()
            if slot.probability is not None
        }
        step = PredictedStep(
            kind=frame.kind,
            line=min(activation.lines),
            function=activation.function,
            depth=self.state.depth,
            probability=math.exp(frame.logprob + frame.source.whole),
            changed=dict(changed or {}),
            removed=removed,
            locals=predicted,
            value=value,
            frame=activation.frame,
        )
        held = _Held(step, activation, returned)
        if returned or len(activation.lines) > 1:
            self._held = held
        else:
            self.steps.append(step)

    def _settle(self, top: Activation | None, lines: frozenset[int], *, unwinding: bool = False) -> None:
        """Let go of a held step: ``top`` and ``lines`` are the frame that came next and where it can be."""
        held, self._held = self._held, None
        if held is None:
            return
        step = held.step
        if held.returned and unwinding:
            step = replace(step, value=None)
        if top is not None and top.frame == held.activation.frame:
            origin = held.activation
            fitting = [line for line in origin.lines if not self._leads(origin, line).isdisjoint(lines)]
            step = self._relined(step, origin, min(fitting, default=step.line))
        self.steps.append(step)

    def _leads(self, activation: Activation, line: int) -> frozenset[int]:
        if activation.entered and activation.scope != EXIT:
            return self._program.flow.entry(line) | {line}
        return self._program.follow(activation, line) | {line}

    def _relined(self, step: PredictedStep, origin: Activation, line: int) -> PredictedStep:
        """``step`` at ``line``; for a call the function is then another too, and so is its running frame."""
        if line == step.line or step.kind is not EventKind.CALL:
            return replace(step, line=line)
        function = self._function(line)
        stack = tuple(
            replace(one, function=function, scope=line) if one.frame == origin.frame else one
            for one in self.state.stack
        )
        self.state = replace(self.state, stack=stack)
        return replace(step, line=line, function=function)


def _byte_places(section: Section) -> Callable[[int], int]:
    """From a place in a section's text to the place in its bytes."""
    if section.data.isascii():
        return lambda place: place
    text = section.text
    return lambda place: len(text[:place].encode("utf-8", "replace"))
