"""The one visual language: values of a run, of a prediction and of both as fragments of text.

Every surface (terminal, editors, hover, page) draws what these pure functions return, so that
the same thing has the same glyphs, words and order everywhere. Widths are terminal cells.
A fragment's state never hangs on colour: its glyphs and its words say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cwm_lsp.align.model import Agreement, ComparedFlow
from cwm_lsp.features.text import ELLIPSIS, clean, percent
from cwm_lsp.trace.model import Event, EventKind, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep

AGREE = "✓"
DIFFER = "✗"
APPROX = "≈"
PAST = "↶"
RETURN = "←"
NEXT = "→"
MARK = "◆"
SEPARATOR = " · "
NOT_SURE = "not sure"

VALUES_PER_LINE = 3

_UNSHOWN_TYPES = frozenset(
    {
        "function",
        "module",
        "type",
        "ABCMeta",
        "EnumType",
        "EnumMeta",
        "method",
        "builtin_function_or_method",
        "_Feature",  # what ``from __future__ import`` binds
    }
)
_UNSHOWN_TEXTS = ("<function ", "<module ", "<class ")


class State(StrEnum):
    """What a fragment is, for colour and for programs; the text says it too."""

    OBSERVED = "observed"
    AGREES = "agrees"
    DIFFERS = "differs"
    WITHHELD = "withheld"
    PREDICTED = "predicted"
    COMPUTED = "computed"
    PAST = "past"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a fragment. Only an ``elastic`` one, a value, may be shortened to fit.

    ``focus`` is the index of a character that stays in sight: where it differs from what it is held against.
    """

    text: str
    elastic: bool = False
    focus: int = 0


@dataclass(frozen=True, slots=True)
class Fragment:
    """One thing said at the end of a source line.

    ``words`` say the same in full, for hover and screen readers. ``name`` is the variable, ""
    for flow and results. ``dimmed`` marks a difference downstream of the first one.
    """

    parts: tuple[Part, ...]
    state: State
    words: str
    name: str = ""
    dimmed: bool = False

    @property
    def text(self) -> str:
        """The fragment as it stands on the line, glyphs included."""
        return "".join(part.text for part in self.parts)


# --- words and numbers -------------------------------------------------------------------------


def joined(fragments: Iterable[Fragment]) -> str:
    """The text of a line's fragments, as one string."""
    return SEPARATOR.join(fragment.text for fragment in fragments)


# --- values ------------------------------------------------------------------------------------


def value_text(value: Value) -> str:
    """An observed value on one line. A cut one says by its size how much there is."""
    text = clean(value.text)
    if value.cut and ELLIPSIS not in text and value.size is not None:
        return f"{text}{ELLIPSIS} {value.size:,} in all"
    return text


def shown(name: str, value: Value | Guess | None) -> bool:
    """Whether a variable is worth a place: functions, modules, classes and dunders are not."""
    if name.startswith("__") and name.endswith("__"):
        return False
    if isinstance(value, Value) and value.type in _UNSHOWN_TYPES:
        return False
    return value is None or not value.text.startswith(_UNSHOWN_TEXTS)


def observed(name: str, value: Value) -> Fragment:
    """``total = 6``: a value of the run, nothing said by the model."""
    state = State.CUT if value.cut or value.opaque else State.OBSERVED
    return Fragment(_assigned(name, value), state, f"observed {value_text(value)}{_cut_words(value)}", name)


def past(name: str, value: Value, steps: int) -> Fragment:
    """``total = 4 ↶``: a value of the run as it was some steps ago."""
    ago = f"{steps:,} step{'' if steps == 1 else 's'} ago"
    parts = (*_assigned(name, value), Part(f" {PAST}"))
    return Fragment(parts, State.PAST, f"observed earlier, {ago}", name)


def computed(expression: str, value: Value) -> Fragment:
    """``n > 3: True``: a pure expression evaluated on observed values."""
    parts = (Part(f"{clean(expression)}: "), Part(value_text(value), elastic=True))
    return Fragment(parts, State.COMPUTED, "computed from observed values", expression)


def given(name: str, value: Value) -> Fragment:
    """``xs = [1, 2]``: an input of a prediction, taken from the text of the arguments."""
    return Fragment(_assigned(name, value), State.COMPUTED, f"given as input: {value_text(value)}", name)


def predicted(name: str, guess: Guess, threshold: float) -> Fragment:
    """``total ≈ 6 · 93 %``, or ``total ≈ ?`` when the model is less sure than ``threshold``."""
    return _predicted(f"{name} {APPROX} ", guess, threshold, name)


def _assigned(name: str, value: Value) -> tuple[Part, ...]:
    return Part(f"{name} = "), Part(value_text(value), elastic=True)


