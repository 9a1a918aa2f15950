"""Edits of whole statements: dropped, moved, turned into one another, or a missing one put in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates import kindred
from cwm_lsp.repair.templates.clauses import clauses
from cwm_lsp.repair.templates.conversions import conversions
from cwm_lsp.repair.templates.elsewhere import narrowed, times_each
from cwm_lsp.repair.templates.expressions import other_constants
from cwm_lsp.repair.templates.mirrored import branches, twins
from cwm_lsp.repair.templates.missing import STEP, inserted, otherwise
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.renamed import exchanged, renamed
from cwm_lsp.repair.templates.scope import Scope, docstring, suites
from cwm_lsp.repair.templates.siblings import counterparts
from cwm_lsp.repair.text import Text

_SIMPLE = ast.Assign | ast.AugAssign | ast.Expr | ast.AnnAssign
_LOOP = ast.For | ast.While | ast.AsyncFor


def statement_candidates(function: Function, scope: Scope, text: Text) -> Iterator[Candidate]:
    """Every statement-level candidate of one function."""
    for suite in suites(function):
        if not all(text.alone(statement) for statement in suite):
            continue
        for at, statement in enumerate(suite):
            yield from _dropped(suite, at, text)
            yield from _swapped(suite, at, text)
            yield from _converted(statement, scope, text)
            yield from _moved(suite, at, text)
            yield from clauses(suite, at, scope, text)
            yield from _twinned(statement, scope, text)
            yield from renamed(statement, scope, text)
            yield from exchanged(statement, scope, text)
            for template in (otherwise, narrowed, times_each):
                yield from template(statement, scope, text)
    yield from inserted(function, scope, text)
    yield from _defaults(function, text)


def _replaced(statement: ast.stmt, new: str, kind: str, prior: float, text: Text) -> Candidate:
    start, end = text.span(statement)
    return Candidate((Edit(start, end, new),), kind, statement.lineno, prior)


def _dropped(suite: list[ast.stmt], at: int, text: Text) -> Iterator[Candidate]:
    statement = suite[at]
    if isinstance(statement, Function | ast.ClassDef) or docstring(statement):
        return
    if len(suite) == 1:
        yield _replaced(statement, "pass", "statement dropped", 0.15, text)
        return
    start, end = text.block(statement)
    yield Candidate((Edit(start, end, ""),), "statement dropped", statement.lineno, 0.25)


def _swapped(suite: list[ast.stmt], at: int, text: Text) -> Iterator[Candidate]:
    """With each of the next three."""
    for other in range(at + 1, min(at + 4, len(suite))):
        first, second = suite[at], suite[other]
        if docstring(first) or isinstance(first, Function | ast.ClassDef):
            return
        if isinstance(first, ast.Return) and isinstance(second, ast.Return):
            return
        start, end = text.block(first, second)
        if other > at + 1 and not docstring(second):
            last = text.block(second)[0]
            up = text.source[last:end]
            edits = (Edit(start, end, _terminated(_terminated(up) + text.source[start:last].rstrip("\n"))),)
            yield Candidate(edits, "order", first.lineno, 0.2)
        one, two = text.block(first), text.block(second)
        moved = text.source[one[1] : two[1]] + text.source[one[0] : one[1]]
        edits = (Edit(start, end, _terminated(moved)),)
        yield Candidate(edits, "order", first.lineno, 0.3 if other == at + 1 else 0.15)


def _terminated(lines: str) -> str:
    return lines if lines.endswith("\n") else lines + "\n"


def _converted(statement: ast.stmt, scope: Scope, text: Text) -> Iterator[Candidate]:
    """A statement turned into a kindred one."""
    for new, kind, prior in conversions(statement, scope, text):
        yield _replaced(statement, new, kind, prior, text)
    if isinstance(statement, ast.If | ast.While):
        yield from _headers(statement, scope, text)
    if isinstance(statement, ast.Try):
        yield from _handlers(statement, text)
    if isinstance(statement, _SIMPLE) and not docstring(statement):
        used = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
        for name in dict.fromkeys(one for one in used if one in scope.names):
            for condition in (name, f"{name} is not None", f"not {name}"):
                new = _nested(text.of(statement), f"if {condition}:", text.indent(statement))
                yield _replaced(statement, new, "missing condition", 0.2, text)
        weighed = [(one, 0.14) for one in scope.absences] + [(one, 0.08) for one in scope.conditions()[:60]]
        for condition, likely in weighed:
            new = _nested(text.of(statement), f"if {condition}:", text.indent(statement))
            yield _replaced(statement, new, "missing condition", likely, text)


def _twinned(statement: ast.stmt, scope: Scope, text: Text) -> Iterator[Candidate]:
    """A statement's twin after it."""
    if not text.alone(statement):
        return
    place = text.block(statement)[1]
    indent = text.indent(statement)
    lead = "" if text.source[place - 1 : place] == "\n" else "\n"
    for twin in twins(statement, scope.names):
        edit = Edit(place, place, f"{lead}{indent}{twin}\n")
        yield Candidate((edit,), "missing statement", statement.lineno, 0.15)
    for other, likely in counterparts(statement, scope):
        edit = Edit(place, place, f"{lead}{indent}{other}\n")
        yield Candidate((edit,), "missing statement", statement.lineno, likely)
    for rank, twin in enumerate(branches(statement, scope.names, scope.attributes)):
        body = "".join(f"{indent}{line}\n" for line in twin.splitlines())
        likely = max(0.15, 0.3 - 0.05 * rank)
        yield Candidate((Edit(place, place, lead + body),), "missing branch", statement.lineno, likely)


