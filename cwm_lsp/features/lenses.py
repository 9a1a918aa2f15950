"""Code lenses: over functions with inputs to run, and over functions with results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cwm_lsp.features import display, sentences
from cwm_lsp.features.calls import definitions
from cwm_lsp.features.claims import Claim, ClaimKind, Failure, given
from cwm_lsp.features.repairs import Wish, wish_for, wish_of
from cwm_lsp.features.results import Call, Compared, Predicted, Result
from cwm_lsp.features.runnables import Runnable, is_test_path
from cwm_lsp.features.text import preview
from cwm_lsp.features.written import Origin
from cwm_lsp.trace.statements import parse

CALL_CELLS = 32
VALUE_CELLS = 16


class Action(StrEnum):
    """What a lens does when it is chosen."""

    PREDICT = "predict"
    COMPARE = "compare"
    CLEAR = "clear"
    FIX = "fix"
    SHOULD_BE = "should be"


RUNNING = frozenset({Action.COMPARE, Action.FIX, Action.SHOULD_BE})
"""Actions that run the user's code."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A clickable line of text above a 1-based source line. ``call`` is ``None`` for ``CLEAR``.

    ``wish`` is what ``FIX`` would bring about, ``observed`` what the call of ``SHOULD_BE`` gave.
    """

    line: int
    title: str
    action: Action
    call: Call | None = None
    wish: Wish | None = None
    observed: str = ""


def lenses(
    runnables: Iterable[Runnable],
    results: Sequence[Result],
    path: str,
    *,
    failures: Sequence[Failure] = (),
    claims: Iterable[Claim] = (),
    trusted: bool = True,
    predictions: bool = True,
) -> tuple[Lens, ...]:
    """Predict and Compare for each runnable, what came of it, and fixes to look for, in order of lines.

    A function's first inputs stand over its ``def``; others where they are written, if that is in ``path``.
    In a test file each test of ``claims`` has one that runs it, and looks for a fix if it fails.
    Unless ``trusted``, only what runs no code is offered; without ``predictions`` nothing tells of the model.
    """
    # What is first on a line is never cut off by the editor.
    found, seen = [_repair(failure, path) for failure in failures], list[Lens]()
    broken = {failure.claim for failure in failures}
    found += [_test(one, path) for one in claims if one not in broken and _is_test(one, path)]
    defined: set[str] = set()
    stands: dict[str, int] = {}
    for runnable in runnables:
        call = Call(runnable.function, runnable.arguments)
        first = runnable.function not in defined
        if first or runnable.origin_path == path:
            defined.add(runnable.function)
            stands[str(call)] = runnable.line if first else runnable.origin_line
            beside = seen if runnable.origin is Origin.RECORDED and not first else found
            beside += _pair(stands[str(call)], call, literal=runnable.literal, trusted=trusted)
    found += [lens for result in results for lens in _outcome(result, stands, predictions)]
    # Other inputs of a run stand where no text holds them, over the function, and so come last.
    unwanted = (frozenset() if trusted else RUNNING) | (set() if predictions else {Action.PREDICT})
    offered = (lens for lens in (*found, *seen) if lens.action not in unwanted)
    return tuple(sorted(offered, key=lambda lens: lens.line))


def at_lines(found: Iterable[Lens], source: str, lines: range) -> Iterator[Lens]:
    """What runs, predicts or clears at some 1-based lines or in the functions around them.

    It is titled to be read by itself: for editors that list such things, and have no place above a line.
    """
    tree = parse(source)
    spans = {
        name: range(one.line, (one.node.end_lineno or one.line) + 1)
        for name, one in (definitions(tree) if tree is not None else {}).items()
    }
    around = {name: span for name, span in spans.items() if meet(span, lines)}
    for lens in found:
        if lens.action not in (Action.PREDICT, Action.COMPARE, Action.CLEAR):
            continue
        of_function = lens.call is not None and lens.call.function in around
        if of_function or lens.line in lines or any(lens.line in span for span in around.values()):
            called = lens.action is Action.PREDICT and lens.call is not None
            yield replace(lens, title=f"Predict {preview(str(lens.call), CALL_CELLS)}") if called else lens


def meet(one: range, other: range) -> bool:
    """Whether two ranges of lines have one in common."""
    return one.start < other.stop and other.start < one.stop


def _pair(line: int, call: Call, *, literal: bool, trusted: bool) -> list[Lens]:
    """Only a call with literal arguments can be predicted without running it.

    Lenses share one line with all else that is said there, so the call is written once.
    """
    text = preview(str(call), CALL_CELLS)
    predict = Lens(line, "Predict" if trusted else f"Predict {text}", Action.PREDICT, call)
    return [Lens(line, f"Compare {text}", Action.COMPARE, call), *([predict] if literal else [])]


def _outcome(result: Result, stands: Mapping[str, int], predictions: bool) -> list[Lens]:
    """What a comparison came to, as a lens that clears it, and one to say what a run should have given.

    They are where the call stands, else over the function.
    """
    if isinstance(result, Predicted) or not result.trace.events:
        return []
    line, found = stands.get(str(result.call), result.trace.events[0].line), list[Lens]()
    if isinstance(result, Compared):
        words = f"{sentences.compared_words(result.comparison)}{display.SEPARATOR}" if predictions else ""
        found.append(Lens(line, f"{words}clear", Action.CLEAR))
    gave = given(result.trace)
    if gave is not None:
        title = f"{preview(gave.text, VALUE_CELLS)} should be …"
        found.append(Lens(line, title, Action.SHOULD_BE, result.call, observed=gave.text))
    return found


def _is_test(claim: Claim, path: str) -> bool:
    """Whether pytest runs a claim; elsewhere a function may be called ``test_connection`` and be none."""
    return claim.kind is ClaimKind.TEST and is_test_path(path)


def _test(claim: Claim, path: str) -> Lens:
    return Lens(claim.line, "If it fails, find a fix", Action.FIX, wish=wish_for(claim, path))


def _repair(failure: Failure, path: str) -> Lens:
    title = f"{preview(failure.gave, CALL_CELLS)}: find a fix"
    return Lens(failure.line, title, Action.FIX, wish=wish_of(failure, path))