def _cut_words(value: Value) -> str:
    if value.opaque:
        return ", which does not describe itself"
    if not value.cut:
        return ""
    return f", cut; {value.size:,} in all" if value.size is not None else ", cut"


def result_lead(kind: EventKind, yielded: bool = False) -> str:
    """What stands before a value that is returned, ``yielded`` or raised."""
    if kind is EventKind.EXCEPTION:
        return "raises "
    return "yields " if yielded else f"{RETURN} "


def handed_out(value: Value) -> bool:
    """Whether a suspension gives something: an ``await`` gives its loop nothing, or an opaque future."""
    return value.text != "None" and not value.opaque


def _predicted(lead: str, guess: Guess, threshold: float, name: str) -> Fragment:
    text, at = clean(guess.text), percent(guess.probability)
    if guess.probability < threshold:
        words = f"the model is not sure: best guess {text} at {at}"
        return Fragment((Part(f"{lead}?"),), State.WITHHELD, words, name)
    parts = (Part(lead), Part(text, elastic=True), Part(f"{SEPARATOR}{at}"))
    return Fragment(parts, State.PREDICTED, f"predicted {text}, at {at}, not run", name)


def place(kind: EventKind, line: int, function: str = "") -> str:
    """Where an event is, in words."""
    match kind:
        case EventKind.LINE:
            return f"line {line}"
        case EventKind.CALL:
            return f"call of {function}" if function else f"call at line {line}"
    return str(kind)


# --- steps -------------------------------------------------------------------------------------


def observed_step(
    event: Event, written: Mapping[str, Value], *, limit: int | None = VALUES_PER_LINE
) -> tuple[Fragment, ...]:
    """What an observed event says: the locals ``written`` since its frame was last seen, and its result."""
    values = [observed(name, value) for name, value in written.items() if shown(name, value)]
    found = values[:limit]
    if event.value is not None and (not event.yielded or handed_out(event.value)):
        value = observed("", event.value)
        lead = Part(result_lead(event.kind, event.yielded))
        found.append(replace(value, parts=(lead, *value.parts[1:])))
    return tuple(found)


def inputs(event: Event, *, limit: int | None = VALUES_PER_LINE) -> tuple[Fragment, ...]:
    """The arguments that a prediction starts from."""
    values = [given(name, value) for name, value in event.locals.items() if shown(name, value)]
    return tuple(values[:limit])


def predicted_step(
    step: PredictedStep, threshold: float, *, yielded: bool = False, limit: int | None = VALUES_PER_LINE
) -> tuple[Fragment, ...]:
    """What a predicted event says: the values it writes, and its result, ``yielded`` or not."""
    names = [name for name, guess in step.changed.items() if shown(name, guess)]
    found = [predicted(name, step.changed[name], threshold) for name in names[:limit]]
    if step.value is not None:
        lead = result_lead(step.kind, yielded)
        found.append(_predicted(f"{lead}{APPROX} ", step.value, threshold, ""))
    return tuple(found)


def expected(step: PredictedStep, threshold: float) -> Fragment:
    """Where a run is expected to go: ``→ line 4 · 93 %``, or ``→ ?`` when that is not sure."""
    at = percent(step.probability)
    outcome = {EventKind.RETURN: "return", EventKind.EXCEPTION: "exception"}
    where = outcome.get(step.kind) or place(step.kind, step.line, step.function.rpartition(".")[2])
    if step.probability < threshold:
        words = f"the model is not sure what comes next: best guess {where} at {at}"
        return Fragment((Part(f"{NEXT} ?"),), State.WITHHELD, words)
    parts = (Part(f"{NEXT} {where}{SEPARATOR}{at}"),)
    return Fragment(parts, State.PREDICTED, f"the model expects {where} next, at {at}")


def arrived(step: ComparedFlow) -> Fragment | None:
    """``→ line 4 ✓``: where the run went, as expected; ``None`` unless it did."""
    if step.agreement is not Agreement.AGREES:
        return None
    where = {EventKind.RETURN: "return", EventKind.EXCEPTION: "exception"}.get(step.kind)
    where = where or place(step.kind, step.line, step.function)
    at = percent(step.probability)
    words = f"the run went to {where}, as predicted ({at})"
    return Fragment((Part(f"{NEXT} {where} {AGREE}"),), State.AGREES, words)


def not_run(probability: float) -> Fragment:
    """``≈ not run · 93 %``: a line that the expected branch passes over."""
    at = percent(probability)
    parts = (Part(f"{APPROX} not run{SEPARATOR}{at}"),)
    return Fragment(parts, State.PREDICTED, f"the model expects that this line is not run, at {at}")
