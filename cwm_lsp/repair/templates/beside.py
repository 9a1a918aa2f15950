"""What stands beside an expression in the module: calls of the same object, constants, what goes with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import Scope, within
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

MOST = 10
"""Calls of the class, and constants, that are offered."""

_CUTTING = {"strip", "rstrip", "lstrip", "replace", "removeprefix", "removesuffix", "get", "sub", "join"}
"""Methods that leave nothing of some texts, or find nothing."""


def asked_beside(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """What other methods ask the object for, in the place of what this one asks it for, or of nothing."""
    receiver = scope.owner.receiver
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(name))) if receiver and name == receiver:
            likely = 0.24
        case ast.Constant(value=None | 0 | ""):
            likely = 0.18
        case _:
            return
    own = ast.unparse(node)
    for written in _asked(scope):
        if written != own:
            yield written, "expression beside", likely


def _asked(scope: Scope) -> list[str]:
    """Values that the methods of a class ask their object for, by names that this one has too."""
    found: dict[str, None] = {}
    names = {*scope.names, *scope.globals}
    for method in scope.owner.beside:
        nodes = list(within(method))
        done = {id(one.value) for one in nodes if isinstance(one, ast.Expr)}
        for one in nodes:
            if not isinstance(one, ast.Call) or id(one) in done or not isinstance(one.func, ast.Attribute):
                continue
            used = {part.id for part in ast.walk(one) if isinstance(part, ast.Name)}
            written = ast.unparse(one)
            if scope.owner.receiver in used <= names and len(written) < 50 and one.args:
                found[written] = None
    return list(found)[:MOST]


def given_beside(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """The constants with which the same function is called elsewhere in the module."""
    if isinstance(node, ast.Call) and not node.keywords:
        own = ast.unparse(node)
        for written in _with_constants(scope.tree).get(ast.unparse(node.func), ())[:MOST]:
            if written != own:
                yield written, "missing argument", 0.28 if not node.args else 0.14


@lru_cache(maxsize=2)
def _with_constants(tree: ast.Module) -> dict[str, list[str]]:
    """By what is called, the calls of it that are given constants alone."""
    found: dict[str, dict[str, None]] = {}
    for one in ast.walk(tree):
        if not isinstance(one, ast.Call) or not one.args or one.keywords:
            continue
        if all(isinstance(argument, ast.Constant) for argument in one.args):
            found.setdefault(ast.unparse(one.func), {})[ast.unparse(one)] = None
    return {name: list(known) for name, known in found.items()}


def rest_of(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Parts of a text without the last or the first of them; what is spelt out, from its end."""
    match node:
        case ast.Call(func=ast.Attribute(attr="split" | "rsplit" | "splitlines" | "findall")):
            for part in ("[:-1]", "[1:]"):
                yield f"{text.of(node)}{part}", "missing slice", 0.14
        case ast.Tuple(elts=[_, _, _, *_]) | ast.List(elts=[_, _, _, *_]) if id(node) in scope.iterated:
            source = text.of(node)
            if source[:1] in "([":
                yield f"reversed({source})", "missing reversal", 0.25