def _handlers(statement: ast.Try, text: Text) -> Iterator[Candidate]:
    """Another exception caught."""
    for handler in statement.handlers:
        if handler.type is not None:
            start, end = text.span(handler.type)
            for name in (*kindred.EXCEPTIONS, "StopIteration", "(ValueError, TypeError)", "LookupError"):
                yield Candidate((Edit(start, end, name),), "exception", handler.lineno, 0.3)


def _nested(source: str, header: str, indent: str) -> str:
    step = "\t" if indent.startswith("\t") else " " * STEP
    return f"{header}\n{indent}{step}" + source.replace("\n", f"\n{step}")


def _headers(statement: ast.If | ast.While, scope: Scope, text: Text) -> Iterator[Candidate]:
    """``if`` for ``while``, ``elif`` for ``if``, and a condition joined to the one there is."""
    start, _ = text.span(statement)
    word = "elif" if text.source.startswith("elif", start) else type(statement).__name__.lower()
    if word == "if":
        yield Candidate((Edit(start, start + 2, "while"),), "loop", statement.lineno, 0.2)
        yield Candidate((Edit(start, start + 2, "elif"),), "elif", statement.lineno, 0.3)
    elif word == "elif":
        yield Candidate((Edit(start, start + 4, "if"),), "elif", statement.lineno, 0.3)
    elif not statement.orelse:
        yield Candidate((Edit(start, start + 5, "if"),), "loop", statement.lineno, 0.2)
    begin, end = text.span(statement.test)
    test = text.source[begin:end]
    grouped = f"({test})" if isinstance(statement.test, ast.BoolOp | ast.IfExp | ast.NamedExpr) else test
    yield Candidate((Edit(begin, end, f"not ({test})"),), "negation", statement.lineno, 0.4)
    forever = isinstance(statement.test, ast.Constant)
    for condition in scope.conditions()[:150]:
        if forever:
            yield Candidate((Edit(begin, end, condition),), "condition", statement.lineno, 0.2)
            continue
        likely = 0.2 if condition in scope.names else 0.1  # that there is anything at all
        if condition.startswith("not ") or condition.endswith(" is None"):
            ahead = Edit(begin, end, f"{condition} or {test}")
            yield Candidate((ahead,), "missing condition", statement.lineno, 0.2)
        for joined in (
            f"{grouped} and {condition}",
            f"{condition} and {grouped}",
            f"{grouped} or {condition}",
        ):
            yield Candidate((Edit(begin, end, joined),), "missing condition", statement.lineno, likely)
        yield Candidate((Edit(begin, end, condition),), "condition", statement.lineno, 0.1)


def _moved(suite: list[ast.stmt], at: int, text: Text) -> Iterator[Candidate]:
    """The last statement of a block out of it; the statement behind a block into it."""
    block = suite[at]
    if not isinstance(block, _LOOP | ast.If):
        return
    step = text.indent(block.body[0])[len(text.indent(block)) :]
    if not step or not text.alone(block.body[-1]):
        return
    last = block.body[-1]
    if len(block.body) > 1 and not block.orelse:
        start, end = text.block(last)
        moved = re.sub(rf"(?m)^{re.escape(step)}", "", text.source[start:end])
        yield Candidate((Edit(start, end, moved),), "indentation", last.lineno, 0.4)
    if at + 1 < len(suite) and not block.orelse:
        after = suite[at + 1]
        start, end = text.block(after)
        moved = re.sub(r"(?m)^(?=.)", step, text.source[start:end])
        yield Candidate((Edit(start, end, moved),), "indentation", after.lineno, 0.35)
        if isinstance(block, ast.If) and isinstance(block.body[-1], _SIMPLE):
            header = f"{text.indent(block)}else:\n"
            yield Candidate((Edit(start, end, header + moved),), "missing else", after.lineno, 0.2)


def _defaults(function: Function, text: Text) -> Iterator[Candidate]:
    """A mutable default made afresh in every call; another default."""
    spec = function.args
    named = [*spec.posonlyargs, *spec.args][len(spec.posonlyargs) + len(spec.args) - len(spec.defaults) :]
    body = function.body[1:] if docstring(function.body[0]) and len(function.body) > 1 else function.body
    pairs = [*zip(named, spec.defaults, strict=True), *zip(spec.kwonlyargs, spec.kw_defaults, strict=True)]
    for argument, default in pairs:
        if default is None:
            continue
        start, end = text.span(default)
        source = text.source[start:end]
        if isinstance(default, ast.List | ast.Dict | ast.Set | ast.Call) and text.alone(body[0]):
            indent, place = text.indent(body[0]), text.line_start(body[0].lineno)
            made = f"{indent}if {argument.arg} is None:\n{indent}{' ' * STEP}{argument.arg} = {source}\n"
            edits = (Edit(start, end, "None"), Edit(place, place, made))
            yield Candidate(edits, "mutable default", body[0].lineno, 0.8)
        others = ["None", "0", "1", "-1", "True", "False", "''", "' '", "[]", "2", "10"]
        if isinstance(default, ast.Constant) and type(default.value) is int:
            others += [str(default.value + 1), str(default.value - 1)]
        if isinstance(default, ast.Constant) and isinstance(default.value, float | int):
            others += other_constants(default.value)
        for new in dict.fromkeys(others):
            if new != source:
                yield Candidate((Edit(start, end, new),), "default", default.lineno, 0.3)
