"""From what a user wants to hold to edits that were run before they are offered; knows no protocol.

A :class:`Wish` names the specification. :func:`plan` finds the file to change and what must hold there. What
the search found becomes at most three :class:`Offer` values, and a :class:`Question` where fixes disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cwm_lsp.errors import ArgumentsError, TargetError
from cwm_lsp.features.claims import Claim, ClaimKind, Failure
from cwm_lsp.features.subject import subject
from cwm_lsp.features.text import preview
from cwm_lsp.features.unparsed import unparsed
from cwm_lsp.record.source import read_source
from cwm_lsp.repair.change import NEXT, RETURNED
from cwm_lsp.repair.clusters import fails
from cwm_lsp.repair.model import Change, Check, Edit, Evidence, Fix, Outcome
from cwm_lsp.repair.specification import Specification, call, doctests
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.statements import parse

BUDGET = 20.0
"""Seconds that a search may take when nobody says how long."""

QUESTIONS = 3
"""How often a search is asked to tell fixes apart before what is left is offered as it is."""

OFFERED = 3
_RAISED = "raised "


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gives when all is right: an expression, or ``raised NAME``."""

    call: str
    gives: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What must hold.

    ``name`` is the owner of a doctest, a pytest node (``/w/test_shop.py::test_total``), or a call; ``expect``
    is the expression that a call should equal, ``None`` if it only must not raise.
    """

    kind: ClaimKind
    name: str
    expect: str | None = None
    answers: tuple[Answer, ...] = ()

    @property
    def words(self) -> str:
        """The wish as it stands in a title."""
        match self.kind:
            case ClaimKind.DOCTEST:
                return f"the doctest of {self.name}"
            case ClaimKind.TEST:
                return self.name.partition("::")[2]
        said = "raises nothing" if self.expect is None else f"gives {preview(self.expect)}"
        return f"{preview(self.name)} {said}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The file to change, as it is on disk, and what must hold."""

    source: SourceFile
    specification: Specification


@dataclass(frozen=True, slots=True)
class Question:
    """An input on which the fixes found disagree. One of ``choices``, or anything else, is right."""

    call: str
    choices: tuple[str, ...]

    @property
    def words(self) -> str:
        """The question as a sentence."""
        given = ", another ".join(preview(choice) for choice in self.choices)
        return f"For {preview(self.call)} one fix gives {given}: which is right?"


@dataclass(frozen=True, slots=True)
class Offer:
    """A fix to take. ``edits`` are of the text that was repaired; ``evidence`` is one sentence a line."""

    title: str
    verified: bool
    line: int
    edits: tuple[Edit, ...]
    diff: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repaired:
    """What came of a wish, for one text of one file."""

    wish: Wish
    source: SourceFile
    outcome: Outcome

    @property
    def lines(self) -> range:
        """The 1-based lines of the outermost definition that the first fix changes."""
        line = self.outcome.fixes[0].candidate.line if self.outcome.fixes else 0
        tree = parse(self.source.text)
        for node in tree.body if tree is not None else ():
            if node.lineno <= line <= (node.end_lineno or node.lineno):
                return range(node.lineno, (node.end_lineno or node.lineno) + 1)
        return range(line, line + 1)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """At most three fixes, best first."""
        return tuple(_offer(self.source, fix, self.outcome) for fix in self.outcome.fixes[:OFFERED])

    @property
    def question(self) -> Question | None:
        """What would tell the fixes apart, unless it was answered already."""
        asked = {answer.call for answer in self.wish.answers}
        for fix in self.outcome.fixes:
            for one in fix.evidence.distinctions:
                choices = tuple(dict.fromkeys(text for text in (one.this, one.other) if _answerable(text)))
                if choices and one.call not in asked:
                    return Question(one.call, choices)
        return None


def wish_of(failure: Failure, path: str) -> Wish:
    """What would mend a failure in the file ``path``."""
    if failure.claim is None:
        return Wish(ClaimKind.CALL, failure.call)
    return wish_for(failure.claim, path)


def wish_for(claim: Claim, path: str) -> Wish:
    """That a claim in the file ``path`` holds."""
    match claim.kind:
        case ClaimKind.DOCTEST:
            return Wish(ClaimKind.DOCTEST, claim.name)
        case ClaimKind.TEST:
            return Wish(ClaimKind.TEST, f"{path}::{claim.name}")
        case ClaimKind.CALL:
            return Wish(ClaimKind.CALL, claim.name, claim.cases[0].expect)


def answered(wish: Wish, answer: Answer) -> Wish:
    """``wish`` with one more thing that must hold."""
    return replace(wish, answers=(*wish.answers, answer))


