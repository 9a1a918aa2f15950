"""What is said of a whole run in words: how often a model was right, where two runs part, a step read out."""

from __future__ import annotations

from collections.abc import Iterable

from cwm_lsp.align.model import Comparison, Divergence, Tally
from cwm_lsp.features.display import AGREE, DIFFER, Fragment
from cwm_lsp.features.text import clean, parting, percent, preview
from cwm_lsp.trace.model import EventKind
from cwm_lsp.trace.suspending import suspending


def visits_label(visit: int, visits: int) -> str:
    """Which of a line's visits is shown, ``⟨3/4⟩``; "" for a line visited once."""
    return f"⟨{visit}/{visits}⟩" if visits > 1 else ""


def tally_words(values: Tally) -> str:
    """How often the model was right: ``right in 94 % of 212 values``."""
    if values.share is None:
        return "nothing compared"
    noun = "value" if values.total == 1 else "values"
    return f"right in {percent(values.share)} of {values.total:,} {noun}"


def compared_words(comparison: Comparison) -> str:
    """The same of a comparison, or why there is nothing to count, in a few words."""
    values = comparison.values
    if values.total:
        return tally_words(values)
    if values.withheld:
        return f"not sure of any of {values.withheld:,} {'value' if values.withheld == 1 else 'values'}"
    if _is_async(comparison):
        return "no value to compare: async"
    return "no value to compare"


def way_out(comparison: Comparison) -> str:
    """What can be done where no value of a run was compared that waited, "" for any other."""
    values = comparison.values
    if values.total or values.withheld or not _is_async(comparison):
        return ""
    return (
        "What an async function waits for is decided outside of it, so the model is not held to it. "
        "Compare the functions that it calls, with values of their own."
    )


def _is_async(comparison: Comparison) -> bool:
    """Whether the run waited in an async function, where others go on."""
    trace = comparison.trace
    waits = {one.frame for one in trace.events if one.yielded}
    coroutines = suspending(trace.source.text).coroutines
    begun = (one for one in trace.events if one.kind is EventKind.CALL and one.line in coroutines)
    return any(one.frame in waits for one in begun)


def divergence_words(divergence: Divergence) -> str:
    """The sentence at a first divergence, worded as a surprise and nothing more."""
    subject = f"{divergence.name}: " if divergence.name else ""
    focus = parting(clean(divergence.predicted), clean(divergence.observed))
    return (
        f"{subject}the model expected {preview(divergence.predicted, focus=focus)}, "
        f"at {percent(divergence.probability)}; the run gave {preview(divergence.observed, focus=focus)}"
    )


def apart_words(left: str, right: str) -> str:
    """The sentence where two runs that stand side by side part; either may be a prediction."""
    return f"left: {preview(left)}; right: {preview(right)}"


def alone_words(*, left: bool) -> str:
    """The sentence where one of two runs did something that the other did not."""
    return f"only {'left' if left else 'right'} does this"


def differences_words(count: int, *, compared: bool, pair: bool, open_steps: int = 0) -> str:
    """How many steps differ: between run and model, or between two runs, of which some cannot be compared."""
    if not (compared or pair):
        return ""
    if not count and open_steps:
        return f"no difference; {open_steps:,} {'step' if open_steps == 1 else 'steps'} cannot be compared"
    if not count:
        return f"never part {AGREE}"
    return f"{count:,} {DIFFER}"


def step_words(step: int, steps: int, function: str, line: int, said: Iterable[Fragment]) -> str:
    """One step of a run as sentences; ``step`` counts from 0."""
    where = f"step {step + 1:,} of {steps:,}, {function} line {line}"
    return ". ".join([where, *(f"{one.name}: {one.words}" if one.name else one.words for one in said)])
