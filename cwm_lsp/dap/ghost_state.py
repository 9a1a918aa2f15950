"""A predicted moment as DAP shows it: frames, the scope "Predicted", variables, what is computed on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cwm_lsp.codec.pure import Undecided, compute, literal, names_in
from cwm_lsp.dap.arguments import not_computed, reason
from cwm_lsp.dap.ghost_run import GhostFrame, Held, Moment
from cwm_lsp.dap.predicted_scope import RAISES, RESULT, SCOPE, YIELDED
from cwm_lsp.errors import ArgumentsError
from cwm_lsp.features import display
from cwm_lsp.features.text import clean, percent
from cwm_lsp.trace.model import EventKind, SourceFile, Value
from cwm_lsp.trace.predicted import Guess
from cwm_lsp.trace.render import render
from cwm_lsp.trace.suspending import suspending

_CONTAINERS = (list, tuple, dict)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as text, and the same in words."""

    text: str
    words: str


def shown(held: Held, threshold: float) -> Shown:
    """``[4, 9]`` for what was given, ``≈ 6 · 93 %`` for a guess, ``≈ ?`` for one that is withheld."""
    if held.given:
        fragment = display.given("", Value(held.guess.text, opaque=held.opaque))
        return Shown(clean(held.guess.text), fragment.words)
    fragment = display.predicted("", held.guess, threshold)
    return Shown(fragment.text.strip(), fragment.words)


class StateView:
    """One moment, with the references that DAP hands out for it; they are good for this stop alone."""

    def __init__(self, source: SourceFile, moment: Moment, threshold: float) -> None:
        self._source = source
        self.moment = moment
        self._threshold = threshold
        self._children: list[tuple[tuple[str, Held], ...]] = []
        self._frames = [self._reference(self._locals(frame)) for frame in moment.stack]

    # --- frames ---

    def stack(self) -> list[Json]:
        """The stack, innermost first; a frame's id is its depth, counted from 1."""
        source = {"name": self._source.path.replace("\\", "/").rpartition("/")[2], "path": self._source.path}
        frames = [
            {"id": depth, "name": frame.function, "line": frame.line, "column": 1, "source": source}
            for depth, frame in enumerate(self.moment.stack, 1)
        ]
        return frames[::-1]

    def frame(self, number: object) -> GhostFrame:
        """The frame of an id; the innermost for none. Raises ``ArgumentsError``."""
        if number is None:
            return self.moment.top
        if not isinstance(number, int) or not 0 < number <= len(self.moment.stack):
            raise ArgumentsError(f"There is no frame {number}.", "Frames are good for one stop.")
        return self.moment.stack[number - 1]

    def scope(self, number: object) -> Json:
        """The one scope of a frame."""
        depth = self.moment.stack.index(self.frame(number))
        return {"name": SCOPE, "variablesReference": self._frames[depth], "expensive": False}

    def is_top(self, reference: object) -> bool:
        """Whether a reference is that of the innermost frame's scope."""
        return reference == self._frames[-1]

    # --- variables ---

    def variables(self, reference: object) -> list[Json]:
        """The variables behind a reference. Raises ``ArgumentsError``."""
        if not isinstance(reference, int) or not 0 < reference <= len(self._children):
            raise ArgumentsError(f"There are no variables {reference}.", "References are good for one stop.")
        return [self.variable(name, held) for name, held in self._children[reference - 1]]

    def variable(self, name: str, held: Held) -> Json:
        """One variable, its children behind a reference of their own."""
        said = shown(held, self._threshold)
        return {
            "name": name,
            "value": said.text,
            "type": said.words,
            "variablesReference": self._reference_within(held),
        }

    def _locals(self, frame: GhostFrame) -> tuple[tuple[str, Held], ...]:
        found = [(name, held) for name, held in frame.locals.items() if display.shown(name, None)]
        if frame is self.moment.top and self.moment.value is not None and (name := self._outcome_name):
            found.append((name, self.moment.value))
        return tuple(found)

    @property
    def _outcome_name(self) -> str:
        """What the value that the moment ends with is called, "" where a wait hands nothing out."""
        if self.moment.kind is EventKind.EXCEPTION:
            return RAISES
        shapes, line = suspending(self._source.text), self.moment.top.line
        return "" if line in shapes.awaiting else YIELDED if line in shapes.yielding else RESULT

    def _reference(self, children: Iterable[tuple[str, Held]]) -> int:
        self._children.append(tuple(children))
        return len(self._children)

    def _reference_within(self, held: Held) -> int:
        """A reference to the items of a container that is literal and not withheld, else 0."""
        if held.opaque or (not held.given and held.guess.probability < self._threshold):
            return 0
        try:
            value = literal(held.guess.text)
        except Undecided:
            return 0
        if not isinstance(value, _CONTAINERS) or not value:
            return 0
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return self._reference((repr(key), _same(held, repr(item))) for key, item in pairs)

    # --- computed ---

    def evaluate(self, expression: str, number: object) -> Json:
        """What a pure expression gives on the literal state. Raises ``ArgumentsError`` for any other."""
        frame = self.frame(number)
        name = expression.strip()
        if name in frame.locals:
            found = self.variable(name, frame.locals[name])
            return {
                "result": found["value"],
                "type": found["type"],
                "variablesReference": found["variablesReference"],
            }
        said = self._computed(expression, frame)
        return {"result": said.text, "type": said.words, "variablesReference": 0}

    def _computed(self, expression: str, frame: GhostFrame) -> Shown:
        state = frame.locals
        try:
            read = [state[name] for name in names_in(expression) if name in state]
            value = compute(expression, {name: held.guess.text for name, held in state.items()})
        except Undecided as why:
            raise ArgumentsError(not_computed(expression, why), "Nothing is run in a ghost session.") from why
        text = clean(Value(*render(value)).text)
        # Later guesses stand on earlier ones, so the least probable speaks for all of them.
        probability = min((held.guess.probability for held in read), default=1.0)
        if all(held.given for held in read):
            return Shown(f"{text} · computed", "computed from what was given")
        if probability < self._threshold:
            best = f"best guess {text} at {percent(probability)}"
            return Shown("≈ ? · computed", f"computed from values that the model is not sure of: {best}")
        at = percent(probability)
        return Shown(f"≈ {text} · {at} · computed", f"computed from predicted values, at {at}, not run")


