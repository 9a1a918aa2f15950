"""What the rest of the code says about an expression: how it is written elsewhere, what bounds it.

A key that is lowered where it is looked up is to be lowered where it is stored; a condition that one branch
checks is often the one that its neighbour forgot.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

_PLAIN = ast.Name | ast.Attribute | ast.Subscript
_CALLABLE = frozenset(
    "key func function fn callback predicate convert transform normalize clean parse".split()
)
"""Parameters that are called, by their usual names."""

_DURATIONS = {"seconds": "total_seconds()"}
"""Fields that hold only a part of what is asked for, and the method that gives all of it."""

_NUMBER = re.compile(r"(:[^{}:]*?)(\d+)([a-z%]?\})")
"""The width or precision in a format."""


def as_elsewhere(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """The form in which the same expression stands elsewhere; a text made alike as others are."""
    if not isinstance(node, _PLAIN | ast.Call):
        return
    source, (_, end) = text.of(node), text.span(node)
    after = text.source[end : end + 40]
    for written in scope.habits.forms.get(ast.unparse(node), ()):
        if source not in ("self", "cls"):
            yield written, "missing call", 0.4
    for chain in scope.habits.chains:
        if not after.startswith(chain) and not source.endswith(chain):
            yield f"{source}{chain}", "missing call", 0.2


def called_by(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """What goes through a function that is given and never called."""
    if not isinstance(node, _PLAIN):
        return
    for name in scope.habits.idle:
        if name in _CALLABLE or name.endswith("_fn"):
            source = text.of(node)
            yield f"{name}({source})", "missing call", 0.3
            yield f"{source} if {name} is None else {name}({source})", "missing call", 0.25
            yield f"{name}({source}) if {name} else {source}", "missing call", 0.2


def filled_in(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A width or precision that is given and never looked at."""
    if isinstance(node, ast.JoinedStr):
        source = text.of(node)
        for name in scope.habits.idle:
            for found in _NUMBER.finditer(source):
                before, after = source[: found.start(2)], source[found.end(2) :]
                yield f"{before}{{{name}}}{after}", "missing option", 0.35


def whole_of(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """All of a duration for the part of it that is left over of whole days."""
    match node:
        case ast.Attribute(value=base, attr=name) if name in _DURATIONS:
            yield f"{text.of(base)}.{_DURATIONS[name]}", "attribute", 0.4


def also_checked(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A condition that another branch of the function has beside its own."""
    if not isinstance(node, ast.Compare | ast.Call | ast.Name | ast.BoolOp) or not scope.habits.is_test(node):
        return
    source = text.of(node)
    grouped = f"({source})" if isinstance(node, ast.BoolOp) else source
    for word, parts in (("and", scope.habits.conjuncts), ("or", scope.habits.disjuncts)):
        for part in parts:
            if part not in source:
                yield f"{grouped} {word} {part}", "missing condition", 0.35
                yield f"{part} {word} {grouped}", "missing condition", 0.25


def held_in(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Kept from passing the end that a loop goes to, or from falling below what is first."""
    match node:
        case ast.Call(func=ast.Name("min" | "max" as name), args=[one, other], keywords=[]):
            inner = "max" if name == "min" else "min"
            for n, part in enumerate((one, other)):
                if isinstance(part, ast.Constant):
                    continue
                for bound in ("0", "1") if name == "min" else ():
                    parts = [text.of(one), text.of(other)]
                    parts[n] = f"{inner}({parts[n]}, {bound})"
                    yield f"{name}({', '.join(parts)})", "missing bound", 0.24
        case ast.BinOp(op=ast.Add()):
            for end in scope.habits.ends:
                if end not in text.of(node):
                    yield f"min({text.of(node)}, {end})", "missing bound", 0.3


def compared_sum(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A side of a comparison to which what is about to come is not added yet."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    if not isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
        return
    left, right = text.of(node.left), text.of(node.comparators[0])
    sign = text.source[text.span(node.left)[1] : text.span(node.comparators[0])[0]].strip(" ()")
    names = [one for one in scope.parameters if one != scope.owner.receiver]
    for name in (*names, *scope.habits.turns):
        for form in ("{0} + {1}", "{0} - {1}"):
            if name not in left and not isinstance(node.left, ast.Constant):
                yield f"{form.format(left, name)} {sign} {right}", "missing operand", 0.24
            if name not in right and not isinstance(node.comparators[0], ast.Constant):
                yield f"{left} {sign} {form.format(right, name)}", "missing operand", 0.15


HABITS = (as_elsewhere, called_by, filled_in, whole_of, also_checked, held_in, compared_sum)


def narrowed(statement: ast.stmt, scope: Scope, text: Text) -> Iterator[Candidate]:
    """What is done in all other cases, done only under a condition."""
    if not isinstance(statement, ast.If) or not statement.orelse:
        return
    first = statement.orelse[0]
    begin, end = text.span(statement.body[-1])[1], text.span(first)[0]
    found = re.search(r"\n[ \t]*(else)[ \t]*:", text.source[begin:end])
    if found is None or not text.alone(first):
        return
    edit_start, edit_end = begin + found.start(1), begin + found.end(1)
    names = [n.id for one in statement.orelse for n in ast.walk(one) if isinstance(n, ast.Name)]
    known = [one for one in dict.fromkeys(names) if one in scope.names and one != scope.owner.receiver]
    parts = [(one, 0.25) for one in (*scope.habits.conjuncts, *scope.habits.disjuncts)]
    for name in known:
        parts += [(f"{name} is not None", 0.3), (name, 0.3), (f"not {name}", 0.15)]
    for condition, likely in parts:
        edit = Edit(edit_start, edit_end, f"elif {condition}")
        yield Candidate((edit,), "missing condition", first.lineno, likely)


def times_each(statement: ast.stmt, scope: Scope, text: Text) -> Iterator[Candidate]:
    """What is added up for each, as often as there is of it."""
    match statement:
        case ast.AugAssign(op=ast.Add() | ast.Sub(), value=value) if not isinstance(value, ast.Constant):
            source = text.of(value)
            for name in scope.habits.turns:
                if name not in source:
                    edit = Edit(*text.span(value), f"{enclosed(source)} * {name}")
                    yield Candidate((edit,), "missing operand", statement.lineno, 0.25)
