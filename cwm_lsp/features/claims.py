"""What a text says must hold, read without running it: doctests, pytest tests, comments ``# cwm: f(3) == 7``.

A claim is a specification that can be repaired against. Where it is made of calls with the values they should
give, runs that were recorded before are held against it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cwm_lsp.features.calls import Definition, Function, by_class, canonical, definitions, dotted, parsed
from cwm_lsp.features.results import Predicted, Result
from cwm_lsp.features.text import preview
from cwm_lsp.trace.model import EventKind, SourceFile, Trace
from cwm_lsp.trace.statements import parse
from cwm_lsp.trace.suspending import suspending

_COMMENT = re.compile(r"#\s*cwm:\s*(?P<text>\S.*)$")


class ClaimKind(StrEnum):
    """Where a claim is made."""

    DOCTEST = "doctest"
    TEST = "test"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Case:
    """A call and the expression that it should equal, at a 1-based line."""

    line: int
    call: str
    expect: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that must hold, spoken of in the 1-based lines ``first`` to ``last``.

    ``name`` is the dotted owner of a doctest (``module`` for the file's own), a pytest node inside the file
    (``TestShop::test_total``), or a call. ``line`` is where it stands.
    """

    kind: ClaimKind
    name: str
    line: int
    first: int
    last: int
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """An observed run that breaks a claim, or that raised and nothing says it should.

    ``line`` is where to say so. ``claim`` is ``None`` for an exception; ``call`` is the call that was run,
    and ``gave`` what it came to, as in a sentence.
    """

    line: int
    words: str
    call: str
    gave: str
    claim: Claim | None = None


@lru_cache(maxsize=32)
def claims(source: SourceFile) -> tuple[Claim, ...]:
    """The claims of a file, in order of lines; none where it does not parse."""
    tree = parse(source.text)
    if tree is None:
        return ()
    known = definitions(tree)
    found = [*_in_docstrings(tree, "", known), *_in_tests(tree, "", known), *_in_comments(source.text, known)]
    return tuple(sorted(found, key=lambda claim: claim.line))


def failures(source: SourceFile, found: Sequence[Claim], results: Iterable[Result]) -> tuple[Failure, ...]:
    """What the observed runs of ``source`` say against its claims."""
    tree = parse(source.text)
    runs = [result for result in results if not isinstance(result, Predicted)]
    if tree is None or not runs:
        return ()
    known = definitions(tree)
    cases: dict[str, list[tuple[Claim, Case]]] = {}
    for claim in found:
        for case in claim.cases:
            cases.setdefault(canonical(case.call, known), []).append((claim, case))
    said = [_judged(str(run.call), run.trace, cases.get(canonical(str(run.call), known), ())) for run in runs]
    return tuple(failure for some in said for failure in some)


def _judged(call: str, trace: Trace, cases: Iterable[tuple[Claim, Case]]) -> Iterator[Failure]:
    gave = given(trace)
    if gave is None:
        return
    stated = False
    for claim, case in cases:
        stated = True
        if gave.raised or not _same(gave.text, case.expect):
            words = f"{preview(call)} {gave.words}; {_AUTHORS[claim.kind]} {preview(case.expect)}"
            yield Failure(case.line, words, call, gave.words, claim)
    if gave.raised and not stated:
        yield Failure(gave.line, f"{preview(call)} {gave.words}", call, gave.words)


_AUTHORS = {
    ClaimKind.DOCTEST: "the doctest says",
    ClaimKind.TEST: "the test says",
    ClaimKind.CALL: "it should be",
}


@dataclass(frozen=True, slots=True)
class Gave:
    """What a call came to: the text of a value or of an exception, at a 1-based line."""

    text: str
    raised: bool
    line: int

    @property
    def words(self) -> str:
        """As in a sentence: ``gave 5.0``."""
        return f"{'raised' if self.raised else 'gave'} {preview(self.text)}"


def given(trace: Trace) -> Gave | None:
    """What a call came to; ``None`` where the run does not tell, or not in a text that can be compared."""
    if not trace.events or trace.cut is not None:
        return None
    last = trace.events[-1]
    if last.depth != trace.events[0].depth or last.yielded:
        return None
    if last.kind is EventKind.RETURN and not last.unwinding:
        if trace.events[0].line in suspending(trace.source.text).generators:
            return None  # its caller has what it yielded, and of its last value nothing
        value = last.value
        return Gave(value.text, False, last.line) if value and not (value.cut or value.opaque) else None
    raised = [
        (event, event.value.text)
        for event in trace.events
        if event.kind is EventKind.EXCEPTION and event.value is not None
    ]
    if not raised:
        return None
    text = raised[-1][1]
    # An exception is seen in each frame that it leaves, the one that raised it first.
    line = next((event.line for event, said in raised if said == text and event.file == 0), last.line)
    return Gave(text, True, line)