def moment_words(moment: Moment, threshold: float, source: str) -> str:
    """One sentence on where the prediction stands."""
    at = percent(moment.probability)
    sure = "" if moment.probability >= threshold else "not sure: "
    match moment.kind:
        case EventKind.RETURN if moment.value is None:
            return f"{sure}{moment.top.function} is left by an exception · {at}"
        case EventKind.RETURN if moment.top.line in suspending(source).awaiting:
            return f"{sure}{moment.top.function} waits at line {moment.top.line}; what for is not foretold"
        case EventKind.RETURN:
            verb = "yields" if moment.top.line in suspending(source).yielding else "returns"
            return f"{moment.top.function} {_outcome(verb, moment, threshold)}"
        case EventKind.EXCEPTION:
            return f"line {moment.top.line} {_outcome('raises', moment, threshold)}"
    return f"{sure}line {moment.top.line} · {at}"


def _outcome(verb: str, moment: Moment, threshold: float) -> str:
    return f"{verb} {shown(moment.value, threshold).text}" if moment.value is not None else verb


def exception_info(moment: Moment, threshold: float) -> Mapping[str, Any]:
    """A predicted exception. Raises ``ArgumentsError`` where none is being raised."""
    if moment.kind is not EventKind.EXCEPTION or moment.value is None:
        raise ArgumentsError("No exception is being raised here.")
    said = shown(moment.value, threshold)
    return {
        "exceptionId": moment.value.guess.text.partition("(")[0] if "?" not in said.text else "?",
        "description": said.text,
        "breakMode": "always",
        "details": {"message": said.words},
    }


def written(text: str) -> Value:
    """What the user typed as a new value. Raises ``ArgumentsError`` unless it is a literal."""
    try:
        value = literal(text.strip())
    except Undecided as why:
        raise ArgumentsError(reason(why), "A what-if runs nothing, so its value is written out.") from why
    return Value(*render(value))


def _same(held: Held, text: str) -> Held:
    return replace(held, guess=Guess(text, held.guess.probability))