def plan(wish: Wish, source: SourceFile) -> Plan:
    """What to repair for ``wish``, made in ``source``. Reads files, runs nothing. Raises ``UserError``."""
    extra = tuple(_check(answer) for answer in wish.answers)
    if wish.kind is ClaimKind.TEST:
        return _for_test(wish, source, extra)
    if parse(source.text) is None:
        raise unparsed(source)
    examples = doctests(source.text)
    if wish.kind is ClaimKind.CALL:
        return Plan(source, Specification((call(wish.name, wish.expect), *extra), tuple(examples)))
    wanted = [one for one in examples if one.call == wish.name]
    if not wanted:
        raise TargetError(f"{source.path} has no doctest {wish.name}.")
    others = tuple(one for one in examples if one.call != wish.name)
    return Plan(source, Specification((*wanted, *extra), others))


def _check(answer: Answer) -> Check:
    if answer.gives.startswith(_RAISED):
        name = answer.gives.removeprefix(_RAISED).partition(":")[0].strip()
        return replace(call(answer.call, None), raises=name)
    return call(answer.call, answer.gives)


def _answerable(text: str) -> bool:
    """Whether a result's text can be said again as what is right."""
    try:
        _check(Answer("f()", text))
    except ArgumentsError:
        return False
    return True


# --- the file that a test is about -------------------------------------------------------------


def _for_test(wish: Wish, source: SourceFile, extra: tuple[Check, ...]) -> Plan:
    path, _, node = wish.name.partition("::")
    test = source if Path(path) == Path(source.path) else read_source(path)
    about = source if test is not source else subject(test, node)
    examples = doctests(about.text) if parse(about.text) is not None else []
    return Plan(about, Specification(extra, tuple(examples), wish.name))


# --- offers ------------------------------------------------------------------------------------


def _offer(source: SourceFile, fix: Fix, outcome: Outcome) -> Offer:
    line = fix.candidate.line
    sure = "" if fix.verified else " (plausible, not verified)"
    title = f"{_change(source, fix)}{sure}"
    first = "verified" if fix.verified else "plausible, not verified"
    tried = f"{first}: {outcome.tried:,} candidates tried in {outcome.seconds:.1f} s"
    return Offer(title, fix.verified, line, fix.candidate.edits, fix.diff, (tried, *reasons(fix.evidence)))


def _change(source: SourceFile, fix: Fix) -> str:
    """The first changed line as it will be: ``Line 9: if x >= floor:``."""
    before, after = source.lines, fix.text.split("\n")
    pairs = zip(before, after, strict=False)
    at = next((n for n, (old, new) in enumerate(pairs) if old != new), fix.candidate.line - 1)
    if len(after) < len(before):
        return f"Line {at + 1}: without {preview(before[at].strip())}"
    return f"Line {at + 1}: {preview(after[at].strip())}"


def reasons(evidence: Evidence) -> list[str]:
    """Why a fix is offered, as sentences."""
    found = [f"failed before: {one}" for one in evidence.failed[:3]]
    found.append(
        f"checks that pass now: {evidence.passed}; held-out inputs that it ran on: {evidence.held_out}"
    )
    if evidence.first_change is not None:
        found.append(f"first change: {_changed(evidence.first_change)}")
    if evidence.agreeing > 1:
        found.append(f"fixes that do the same on all of them: {evidence.agreeing}, this one included")
    found += [
        f"{one.call} {_does(one.this)} with this fix, {_does(one.other)} with another: which is right?"
        for one in evidence.distinctions[:1]
    ]
    return [*found, *evidence.notes]


def _does(text: str) -> str:
    """What an input does in a fix, as the rest of a sentence."""
    return text if fails(text) else f"gives {text}"


def _changed(change: Change) -> str:
    """What a fix is first seen to change, as in ``line 4: total is 7, not 3``."""
    before, after = preview(change.before), preview(change.after)
    if change.name == NEXT:
        return f"after line {change.line} comes {after}, not {before}"
    if change.name != RETURNED:
        return f"line {change.line}: {change.name} is {after}, not {before}"
    if any(text.startswith(_RAISED) for text in (before, after)):
        return f"line {change.line} {_given(after)}; before, {_given(before)}"
    return f"line {change.line} returns {after}, not {before}"


def _given(text: str) -> str:
    return text if text.startswith(_RAISED) else f"returns {text}"


def placed(source: SourceFile, edit: Edit) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where an edit begins and ends: 1-based line, column in characters."""
    return _place(source.text, edit.start), _place(source.text, edit.end)


def _place(text: str, offset: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start