def _same(text: str, expect: str) -> bool:
    """Whether two expressions are the same value; texts that are no literals must be equal as they stand."""
    try:
        return bool(ast.literal_eval(text) == ast.literal_eval(expect))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text.strip() == expect.strip()


# --- where claims stand ------------------------------------------------------------------------


def _in_docstrings(node: ast.AST, owner: str, known: Mapping[str, Definition]) -> Iterator[Claim]:
    if not isinstance(node, ast.Module | ast.ClassDef | Function):
        return
    if ast.get_docstring(node, clean=False):
        claim = _doctest(node, owner, known)
        if claim is not None:
            yield claim
    for child in node.body:
        yield from _in_docstrings(child, f"{owner}.{getattr(child, 'name', '')}".lstrip("."), known)


def _doctest(
    node: ast.Module | ast.ClassDef | Function, owner: str, known: Mapping[str, Definition]
) -> Claim | None:
    import doctest  # with its imports of unittest, a tenth of the server's start

    text = node.body[0]
    assert isinstance(text, ast.Expr)
    assert isinstance(text.value, ast.Constant)
    try:
        examples = doctest.DocTestParser().get_examples(str(text.value.value))
    except ValueError:  # a malformed one is doctest's to complain about
        return None
    if not examples:
        return None
    cases = [
        Case(text.lineno + example.lineno, call, example.want.strip())
        for example in examples
        if example.want and "\n" not in example.want.strip() and (call := _named(example.source, known))
    ]
    line = text.lineno + examples[0].lineno
    first = line if isinstance(node, ast.Module) else node.lineno
    last = (text.end_lineno if isinstance(node, ast.Module) else node.end_lineno) or line
    return Claim(ClaimKind.DOCTEST, owner or "module", line, first, last, tuple(cases))


def _named(text: str, known: Mapping[str, Definition]) -> str:
    """``text`` as a call of a known function, "" if it is none."""
    call = parsed(text)
    if call is None:
        return ""
    call = by_class(call, known)
    return ast.unparse(call) if ast.unparse(call.func) in known else ""


def _in_tests(
    node: ast.Module | ast.ClassDef, prefix: str, known: Mapping[str, Definition]
) -> Iterator[Claim]:
    suites: set[str] = set()
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            if _is_case(child, suites):
                suites.add(child.name)
            elif not child.name.startswith("Test") or _has_init(child):
                continue
            yield from _in_tests(child, f"{prefix}{child.name}::", known)
        elif isinstance(child, Function) and child.name.startswith("test"):
            asserted = [one for one in ast.walk(child) if isinstance(one, ast.Assert)]
            cases = tuple(case for one in asserted for case in _equated(one.test, one.lineno, known))
            last = child.end_lineno or child.lineno
            yield Claim(ClaimKind.TEST, prefix + child.name, child.lineno, child.lineno, last, cases)


def _is_case(node: ast.ClassDef, suites: set[str]) -> bool:
    """Whether a class is one of unittest's, collected under any name; ``suites`` are known to be."""
    return any(name in suites or name.endswith("TestCase") for name in map(dotted, node.bases))


def _has_init(node: ast.ClassDef) -> bool:
    """Whether a class is made in its own way, so that pytest collects nothing of it."""
    return any(isinstance(one, Function) and one.name == "__init__" for one in node.body)


def _equated(node: ast.expr, line: int, known: Mapping[str, Definition]) -> Iterator[Case]:
    """``f(3) == 7`` as a case, if ``f`` is known and the call is closed."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        call = _named(ast.unparse(node.left), known)
        if call:
            yield Case(line, call, ast.unparse(node.comparators[0]))


def _in_comments(text: str, known: Mapping[str, Definition]) -> Iterator[Claim]:
    if "cwm:" not in text:
        return
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        tree = parse(match["text"].strip()) if match else None
        if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
            continue
        line = token.start[0]
        for case in _equated(tree.body[0].value, line, known):
            yield Claim(ClaimKind.CALL, case.call, line, line, line, (case,))