def known_instead(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A constant of the function where a text or number comes out as nothing."""
    if not isinstance(node, ast.Name | ast.Call | ast.Subscript) or id(node) in scope.truths:
        return
    source = text.of(node)
    cutting = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _CUTTING
    own = {ast.unparse(one) for one in node.args} if isinstance(node, ast.Call) else set()
    usual = ("0", "0.0", "''", "None", "False", "True", "1")
    known = [one for one in (*(one for one in scope.constants if one in own), *scope.constants)]
    for one in [one for one in dict.fromkeys(known) if one not in usual][:MOST]:
        likely = 0.3 if cutting and one in own else 0.14 if cutting or one.isdigit() else 0.07
        yield f"{source} or {one}", "missing fallback", likely


def nothing_at_all(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Identity with what stands for "not given", and with ``False``, for what counts as false."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() as one):
            source = text.of(one)
            for mark in _marks(scope):
                yield f"{source} is {mark}", "condition", 0.5
            yield f"{source} is False", "condition", 0.2
            yield f"{source} is None or {source} is False", "condition", 0.12
        case ast.Compare(left=one, ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(None)]):
            word = "is" if isinstance(op, ast.Is) else "is not"
            for mark in _marks(scope):
                yield f"{text.of(one)} {word} {mark}", "condition", 0.4


def _marks(scope: Scope) -> list[str]:
    """Names of objects that are there to be told from all others."""
    assigned = [one for one in (*scope.tree.body, *within(scope.function)) if isinstance(one, ast.Assign)]
    names = [ast.unparse(one.targets[0]) for one in assigned if ast.unparse(one.value) == "object()"]
    return list(dict.fromkeys(names))[:3]


def no_truth(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A number that is not a truth value, which counts as one."""
    match node:
        case ast.Call(func=ast.Name("isinstance"), args=[one, kinds]) if "int" in ast.unparse(kinds):
            yield f"{text.of(node)} and not isinstance({text.of(one)}, bool)", "missing condition", 0.35


def whole_part(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """What of a quotient is whole, for the nearest number; another zone for what is only called so."""
    match node:
        case ast.Call(func=ast.Name("round"), args=[ast.BinOp(op=ast.Div()) as quotient]):
            left, right = enclosed(text.of(quotient.left)), enclosed(text.of(quotient.right))
            yield f"int({text.of(quotient)})", "rounding", 0.4
            yield f"{left} // {right}", "rounding", 0.4
        case ast.Call(func=ast.Attribute(value=base, attr="replace"), keywords=[ast.keyword("tzinfo", zone)]):
            yield f"{text.of(base)}.astimezone({text.of(zone)})", "method", 0.5
        case ast.Call(func=ast.Attribute(value=base, attr="astimezone"), args=[zone]):
            yield f"{text.of(base)}.replace(tzinfo={text.of(zone)})", "method", 0.4


_FINER = {"year": ("month", "day"), "month": ("day",), "hour": ("minute", "second"), "minute": ("second",)}
"""What decides where parts of a date are the same."""


def then_by(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """What is compared next where the parts that are compared are the same."""
    match node:
        case ast.Compare(
            left=ast.Attribute(value=one, attr=name),
            ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()],
            comparators=[ast.Attribute(value=other, attr=same)],
        ) if name == same:
            sign = text.source[text.span(node.left)[1] : text.span(node.comparators[0])[0]].strip()
            usual = [_FINER[name]] if name in _FINER else []
            others = [(field,) for field in scope.attributes if field != name][:4]
            for fields in (*usual, *others):
                parts = [
                    "(" + ", ".join(f"{text.of(side)}.{field}" for field in (name, *fields)) + ")"
                    for side in (one, other)
                ]
                yield f" {sign} ".join(parts), "missing part", 0.35 if name in _FINER else 0.08


def weighed(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A sum over a field of each for how many there are, or that field as a factor in a sum."""
    match node:
        case ast.Call(func=ast.Name("len"), args=[ast.Name(base)]):
            for name, fields in _each(scope.function).get(base, {}).items():
                for field in fields:
                    yield f"sum({name}.{field} for {name} in {base})", "sum", 0.25
        case ast.Call(
            func=ast.Name("sum"), args=[ast.GeneratorExp(elt=ast.Attribute(ast.Name(name), one) as each)]
        ):
            known = [field for found in _each(scope.function).values() for field in found.get(name, ())]
            start, end = text.span(node)[0], text.span(each)[1]
            source = text.of(node)
            for field in dict.fromkeys((*known, *scope.attributes[:6])):
                if field != one:
                    likely = 0.25 if field in known else 0.1
                    new = f"{source[: end - start]} * {name}.{field}{source[end - start :]}"
                    yield new, "missing operand", likely


def _each(function: Function) -> dict[str, dict[str, list[str]]]:
    """By what is gone through, the names that its elements get and the fields of them that are read."""
    found: dict[str, dict[str, list[str]]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Name):
            for target in (one for one in [node.target] if isinstance(one, ast.Name)):
                fields = [
                    one.attr
                    for one in ast.walk(function)
                    if isinstance(one, ast.Attribute)
                    and isinstance(one.value, ast.Name)
                    and one.value.id == target.id
                ]
                found.setdefault(node.iter.id, {})[target.id] = list(dict.fromkeys(fields))
    return found


def but_itself(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Of all steps to what is around a place, those that lead away from it."""
    match node:
        case (
            ast.ListComp(generators=[one, two])
            | ast.SetComp(generators=[one, two])
            | ast.GeneratorExp(generators=[one, two])
        ):
            both = f"{ast.unparse(one.target)} or {ast.unparse(two.target)}"
            if (
                not two.ifs
                and ast.unparse(one.iter) == ast.unparse(two.iter)
                and "-1" in ast.unparse(one.iter)
            ):
                at = text.span(two.iter)[1] - text.span(node)[0]
                source = text.of(node)
                yield f"{source[:at]} if {both}{source[at:]}", "missing condition", 0.6


_STRICT = {"<": "<=", ">": ">=", "<=": "<", ">=": ">"}


def both_ends(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Both of two comparisons that leave out, or take in, their ends: seldom is only one wrong."""
    match node:
        case ast.BoolOp(values=[ast.Compare(ops=[_]) as one, ast.Compare(ops=[_]) as other]):
            pass
        case _:
            return
    source, start = text.of(node), text.span(node)[0]
    marks = []
    for test in (one, other):
        first, last = text.span(test.left)[1], text.span(test.comparators[0])[0]
        sign = text.source[first:last].strip(" ()\n")
        at = text.source.find(sign, first) - start
        marks.append((at, sign))
    (left, before), (right, after) = marks
    if before in _STRICT and after in _STRICT and len(before) == len(after):
        changed = f"{source[:left]}{_STRICT[before]}{source[left + len(before) : right]}"
        yield f"{changed}{_STRICT[after]}{source[right + len(after) :]}", "comparison", 0.6


_TIMES = ("mbB", "yY", "HI", "Mm", "dje", "Sf", "zZ", "aA")
"""Letters of the parts of a date that are taken for one another."""


def dated(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another letter in the form of a date."""
    match node:
        case ast.Constant(value=str(value)) if "%" in value and len(value) < 60:
            source = text.of(node)
            for at in range(len(source) - 1):
                for family in _TIMES if source[at] == "%" else ():
                    for other in family if source[at + 1] in family else ():
                        if other != source[at + 1]:
                            yield f"{source[: at + 1]}{other}{source[at + 2 :]}", "date format", 0.4


BESIDE = (
    asked_beside,
    given_beside,
    rest_of,
    known_instead,
    nothing_at_all,
    no_truth,
    whole_part,
    then_by,
    weighed,
    but_itself,
    both_ends,
    dated,
)
