"""Where model and run first part, as a surprise; and where a run breaks what the text says must hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cwm_lsp.features import sentences
from cwm_lsp.features.claims import Failure
from cwm_lsp.features.results import Result, divergence_of
from cwm_lsp.features.snapshot import Snapshot

SURE = 0.8


UNMET = "unmet"
"""The code of a diagnostic of a run that breaks a doctest, a test or a comment, or that raised."""


class Severity(StrEnum):
    """How loud it is: a broken claim most; a model that was sure more than one that was not."""

    WARNING = "warning"
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
            f"{result.call}: {sentences.divergence_words(divergence)}",
        )
        for result, divergence in found
        if divergence is not None
    )


def unmet(snapshot: Snapshot, failures: Iterable[Failure]) -> tuple[Diagnostic, ...]:
    """One diagnostic for each failure: facts of a run, whatever the model says."""
    return tuple(
        Diagnostic(one.line, *_extent(snapshot.line(one.line)), Severity.WARNING, UNMET, one.words)
        for one in failures
    )


def _extent(line: str) -> tuple[int, int]:
    """From the first to the last visible character."""
    return len(line) - len(line.lstrip()), len(line.rstrip())
