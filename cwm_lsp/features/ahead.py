"""What the lines of the file show at a stop: what came of the last step, and what is expected next."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache

from cwm_lsp.features import display, states
from cwm_lsp.features.checking import Checked
from cwm_lsp.features.display import Fragment
from cwm_lsp.features.foresight import Foresight, speakable
from cwm_lsp.features.states import Placement
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.model import EventKind, Trace
from cwm_lsp.trace.statements import blocks, first_line, parse


def placements(foresight: Foresight | None, checked: Checked | None) -> tuple[Placement, ...]:
    """What the lines of the file show at a stop.

    First what came of the last step, then what is expected of the present line, then of the others, from top
    to bottom.
    """
    lines: dict[int, list[Fragment]] = {}
    if checked is not None:
        lines |= {line: list(fragments) for line, fragments in checked.placed.items()}
    if foresight is not None and foresight.steps:
        expected = _expected(foresight)
        here = foresight.standing.statement
        for line in sorted(expected, key=lambda line: (line != here, line)):
            lines[line] = [*lines.get(line, ()), *expected[line]]
    marked = checked.divergence.line if checked is not None and checked.divergence is not None else 0
    return tuple(
        Placement(line, 0, 1, 1, tuple(lines[line]), line == marked) for line in lines if lines[line]
    )


def _expected(foresight: Foresight) -> Mapping[int, Sequence[Fragment]]:
    threshold = foresight.threshold
    here = Trace((foresight.standing.source,), (foresight.standing.event,), foresight.standing.function, "")
    lines: dict[int, list[Fragment]] = {}
    steps = [speakable(step, threshold) for step in foresight.steps]
    # Of a line that a loop comes back to, that which comes first.
    for placed in states.of_prediction(here, steps, threshold, focus=len(here.events)):
        fragments = [one for one in placed.fragments if _here_or_sure(placed.line, one, foresight)]
        lines[placed.line] = fragments
    following = foresight.following
    if following is not None and foresight.standing.statement in _choices(foresight.standing):
        lines.setdefault(foresight.standing.statement, []).append(display.expected(following, threshold))
    for line, probability in unrun(foresight).items():
        lines.setdefault(line, []).append(display.not_run(probability))
    return lines


def _here_or_sure(line: int, fragment: Fragment, foresight: Foresight) -> bool:
    """Doubt is worth its place at the present line alone."""
    return fragment.state is not display.State.WITHHELD or line == foresight.standing.statement


def unrun(foresight: Foresight) -> Mapping[int, float]:
    """Statements that the branches ahead pass over, each with the probability of that; sure ones alone."""
    choices = _choices(foresight.standing)
    at = foresight.standing.statement
    passed: dict[int, float] = {}
    run: set[int] = {at}
    for step in foresight.steps:
        if step.depth:
            continue
        run.add(step.line)
        if at in choices and step.kind is EventKind.LINE and step.probability >= foresight.threshold:
            for arm in choices[at]:
                if step.line not in arm:
                    passed |= {line: step.probability for line in arm if line not in passed}
        at = step.line
    return {line: probability for line, probability in passed.items() if line not in run}


def _choices(standing: Standing) -> Mapping[int, tuple[frozenset[int], ...]]:
    """The arms of every statement that chooses one, as first lines of the statements in them."""
    tree = parse(standing.source.text)
    found: dict[int, tuple[frozenset[int], ...]] = {}
    for node in blocks(tree) if tree is not None else ():
        if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While):
            arms = (_statements(node.body), _statements(node.orelse))
            found[node.lineno] = tuple(arm for arm in arms if arm)
    return found


def condition_at(standing: Standing) -> str:
    """The condition that decides where the run goes from here, "" where no ``if`` or ``while`` stands."""
    return _conditions(standing.source.text).get(standing.statement, "")


@lru_cache(maxsize=64)
def _conditions(source: str) -> Mapping[int, str]:
    tree = parse(source)
    nodes = (
        [node for node in blocks(tree) if isinstance(node, ast.If | ast.While)] if tree is not None else []
    )
    return {node.lineno: ast.unparse(node.test) for node in reversed(nodes)}


def _statements(body: Sequence[ast.stmt]) -> frozenset[int]:
    return frozenset(first_line(one) for node in body for one in blocks(node))
