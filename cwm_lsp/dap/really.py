"""Asking a ghost session "really?": the same call is run, in a child process, and held against it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from cwm_lsp.align.compare import compare_free
from cwm_lsp.align.model import Comparison
from cwm_lsp.dap.extension import ReallyBody, divergence_state, line_state
from cwm_lsp.features import display, sentences, states
from cwm_lsp.features.results import Call
from cwm_lsp.trace.model import SourceFile, Trace
from cwm_lsp.trace.predicted import PredictedStep

QUESTION = "really?"
"""What is typed in the console for it."""

Recorder = Callable[[SourceFile, Call], Awaitable[Trace]]
"""Runs a call for real, within limits; the trace is normalised. Raises ``UserError`` or ``RunError``."""


def held_against(
    trace: Trace, steps: Sequence[PredictedStep], line: int, threshold: float, model: str
) -> ReallyBody:
    """The run beside the prediction: a text for the console, and all of it for clients that draw.

    ``result`` speaks of the whole call first, then of ``line``, where the session stands.
    """
    comparison = compare_free(trace, steps, threshold=threshold, model=model)
    placed = states.of_comparison(comparison)
    here = next((one.text for one in placed if one.line == line), "")
    found = comparison.divergence
    return {
        "result": "\n".join(filter(None, [_whole(comparison), f"line {line}: {here}" if here else ""])),
        "type": "observed, in a run of its own",
        "variablesReference": 0,
        "lines": [line_state(trace.source, one) for one in placed],
        "divergence": divergence_state(trace.source, found) if found is not None else None,
        "summary": sentences.compared_words(comparison),
    }


def _whole(comparison: Comparison) -> str:
    last = comparison.trace.events[-1]
    gave = f"; it gave {display.value_text(last.value)}" if last.value is not None and not last.depth else ""
    cut = f" {comparison.trace.cut.message}" if comparison.trace.cut is not None else ""
    found = comparison.divergence
    ran = f"The call was run{gave}.{cut} {_sum(comparison)}"
    if found is None:
        return f"{ran} No difference was found as far as it was predicted."
    return f"{ran} First difference at line {found.line}: {sentences.divergence_words(found)}."


def _sum(comparison: Comparison) -> str:
    words = sentences.compared_words(comparison)
    judged = comparison.values.total or comparison.values.withheld
    return (
        f"The model was {words}." if judged else f"There is {words}. {sentences.way_out(comparison)}".rstrip()
    )
