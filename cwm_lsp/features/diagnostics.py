"""The one diagnostic that a comparison gives: where model and run first part, as a surprise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cwm_lsp.features import display
from cwm_lsp.features.results import Result, divergence_of
from cwm_lsp.features.snapshot import Snapshot

SURE = 0.8


class Severity(StrEnum):
    """How loud a surprise is: a model that was sure is worth more attention than one that was not."""

    INFORMATION = "information"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message over the columns ``start`` to ``end`` (characters, end exclusive) of a 1-based line."""

    line: int
    start: int
    end: int
    severity: Severity
    code: str
    message: str


def diagnostics(snapshot: Snapshot, results: Iterable[Result]) -> tuple[Diagnostic, ...]:
    """One diagnostic at the first divergence of each comparison in ``results``."""
    found = ((result, divergence_of(result)) for result in results)
    return tuple(
        Diagnostic(
            divergence.line,
            *_extent(snapshot.line(divergence.line)),
            Severity.INFORMATION if divergence.probability >= SURE else Severity.HINT,
            str(divergence.kind),
            f"{result.call}: {display.divergence_words(divergence)}",
        )
        for result, divergence in found
        if divergence is not None
    )


def _extent(line: str) -> tuple[int, int]:
    """From the first to the last visible character."""
    return len(line) - len(line.lstrip()), len(line.rstrip())
