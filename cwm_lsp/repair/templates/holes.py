"""Places whose expression is sought by the values that it must have: conditions, guards, values."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates import absent
from cwm_lsp.repair.templates.gaps import gaps
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import Scope, suites, within
from cwm_lsp.repair.templates.wording import enclosed, is_condition
from cwm_lsp.repair.text import Text

SHORTER = 0.93
"""How much less likely each word more makes what was found."""

ATOMS = 36
"""Expressions noted at a hole."""

_CONDITION = "condition by its outcomes"
_GUARD = "guard by its outcomes"
_PART = "missing condition by its outcomes"
_VALUE = "expression by its value"
_STORED = "missing statement by its value"
_DONE = "missing statement by its outcomes"
SOUGHT = frozenset({_CONDITION, _GUARD, _PART, _VALUE, _STORED, _DONE})
"""The kinds of candidates made from values: they fit what was recorded, and little else speaks for them."""

_SIMPLE = ast.Assign | ast.AugAssign | ast.Expr
_NO_LAMBDA = ast.Yield | ast.YieldFrom | ast.Await | ast.NamedExpr | ast.Starred


@dataclass(frozen=True, slots=True)
class Hole:
    """A place and the text around what is sought, ``before`` and ``after``; ``own`` is what stands there."""

    start: int
    end: int
    before: str
    own: str
    after: str
    truth: bool
    kind: str
    line: int
    prior: float
    atoms: tuple[str, ...]

    @property
    def broad(self) -> bool:
        """Whether all conditions that differ are worth a try, where none could be worked out."""
        return self.kind == _CONDITION

    def watched(self) -> Edit:
        """The place with an angel in it."""
        return Edit(self.start, self.end, f"{self.before}__angel__(lambda: {self.own}){self.after}")

    def filled(self, found: str, rank: int) -> Candidate:
        """The candidate with a found text, ``{}`` in it standing for the old one."""
        old = f"({self.own})" if " or " in self.own or " if " in self.own else self.own
        text = found.replace("{}", old) if self.truth else found
        if self.own in ("False", "True"):  # nothing stood there
            text = text.removeprefix("False or ").removeprefix("True and ")
        if not self.before and not self.truth:
            text = enclosed(text)
        edit = Edit(self.start, self.end, f"{self.before}{text}{self.after}")
        words = len(found.replace("{}", "").split())
        likely = self.prior * (1.3 if "{}" in found else 1.0) * SHORTER ** (words - 1) - 0.001 * rank
        if self.truth and _names(found) & _names(self.own):
            likely += 0.03
        return Candidate((edit,), self.kind, self.line, max(0.02, likely))


def holes(source: str, scores: Mapping[int, float], lines: Collection[int]) -> list[Hole]:
    """The holes of the functions that ran, most promising first. Raises ``SyntaxError``."""
    tree, text = ast.parse(source), Text(source)
    found: list[Hole] = []
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        if function.name.startswith("test") or not any(
            line in lines for line in range(function.lineno, (function.end_lineno or 0) + 1)
        ):
            continue
        scope = Scope(function, tree)
        atoms = _atoms(scope)
        found += _conditions(function, text, atoms)
        found += _guards(function, scope, text, atoms)
        found += _values(function, text, atoms)
        found += _absent(function, scope, text, atoms)
    return sorted(found, key=lambda one: -one.prior * (0.25 + scores.get(one.line, 0.0)))


def _absent(function: Function, scope: Scope, text: Text, atoms: tuple[str, ...]) -> Iterator[Hole]:
    """A line that stores some value; something done under some condition."""
    for gap in gaps(function, text):
        for words in absent.stored(gap, scope):
            yield Hole(gap.place, gap.place, *words, False, _STORED, gap.line, 0.06, atoms)
        for words in absent.done(gap, scope):
            yield Hole(gap.place, gap.place, *words, True, _DONE, gap.line, 0.045, atoms)


def _atoms(scope: Scope) -> tuple[str, ...]:
    """What is noted at a visit: names, their attributes, small expressions of the function, constants."""
    parts = [f"{name}.{one}" for name in scope.names[:6] for one in scope.attributes[:3]]
    pure = [one for one in scope.ingredients if _pure(one)]
    numbers = [one for one in scope.constants if one.lstrip("-").isdigit() or len(one) < 6]
    every = [
        *scope.names[:14],
        *scope.owner.values[:6],
        *pure[:16],
        *parts,
        "0",
        "1",
        "-1",
        "None",
        "''",
        *numbers,
    ]
    return tuple(dict.fromkeys(every))[:ATOMS]


_CALLS = set("len abs min max sum ord sorted int str isdigit isalpha lower get".split())


def _pure(text: str) -> bool:
    """Whether an expression can be evaluated without changing anything."""
    calls = (node.func for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Call))
    return all((getattr(one, "id", "") or getattr(one, "attr", "")) in _CALLS for one in calls)


def _names(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text)) - {"and", "or", "not", "in", "is", "None", "True", "False"}


def _watchable(node: ast.expr) -> bool:
    inside = list(ast.walk(node))
    return not any(isinstance(one, _NO_LAMBDA) for one in inside) and not any(
        isinstance(one, ast.Name) and one.id == "super" for one in inside
    )


def _conditions(function: Function, text: Text, atoms: tuple[str, ...]) -> Iterator[Hole]:
    for node in within(function):
        tests = [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp) else []
        if isinstance(node, ast.comprehension):
            tests = node.ifs
        if isinstance(node, ast.Return) and node.value is not None and is_condition(node.value):
            tests = [node.value]
        for test in tests:
            if _watchable(test) and "\n" not in text.of(test):
                start, end = text.span(test)
                kind = _CONDITION
                yield Hole(start, end, "", text.of(test), "", True, kind, test.lineno, 0.16, atoms)


def _guards(function: Function, scope: Scope, text: Text, atoms: tuple[str, ...]) -> Iterator[Hole]:
    """An exit under a condition before a statement; a statement made conditional."""
    loops = {id(suite) for suite in _in_loops(function)}
    for suite in suites(function):
        if not all(text.alone(one) for one in suite):
            continue
        for at, statement in enumerate(suite):
            if isinstance(statement, Function | ast.ClassDef) or (
                at == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            ):
                continue
            first = suite is function.body and (at < 2 or at == len(suite) - 1)
            yield from _exits(statement, id(suite) in loops, first, scope, text, atoms)


def _exits(
    statement: ast.stmt, loop: bool, first: bool, scope: Scope, text: Text, atoms: tuple[str, ...]
) -> Iterator[Hole]:
    indent = text.indent(statement)
    step = "\t" if indent.startswith("\t") else "    "
    place = text.line_start(statement.lineno)
    results = scope.results()
    words = ["continue", "break"] if loop else []
    words += [f"return {one}" for one in results[: 12 if first else 5]]
    if text.source.startswith("elif", text.span(statement)[0]):
        return
    for word in words:
        after = f":\n{indent}{step}{word}\n"
        kind, prior = _GUARD, 0.08 if first else 0.05
        yield Hole(place, place, f"{indent}if ", "False", after, True, kind, statement.lineno, prior, atoms)
    if isinstance(statement, _SIMPLE):
        start, end = text.span(statement)
        body = text.source[start:end].replace("\n", f"\n{step}")
        after = f":\n{indent}{step}{body}"
        kind = _PART
        yield Hole(start, end, "if ", "True", after, True, kind, statement.lineno, 0.07, atoms)


def _in_loops(function: Function) -> Iterator[list[ast.stmt]]:
    for node in within(function):
        if isinstance(node, ast.For | ast.While | ast.AsyncFor):
            for inner in ast.walk(node):
                for name in ("body", "orelse"):
                    suite = getattr(inner, name, None)
                    if isinstance(suite, list) and not (inner is node and name == "orelse"):
                        yield suite


def _values(function: Function, text: Text, atoms: tuple[str, ...]) -> Iterator[Hole]:
    """What is assigned, returned, passed, or used as an index."""
    for node in within(function):
        for value, prior in _parts(node):
            if _watchable(value) and not is_condition(value) and "\n" not in text.of(value):
                start, end = text.span(value)
                kind = _VALUE
                yield Hole(start, end, "", text.of(value), "", False, kind, value.lineno, prior, atoms)


def _parts(node: ast.AST) -> Iterator[tuple[ast.expr, float]]:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Return) and node.value is not None:
        yield node.value, 0.12
    elif isinstance(node, ast.Call):
        for one in node.args:
            yield one, 0.1
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        bounds = (node.slice.lower, node.slice.upper) if isinstance(node.slice, ast.Slice) else (node.slice,)
        for bound in bounds:
            if bound is not None:
                yield bound, 0.1
    elif isinstance(node, ast.BinOp):
        yield node.left, 0.08
        yield node.right, 0.08
