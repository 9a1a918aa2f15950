"""Statements that may be missing: updates, copies of others, exits, what should be done otherwise."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates import calls, checked, siblings
from cwm_lsp.repair.templates.gaps import Gap, gaps
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.related import called, together
from cwm_lsp.repair.templates.scope import Scope, simple_statements
from cwm_lsp.repair.templates.usual import normal
from cwm_lsp.repair.text import Text

STEP = 4
"""Columns of one level of indentation where the function shows none."""

ELSE = 40
"""Statements that a branch may consist of."""


UNSET = 6
"""Names whose fields may have been forgotten."""


def otherwise(statement: ast.stmt, scope: Scope, text: Text) -> Iterator[Candidate]:
    """What should have been done otherwise."""
    if not isinstance(statement, ast.If) or statement.orelse or not text.alone(statement.body[-1]):
        return
    indent, inner = text.indent(statement), text.indent(statement.body[0])
    place = text.block(statement)[1]
    lead = "" if text.source[place - 1 : place] == "\n" else "\n"
    done = {ast.unparse(one) for one in statement.body}
    for new in steps(scope):
        if new not in done:
            edit = Edit(place, place, f"{lead}{indent}else:\n{inner}{new}\n")
            yield Candidate((edit,), "missing else", statement.lineno, 0.18)


def steps(scope: Scope) -> list[str]:
    """What a branch may consist of."""
    resets = [f"{name} = {value}" for name in scope.changed for value in ("0", "1", "None", "[]", "''")]
    counts = [f"{name} {sign} 1" for name in scope.changed for sign in ("+=", "-=")]
    adds = [f"{name}.{method}({other})" for name, method in scope.containers for other in scope.names]
    return list(dict.fromkeys([*_copies(scope), *counts, *adds[:12], *resets]))[:ELSE]


def inserted(function: Function, scope: Scope, text: Text) -> Iterator[Candidate]:
    """A missing statement before each one and after the last of a block."""
    beside = together(function)
    for gap in gaps(function, text):
        forgotten = (*beside.get(gap.line, ()), *beside.get(gap.before, ()))
        known = (((one,), "missing statement", 0.5) for one in forgotten)
        for lines, kind, prior in (*known, *_missing(scope, gap)):
            body = "".join(f"{gap.indent}{one}\n" for one in lines)
            yield Candidate((Edit(gap.place, gap.place, gap.lead + body),), kind, gap.line, prior)


def _missing(scope: Scope, gap: Gap) -> Iterator[calls.Missing]:
    """Statements that may be missing at a place."""
    if gap.last and not gap.loop:
        for one in (*scope.names, *scope.results()):
            yield (f"return {one}",), "missing return", 0.25
    if gap.first:
        yield from normal(scope)
    yield from _updates(scope)
    for statement in _copies(scope):
        yield (statement,), "missing statement", 0.25 if gap.loop and _resets(statement) else 0.12
    yield from _guards(scope, gap)
    for check in (checked.refused, checked.empty, checked.known):
        yield from check(scope, gap, " " * STEP)
    yield from checked.moved_on(scope)
    yield from calls.fields(scope)
    yield from calls.containers(scope)
    for template in (
        siblings.of_others,
        siblings.emptied,
        siblings.measured,
        siblings.undone,
        siblings.marked,
    ):
        yield from template(scope)
    for call in called(scope):
        yield (call,), "missing call", 0.15
    if gap.behind:
        yield from calls.rest(scope, " " * STEP)


def _updates(scope: Scope) -> Iterator[calls.Missing]:
    kind = "missing update"
    for name in scope.changed:
        yield (f"{name} += 1",), kind, 0.2
        yield (f"{name} -= 1",), kind, 0.15
        for other in scope.names:
            if other != name:
                yield (f"{name} = {other}",), kind, 0.1
                yield (f"{name} += {other}",), kind, 0.08
                yield (f"{name} -= {other}",), kind, 0.06
                yield (f"{name} = max({name}, {other})",), kind, 0.04
                yield (f"{name} = min({name}, {other})",), kind, 0.04
        for value in (*scope.ingredients[:20], "0", "1", "[]", "None", "''", "False", "True"):
            yield (f"{name} = {value}",), kind, 0.06
    for name, method in scope.containers:
        for other in scope.names:
            yield (f"{name}.{method}({other})",), kind, 0.14
        for other in scope.ingredients[:15]:
            yield (f"{name}.{method}({other})",), kind, 0.1
    for target in scope.stored:
        yield (f"{target} += 1",), kind, 0.08
        for other in scope.names:
            yield (f"{target} = {other}",), kind, 0.1
            yield (f"{target} += {other}",), kind, 0.06
    for name in scope.flags:
        yield (f"{name} = False",), kind, 0.2
        yield (f"{name} = True",), kind, 0.2
    yield from _of_parts(scope)


def _of_parts(scope: Scope) -> Iterator[calls.Missing]:
    """Elements that are compared counted up or down, fields set that only ever hold what they began with."""
    kind = "missing update"
    for target in scope.compared:
        for other in ("1", *scope.names):
            likely = 0.16 if other == "1" else 0.05
            yield (f"{target} -= {other}",), kind, likely
            yield (f"{target} += {other}",), kind, likely
    for base in scope.filled:
        for at in ("0", *scope.names):
            for value in ("0", "1", "True"):
                yield (f"{base}[{at}] = {value}",), "missing update", 0.1
    for field, value in scope.unset:
        for name in scope.names[:UNSET]:
            yield (f"{name}.{field} = {value}",), kind, 0.22


def _guards(scope: Scope, gap: Gap) -> Iterator[calls.Missing]:
    """Early exits: out of a loop or a turn of it, or out of the function."""
    step = " " * STEP
    if gap.loop:
        last = 0.12 if gap.last else 0.05
        yield ("break",), "missing exit", max(0.1, last)
        yield ("continue",), "missing exit", last
        for name in scope.names:
            if name in gap.following:
                yield (f"if not {name}:", f"{step}continue"), "guard", 0.15
                yield (f"if {name} is None:", f"{step}continue"), "guard", 0.12
        for condition in _both(scope):
            yield (f"if {condition}:", f"{step}continue"), "guard", 0.12
        for condition in _about(gap, scope.conditions()[:80]):
            yield (f"if {condition}:", f"{step}continue"), "guard", 0.07
            yield (f"if {condition}:", f"{step}break"), "guard", 0.07
    results = scope.results()[: 24 if gap.first else 10]
    for name in scope.names:
        if name in gap.following:
            for rank, one in enumerate((*results[:10], "0", "None", "[]", "''", "False")):
                for condition in (f"not {name}", f"{name} is None"):
                    yield (f"if {condition}:", f"{step}return {one}"), "guard", 0.15 - 0.004 * rank
    likely = 0.12 if gap.first else 0.03
    for rank, condition in enumerate(_about(gap, scope.conditions()[: 120 if gap.first else 30])):
        for one in results:
            yield (f"if {condition}:", f"{step}return {one}"), "guard", likely - 0.0002 * rank


def _about(gap: Gap, conditions: Sequence[str]) -> Iterator[str]:
    """Conditions that have to do with what comes next; all where nothing does, or a function begins."""
    for condition in conditions:
        if gap.first or not gap.following or not gap.following.isdisjoint(_WORD.findall(condition)):
            yield condition


_WORD = re.compile(r"[A-Za-z_]\w*")


def _resets(statement: str) -> bool:
    """Whether a statement gives a name what it usually begins with."""
    name, _, value = statement.partition(" = ")
    usual = ("0", "0.0", "1", "''", "[]", "{}", "None", "False", "True")
    return name.isidentifier() and (value in usual or value.endswith("()"))


def _both(scope: Scope) -> Iterator[str]:
    """Of two names whether both are nothing."""
    for one, other in combinations(scope.names[-8:], 2):
        yield f"{one} == 0 and {other} == 0"
        yield f"not {one} and not {other}"


def _copies(scope: Scope) -> list[str]:
    """The simple statements of the function, each as one line."""
    parts = (one for statement in simple_statements(scope.function) for one in _apart(statement))
    found = map(ast.unparse, parts)
    return list(dict.fromkeys(text for text in found if "\n" not in text))


def _apart(statement: ast.stmt) -> list[ast.stmt]:
    """A statement, and what it does name by name: ``a, b = 0, []`` also gives ``b = []``."""
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            if len(names) == len(values) and not any(isinstance(o, ast.Starred) for o in (*names, *values)):
                pairs = zip(names, values, strict=True)
                return [statement, *(ast.Assign([name], value, lineno=0) for name, value in pairs)]
    return [statement]
