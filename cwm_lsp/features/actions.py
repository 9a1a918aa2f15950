"""What can be repaired at some lines of a document: fixes found, fixes to look for, values to be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cwm_lsp.features.calls import definitions
from cwm_lsp.features.claims import Claim, ClaimKind, Failure, claims, given
from cwm_lsp.features.lenses import meet
from cwm_lsp.features.repairs import Repaired, Wish, wish_for, wish_of
from cwm_lsp.features.results import Call, Predicted
from cwm_lsp.features.session import Session
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.features.text import preview
from cwm_lsp.features.written import Origin
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.statements import parse

TESTS = 3
"""Tests in other files that are offered for one function."""


@dataclass(frozen=True, slots=True)
class Found:
    """Fixes that the latest search found."""

    repaired: Repaired


@dataclass(frozen=True, slots=True)
class Search:
    """A fix to look for. ``failure`` is the run that says it is needed, where there is one."""

    title: str
    wish: Wish
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class ShouldBe:
    """A run whose right value the user may say."""

    title: str
    call: Call
    observed: str


Action = Found | Search | ShouldBe


def actions(
    session: Session, snapshot: Snapshot, lines: range, tests: Iterable[SourceFile] = ()
) -> tuple[Action, ...]:
    """The actions for 1-based ``lines``; ``tests`` are files of the workspace. Runs nothing."""
    found: list[Action] = []
    repaired = session.repaired(snapshot.uri)
    if repaired is not None and meet(lines, repaired.lines):
        found.append(Found(repaired))
    failing = [one for one in session.failures(snapshot.uri) if _concerns(snapshot, one, lines)]
    found += [Search(f"Find a fix: {one.words}", wish_of(one, snapshot.source.path), one) for one in failing]
    found += _unknown(snapshot, lines, [one.claim for one in failing if one.claim is not None])
    found += _elsewhere(session, snapshot, lines, tuple(tests))
    found += _runs(session, snapshot, lines)
    return tuple(found)


def _concerns(snapshot: Snapshot, failure: Failure, lines: range) -> bool:
    """Whether a failure is at some lines, or in the function that they are in."""
    if failure.line in lines:
        return True
    tree = parse(snapshot.source.text)
    called = failure.call.partition("(")[0]
    defined = definitions(tree).get(called) if tree is not None else None
    if defined is None:
        return False
    return meet(lines, range(defined.line, (defined.node.end_lineno or defined.line) + 1))


def _unknown(snapshot: Snapshot, lines: range, failing: Sequence[Claim]) -> Iterator[Search]:
    """Claims at the lines of which no run has said that they do not hold."""
    path = snapshot.source.path
    for claim in claims(snapshot.source):
        if claim in failing or not meet(lines, range(claim.first, claim.last + 1)):
            continue
        wish = wish_for(claim, path)
        yield Search(f"If it fails, find a fix: {wish.words}", wish)


def _elsewhere(
    session: Session, snapshot: Snapshot, lines: range, tests: tuple[SourceFile, ...]
) -> Iterator[Search]:
    """Tests in other files that call the function at the lines."""
    files = {test.path: test for test in tests if test.path != snapshot.source.path}
    tree = parse(snapshot.source.text)
    if tree is None or not files:
        return
    known = definitions(tree)
    seen: set[str] = set()
    for one in session.runnables(snapshot.uri, tuple(files.values())):
        node = known[one.function].node
        if one.origin is not Origin.TEST or not meet(lines, range(node.lineno, (node.end_lineno or 0) + 1)):
            continue
        test = files.get(one.origin_path)
        for claim in claims(test) if test is not None else ():
            name = f"{one.origin_path}::{claim.name}"
            if (
                claim.kind is ClaimKind.TEST
                and claim.first <= one.origin_line <= claim.last
                and name not in seen
            ):
                seen.add(name)
                if len(seen) <= TESTS:
                    wish = Wish(ClaimKind.TEST, name)
                    yield Search(f"If it fails, find a fix: {wish.words}", wish)


def _runs(session: Session, snapshot: Snapshot, lines: range) -> Iterator[ShouldBe]:
    """Runs of the function at the lines, whose values are known whole."""
    for result in session.results(snapshot.uri):
        gave = None if isinstance(result, Predicted) else given(result.trace)
        if gave is None:
            continue
        ran = {event.line for event in result.trace.events if event.file == 0}
        if ran & set(lines):
            yield ShouldBe(f"{preview(str(result.call))} {gave.words}, should be …", result.call, gave.text)
