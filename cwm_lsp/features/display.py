"""The one visual language: values of a run, of a prediction and of both as fragments of text.

Every surface (terminal, editors, hover, page) draws what these pure functions return, so that
the same thing has the same glyphs, words and order everywhere. Widths are terminal cells.
A fragment's state never hangs on colour: its glyphs and its words say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cwm_lsp.align.model import Agreement, ComparedFlow, ComparedStep, ComparedValue
from cwm_lsp.features.text import ELLIPSIS, clean, parting, percent
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


def compared(value: ComparedValue, *, dimmed: bool = False) -> Fragment | None:
    """A value of the run with what the model said of it; ``None`` where there is nothing to show."""
    return _compared(f"{value.name} = ", value, dimmed)


def flow(step: ComparedFlow, *, yielded: bool = False, dimmed: bool = False) -> Fragment | None:
    """``→ next line 3 ✗ predicted line 5 · 64 %``; ``None`` unless the flow differs.

    ``yielded`` says that the observed event only suspends its frame.
    """
    if step.agreement is not Agreement.DIFFERS or step.predicted_kind is None or step.predicted_line is None:
        return None
    ran = "suspension" if yielded else _place(step.kind, step.line, step.function)
    ran = f"{step.function} resumed" if step.resumed else ran
    expected = _place(step.predicted_kind, step.predicted_line, step.predicted_function)
    at = percent(step.probability)
    lead = "next " if step.kind is EventKind.LINE else ""
    parts = (Part(f"{NEXT} {lead}{ran} {DIFFER} predicted {expected}{SEPARATOR}{at}"),)
    words = f"the run went to {ran}; the model expected {expected}, at {at}"
    return Fragment(parts, State.DIFFERS, words, dimmed=dimmed)


def result(
    kind: EventKind, value: ComparedValue, *, yielded: bool = False, dimmed: bool = False
) -> Fragment | None:
    """A returned, yielded or raised value with what the model said: ``← 5.0 ✗ predicted 6.67 · 58 %``."""
    if yielded and not _disagrees(value) and not (value.observed and _handed_out(value.observed)):
        return None
    return _compared(_result_lead(kind, yielded), value, dimmed)


def _assigned(name: str, value: Value) -> tuple[Part, ...]:
    return Part(f"{name} = "), Part(value_text(value), elastic=True)


def _cut_words(value: Value) -> str:
    if value.opaque:
        return ", which does not describe itself"
    if not value.cut:
        return ""
    return f", cut; {value.size:,} in all" if value.size is not None else ", cut"


def _result_lead(kind: EventKind, yielded: bool = False) -> str:
    if kind is EventKind.EXCEPTION:
        return "raises "
    return "yields " if yielded else f"{RETURN} "


def _handed_out(value: Value) -> bool:
    """Whether a suspension gives something: an ``await`` gives its loop nothing, or an opaque future."""
    return value.text != "None" and not value.opaque


def _predicted(lead: str, guess: Guess, threshold: float, name: str) -> Fragment:
    text, at = clean(guess.text), percent(guess.probability)
    if guess.probability < threshold:
        words = f"the model is not sure: best guess {text} at {at}"
        return Fragment((Part(f"{lead}?"),), State.WITHHELD, words, name)
    parts = (Part(lead), Part(text, elastic=True), Part(f"{SEPARATOR}{at}"))
    return Fragment(parts, State.PREDICTED, f"predicted {text}, at {at}, not run", name)


def _compared(lead: str, value: ComparedValue, dimmed: bool) -> Fragment | None:
    if value.observed is None:
        return _extra(value, dimmed)
    text = value_text(value.observed)
    parts: tuple[Part, ...] = (Part(lead), Part(text, elastic=True))
    match value.agreement:
        case Agreement.AGREES:
            sure = f" ({percent(value.predicted.probability)})" if value.predicted else ""
            words = f"observed {text}, as predicted{sure}"
            return Fragment((*parts, Part(f" {AGREE}")), State.AGREES, words, value.name)
        case Agreement.DIFFERS if value.predicted is not None:
            return _differing(parts, text, value.predicted, value.name, dimmed)
        case Agreement.DIFFERS | Agreement.MISSING | Agreement.EXTRA:
            words = f"observed {text}; the model expected no change"
            parts = (*parts, Part(f" {DIFFER} predicted no change"))
            return Fragment(parts, State.DIFFERS, words, value.name, dimmed)
        case Agreement.WITHHELD:
            words = f"observed {text}; the model was not sure enough to say"
            return Fragment(parts, State.WITHHELD, words, value.name)
        case Agreement.UNCOMPARED:
            return replace(observed(value.name, value.observed), parts=parts)


def _differing(parts: tuple[Part, ...], text: str, guess: Guess, name: str, dimmed: bool) -> Fragment:
    expected, at = clean(guess.text), percent(guess.probability)
    focus = parting(text, expected)
    head = (replace(part, focus=focus) if part.elastic else part for part in parts)
    tail = (Part(f" {DIFFER} predicted "), Part(expected, True, focus), Part(f"{SEPARATOR}{at}"))
    words = f"observed {text}; the model expected {expected}, at {at}"
    return Fragment((*head, *tail), State.DIFFERS, words, name, dimmed)


def _extra(value: ComparedValue, dimmed: bool) -> Fragment | None:
    """A name that the model expected and the run does not have."""
    if value.agreement in (Agreement.WITHHELD, Agreement.UNCOMPARED):
        return None
    if value.predicted is None:
        parts: tuple[Part, ...] = (Part(f"{value.name or 'nothing'} gone {DIFFER} not predicted"),)
        return Fragment(
            parts, State.DIFFERS, "gone in the run; the model expected it to stay", value.name, dimmed
        )
    expected, at = clean(value.predicted.text), percent(value.predicted.probability)
    subject = f"{value.name} not set" if value.name else "nothing"
    parts = (Part(f"{subject} {DIFFER} predicted "), Part(expected, elastic=True), Part(f"{SEPARATOR}{at}"))
    words = f"not set in the run; the model expected {expected}, at {at}"
    return Fragment(parts, State.DIFFERS, words, value.name, dimmed)


def _place(kind: EventKind, line: int, function: str = "") -> str:
    match kind:
        case EventKind.LINE:
            return f"line {line}"
        case EventKind.CALL:
            return f"call of {function}" if function else f"call at line {line}"
    return str(kind)


# --- steps -------------------------------------------------------------------------------------


def compared_values(
    step: ComparedStep, *, dimmed: bool = False, limit: int | None = VALUES_PER_LINE
) -> tuple[Fragment, ...]:
    """The values that a compared step wrote, or that the model expected it to write, ``limit`` at most."""
    values = [value for value in step.values if _is_news(value)]
    values = [value for value in values if shown(value.name, value.observed or value.predicted)]
    found = [compared(value, dimmed=dimmed) for value in _chosen(values, limit)]
    return tuple(fragment for fragment in found if fragment is not None)


def compared_outcome(
    step: ComparedStep, *, yielded: bool = False, dimmed: bool = False
) -> tuple[Fragment, ...]:
    """Where a compared step went, if that differs, and what it returned, ``yielded`` or raised."""
    found = [flow(step.flow, yielded=yielded, dimmed=dimmed)]
    if step.result is not None:
        found.append(result(step.flow.kind, step.result, yielded=yielded, dimmed=dimmed))
    return tuple(fragment for fragment in found if fragment is not None)


def observed_step(
    event: Event, written: Mapping[str, Value], *, limit: int | None = VALUES_PER_LINE
) -> tuple[Fragment, ...]:
    """What an observed event says: the locals ``written`` since its frame was last seen, and its result."""
    values = [observed(name, value) for name, value in written.items() if shown(name, value)]
    found = values[:limit]
    if event.value is not None and (not event.yielded or _handed_out(event.value)):
        value = observed("", event.value)
        lead = Part(_result_lead(event.kind, event.yielded))
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
        lead = _result_lead(step.kind, yielded)
        found.append(_predicted(f"{lead}{APPROX} ", step.value, threshold, ""))
    return tuple(found)


def expected(step: PredictedStep, threshold: float) -> Fragment:
    """Where a run is expected to go: ``→ line 4 · 93 %``, or ``→ ?`` when that is not sure."""
    at = percent(step.probability)
    outcome = {EventKind.RETURN: "return", EventKind.EXCEPTION: "exception"}
    where = outcome.get(step.kind) or _place(step.kind, step.line, step.function.rpartition(".")[2])
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
    where = where or _place(step.kind, step.line, step.function)
    at = percent(step.probability)
    words = f"the run went to {where}, as predicted ({at})"
    return Fragment((Part(f"{NEXT} {where} {AGREE}"),), State.AGREES, words)


def not_run(probability: float) -> Fragment:
    """``≈ not run · 93 %``: a line that the expected branch passes over."""
    at = percent(probability)
    parts = (Part(f"{APPROX} not run{SEPARATOR}{at}"),)
    return Fragment(parts, State.PREDICTED, f"the model expects that this line is not run, at {at}")


def _is_news(value: ComparedValue) -> bool:
    """Whether the step wrote it or was to: a value that stays is not worth showing for a doubt about it."""
    said = value.written or value.agreement is Agreement.AGREES
    return _disagrees(value) or (value.changed and said)


def _disagrees(value: ComparedValue) -> bool:
    return value.agreement in (Agreement.DIFFERS, Agreement.MISSING, Agreement.EXTRA)


def _chosen(values: Sequence[ComparedValue], limit: int | None) -> list[ComparedValue]:
    """At most ``limit`` values in their order, those that differ before those that agree."""
    ranked = sorted(range(len(values)), key=lambda index: (not _disagrees(values[index]), index))
    return [values[index] for index in sorted(ranked[:limit])]
