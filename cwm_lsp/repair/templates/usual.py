"""What is usually done to a value and easily forgotten: wrapped around, rounded up, scaled, made to exist."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

_EMPTY = {"append": "[]", "extend": "[]", "insert": "[]", "add": "set()", "update": "{}"}
"""What a method's object begins as."""

_TESTS = ("{}.isalnum()", "{}.isalpha()", "{}.isdigit()", "{}.strip()", "not {}.isspace()")
_VALUES = ("{} is not None", "{} > 0", "{} >= 0", "{} != 0", "{} % 2 == 0")

_WHOLE = ast.Name | ast.Subscript | ast.Call | ast.BinOp | ast.Attribute


def wrapped_around(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """The remainder by a length, a field or a name: an index that should begin anew."""
    if not isinstance(node, ast.Name | ast.BinOp | ast.Attribute):
        return
    source = enclosed(text.of(node))
    likely = 0.09 if isinstance(node, ast.BinOp) else 0.05
    lengths = [f"len({base})" for base in _indexed(scope)]
    for one in dict.fromkeys([*scope.owner.values, *lengths]):
        if one != source:
            yield f"{source} % {one}", "wrap-around", likely
    for one in scope.names if isinstance(node, ast.BinOp) else ():
        yield f"{source} % {one}", "wrap-around", likely


def _indexed(scope: Scope) -> list[str]:
    """What is looked into by index or sliced."""
    nodes = [n.value for n in ast.walk(scope.function) if isinstance(n, ast.Subscript)]
    found = [ast.unparse(n) for n in nodes if isinstance(n, ast.Name | ast.Attribute)]
    beside = (n for one in scope.owner.beside for n in ast.walk(one) if isinstance(n, ast.Subscript))
    held = [ast.unparse(n.value) for n in beside]  # what other methods look into
    return list(dict.fromkeys([*found, *(one for one in held if one in scope.owner.values)]))[:4]


def converted(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Scaled, or taken as a remainder, by the number that goes with what the function is about."""
    if not isinstance(node, _WHOLE):
        return
    source = enclosed(text.of(node))
    for number, signs in scope.units:
        for sign in signs:
            likely = 0.2 if sign == "%" and isinstance(node, ast.BinOp) else 0.06
            yield f"{source} {sign} {number}", "missing operand", likely
            if sign == "/":
                yield f"{source} // {number}", "missing operand", 0.06


def with_fields(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A field of the receiver added, taken away, or as a bound."""
    if not isinstance(node, _WHOLE) or not scope.owner.values:
        return
    source = text.of(node)
    for one in scope.owner.values[:8]:
        if one not in source:
            for pattern in ("{0} + {1}", "{0} - {1}", "{0} * {1}"):
                yield pattern.format(enclosed(source), one), "missing operand", 0.09
            for pattern in ("max({0}, {1})", "min({0}, {1})"):
                yield pattern.format(source, one), "missing bound", 0.08


def rounded(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Rounded up, or to what is usual."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv | ast.Div):
        left, right = enclosed(text.of(node.left)), enclosed(text.of(node.right))
        for form in ("-(-{0} // {1})", "({0} + {1} - 1) // {1}", "{0} // {1} + ({0} % {1} > 0)"):
            yield form.format(left, right), "rounding", 0.2
    if isinstance(node, ast.BinOp | ast.Call | ast.Name):
        source = text.of(node)
        for form in ("round({}, 2)", "round({})", "round({}, 1)"):
            yield form.format(source), "rounding", 0.08
    if isinstance(node, ast.BinOp | ast.Call):
        for form in ("max(1, {})", "max(0, {})"):
            yield form.format(text.of(node)), "missing bound", 0.1


def present(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """An element that is made where there is none yet, or looked up with a default."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Subscript(value=base, slice=key), attr=method)) if (
            method in _EMPTY and not isinstance(key, ast.Slice)
        ):
            rest = text.source[text.span(node.func)[1] : text.span(node)[1]]
            made = f"{text.of(base)}.setdefault({text.of(key)}, {_EMPTY[method]})"
            yield f"{made}.{method}{rest}", "missing key", 0.3
        case ast.Subscript(value=base, slice=key, ctx=ast.Load()) if not isinstance(key, ast.Slice):
            gone_through = id(node) in scope.iterated
            for other in ("''", "[]", "1", "False", *scope.names):
                likely = 0.35 if gone_through and other == "[]" else 0.07
                yield f"{text.of(base)}.get({text.of(key)}, {other})", "missing key", likely


def chosen(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Of what a comprehension goes through only what passes a usual test."""
    if not isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        return
    generator, source = node.generators[-1], text.of(node)
    if generator.ifs or source[-1:] not in ")]}":
        return
    for bound in (one.id for one in ast.walk(generator.target) if isinstance(one, ast.Name)):
        looked_up = [f"{name}[{bound}]" for name in (*scope.owner.values, *scope.names)]
        usual = [form.format(bound) for form in (*(_TESTS if scope.textual else ()), *_VALUES)]
        for test in (*usual, *looked_up, *([bound] if isinstance(generator.target, ast.Tuple) else [])):
            yield f"{source[:-1]} if {test}{source[-1]}", "missing condition", 0.12


def excepted(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Every hundredth no, but every four hundredth again."""
    if not isinstance(node, ast.BoolOp):
        return
    found: dict[str, list[int]] = {}
    for part in ast.walk(node):
        match part:
            case ast.BinOp(op=ast.Mod(), right=ast.Constant(int(number))):
                found.setdefault(text.of(part.left), []).append(number)
    source = text.of(node)
    for left, numbers in found.items():
        if len(numbers) == 2:
            number = numbers[0] * numbers[1]
            yield f"{source} or {left} % {number} == 0", "missing condition", 0.3
            yield f"({source}) and {left} % {number} != 0", "missing condition", 0.2


def normal(scope: Scope) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """What a function does to a parameter before all else."""
    forms = ["abs({0})", "list({0})", "sorted({0})", "max({0}, 0)", "int({0})", "str({0})", "set({0})"]
    if scope.textual:
        forms += ["{0}.strip()", "{0}.lower()", "{0}.upper()"]
    for name in scope.parameters[:5]:
        if name != scope.owner.receiver:
            forms_of = [*forms, *(f"{{0}} % len({base})" for base in _indexed(scope) if base != name)]
            for form in forms_of:
                yield (f"{name} = {form.format(name)}",), "missing call", 0.14
            fields = [*scope.owner.values[:8], *scope.owner.calls[:4]]
            lengths = [f"len({base})" for base in (*scope.owner.containers[:3], *_indexed(scope))]
            others = [one for one in scope.parameters if one not in (name, scope.owner.receiver)][:3]
            for other in dict.fromkeys([*fields, *lengths, *others]):
                likely = 0.18 if other.rpartition(".")[2] in scope.owner.counted else 0.12
                for wrap in ("min", "max"):
                    yield (f"{name} = {wrap}({name}, {other})",), "missing bound", likely


def of_each(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Each element turned into another kind of value; the first or last one of them."""
    source = text.of(node)
    if isinstance(node, ast.Call | ast.Name):
        for kind in ("int", "str", "float", "len"):
            yield f"map({kind}, {source})", "missing call", 0.09
    if isinstance(node, ast.Name | ast.Attribute):
        for part in ("[1:]", "[:-1]"):
            yield f"{source}{part}", "missing slice", 0.2 if id(node) in scope.iterated else 0.1
        yield f"{source}[0]", "missing index", 0.15
        yield f"{source}[-1]", "missing index", 0.12


def trimmed(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A text without what the function puts around it, or cut so that this still has room."""
    known = [one for one in scope.constants if one[:1] in "'\"" and 2 < len(one) < 8]
    if isinstance(node, ast.Name | ast.Call) and scope.textual:
        for one in known:
            for method in ("strip", "rstrip", "lstrip"):
                yield f"{text.of(node)}.{method}({one})", "missing call", 0.1
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.upper:
        source, end = text.of(node), text.span(node.slice.upper)[1] - text.span(node)[0]
        for one in known:
            yield f"{source[:end]} - {len(ast.literal_eval(one))}{source[end:]}", "slice", 0.3


USUAL = (wrapped_around, converted, with_fields, rounded, present, chosen, excepted, of_each, trimmed)
