"""Pictures of a run, a prediction and a comparison: what ``view`` lays out, with titles and sums in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from rich.console import RenderableType

from cwm_lsp.align.model import Comparison
from cwm_lsp.cli.view import FileView, Headings, picture
from cwm_lsp.features import sentences, states
from cwm_lsp.features.results import Predicted
from cwm_lsp.features.states import Placement
from cwm_lsp.features.text import clean, clip
from cwm_lsp.trace.model import CutReason, Trace
from cwm_lsp.trace.predicted import fatal

OUTPUT_LINES = 8
_ALLOWING = {
    CutReason.SECONDS: "--max-seconds",
    CutReason.EVENTS: "--max-events",
    CutReason.BYTES: "--max-bytes",
    CutReason.DEPTH: "--max-depth",
}
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def run_picture(title: str, trace: Trace, width: int, unasked: str = "") -> RenderableType:
    """An observed run, nothing said by a model, or why not. ``trace`` is normalised."""
    views = _views(trace, lambda file: states.of_trace(trace, file=file))
    words = f"{_events(len(trace.events))} under Python {trace.python}, recorded by {trace.recorder}."
    why = [f"The model has said nothing: {unasked}"] if unasked else []
    return picture(title, views, Headings("observed"), [words, *why, *_after(trace, width)], width)


def prediction_picture(title: str, made: Predicted, width: int) -> RenderableType:
    """A run that was only predicted."""
    ran = frozenset([event.line for event in made.start.events] + [step.line for step in made.steps])
    views = [FileView(made.start.source, made.placements(), ran)]
    end = "to the end" if made.finished else "not to the end"
    words = [f"Nothing was run. The model {made.model} predicted {_events(len(made.steps))}, {end}."]
    if (problem := fatal(made.problems)) is not None:
        words.append(f"It stopped at something that means nothing: {problem.message}.")
    return picture(title, views, Headings("predicted"), words, width)


def comparison_picture(title: str, comparison: Comparison, width: int) -> RenderableType:
    """Observed and predicted beside each other, and where they part."""
    trace = comparison.trace
    views = _views(trace, lambda file: states.of_comparison(comparison, file=file))
    words = [f"Run under Python {trace.python}; predicted by the model {comparison.model}."]
    words.append(f"{_sum_words(comparison)}.")
    if comparison.divergence is None:
        words.append("Run and model never part.")
    else:
        line = comparison.divergence.line
        words.append(f"They part first at line {line}: {sentences.divergence_words(comparison.divergence)}.")
    return picture(title, views, Headings("observed", "predicted"), [*words, *_after(trace, width)], width)


def _events(count: int) -> str:
    return f"{count:,} event" if count == 1 else f"{count:,} events"


def _sum_words(comparison: Comparison) -> str:
    """How often the model was right, and what that share leaves out."""
    values, flow = comparison.values, comparison.flow
    knew = f"; it knew {flow.right:,} of {flow.total:,} next steps" if flow.total else ""
    if values.total:
        unsure = f" and not sure of {values.withheld:,} more" if values.withheld else ""
        return f"The model was {sentences.tally_words(values)}{unsure}{knew}"
    if values.withheld:
        noun = "value" if values.withheld == 1 else "values"
        return f"The model was not sure of {values.withheld:,} {noun}, so none was compared{knew}"
    why = sentences.way_out(comparison).removesuffix(".")
    return f"The model was asked for no value{knew}{'. ' if why else ''}{why}"


def _views(trace: Trace, placements: Callable[[int], tuple[Placement, ...]]) -> list[FileView]:
    """The files in which anything happened."""
    ran: dict[int, set[int]] = {}
    for event in trace.events:
        ran.setdefault(event.file, set()).add(event.line)
    return [FileView(trace.files[file], placements(file), frozenset(ran[file])) for file in sorted(ran)]


def _harmless(line: str) -> str:
    """A line that the program wrote, without what would colour, move or ring the terminal."""
    return clean(_COLOURS.sub("", line).expandtabs(4))


def _after(trace: Trace, width: int) -> list[str]:
    """That the run was cut, and what the program wrote."""
    words: list[str] = []
    if trace.cut is not None:
        option = _ALLOWING.get(trace.cut.reason)
        more = f" {option} allows more." if option else ""
        words.append(f"The recording stopped early: {trace.cut.message}{more}")
    for name, text in (("wrote", trace.output.stdout), ("wrote to stderr", trace.output.stderr)):
        lines = [clip(f"  {_harmless(line)}", width) for line in text.splitlines()]
        if not lines:
            continue
        words.append(f"The program {name}:")
        left_out = len(lines) - OUTPUT_LINES
        if left_out > 1:  # what matters most stands at the end: an error, a sum
            half = OUTPUT_LINES // 2
            lines[half:-half] = [f"  … {left_out:,} lines more"]
        words += lines
    return words
