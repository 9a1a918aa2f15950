"""Pictures of a run, a prediction and a comparison: what ``view`` lays out, with titles and sums in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from rich.console import RenderableType

from cwm_lsp.align.model import Comparison
from cwm_lsp.cli.view import FileView, Headings, picture
from cwm_lsp.features import display, states
from cwm_lsp.features.results import Predicted
from cwm_lsp.features.states import Placement
from cwm_lsp.features.text import clean, clip
from cwm_lsp.trace.model import Trace

OUTPUT_LINES = 8
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def run_picture(title: str, trace: Trace, width: int) -> RenderableType:
    """An observed run, nothing said by a model. ``trace`` is normalised."""
    views = _views(trace, lambda file: states.of_trace(trace, file=file))
    words = f"{len(trace.events):,} events under Python {trace.python}, recorded by {trace.recorder}."
    return picture(title, views, Headings("observed"), [words, *_after(trace, width)], width)


def prediction_picture(title: str, made: Predicted, width: int) -> RenderableType:
    """A run that was only predicted."""
    ran = frozenset([event.line for event in made.start.events] + [step.line for step in made.steps])
    views = [FileView(made.start.source, made.placements(), ran)]
    end = "to the end" if made.finished else "not to the end"
    words = [f"Nothing was run. The model {made.model} predicted {len(made.steps):,} events, {end}."]
    words += [f"It stopped at something that means nothing: {one.message}." for one in made.problems[:1]]
    return picture(title, views, Headings("predicted"), words, width)


def comparison_picture(title: str, comparison: Comparison, width: int) -> RenderableType:
    """Observed and predicted beside each other, and where they part."""
    trace = comparison.trace
    views = _views(trace, lambda file: states.of_comparison(comparison, file=file))
    words = [f"Run under Python {trace.python}; predicted by the model {comparison.model}."]
    words.append(f"The model was {display.tally_words(comparison.values)}{_more_words(comparison)}.")
    if comparison.divergence is None:
        words.append("Run and model never part.")
    else:
        line = comparison.divergence.line
        words.append(f"They part first at line {line}: {display.divergence_words(comparison.divergence)}.")
    return picture(title, views, Headings("observed", "predicted"), [*words, *_after(trace, width)], width)


def _more_words(comparison: Comparison) -> str:
    """What the share of right values leaves out."""
    withheld, flow = comparison.values.withheld, comparison.flow
    unsure = f" and not sure of {withheld:,} more" if withheld else ""
    return unsure + (f"; it knew {flow.right:,} of {flow.total:,} next steps" if flow.total else "")


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
    words = [f"The recording stopped early: {trace.cut.message}"] if trace.cut is not None else []
    for name, text in (("wrote", trace.output.stdout), ("wrote to stderr", trace.output.stderr)):
        lines = text.splitlines()
        if not lines:
            continue
        words.append(f"The program {name}:")
        words += [clip(f"  {_harmless(line)}", width) for line in lines[:OUTPUT_LINES]]
        if len(lines) > OUTPUT_LINES:
            words.append(f"  … {len(lines) - OUTPUT_LINES:,} lines more")
    return words
