"""Values bounded by others, conditions made of what is at hand, and what is said with a keyword."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

_VALUE = ast.Name | ast.Subscript | ast.Call | ast.BinOp | ast.Attribute

BOUNDS = 14
"""Expressions of a function that bound others."""


def bounded(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """The larger or smaller of a value that is stored, returned or passed and another expression."""
    if not isinstance(node, _VALUE) or id(node) not in scope.given:
        return
    source = text.of(node)
    before = scope.given[id(node)]
    if before:
        for wrap in ("max", "min"):
            yield f"{wrap}({before}, {source})", "missing bound", 0.25
    parts = [one for one in scope.ingredients if one[-1] in ")]" and one != source]
    for rank, other in enumerate(dict.fromkeys([*scope.owner.calls, *parts[:BOUNDS]])):
        for wrap in ("max", "min"):
            yield f"{wrap}({source}, {other})", "missing bound", 0.14 - 0.004 * rank


def with_methods(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """What a method of the object gives, as an operand or in the place of a value."""
    if not isinstance(node, _VALUE):
        return
    source = text.of(node)
    for one in scope.owner.calls[:6]:
        if one not in source:
            # What no method calls was written to be called somewhere.
            alike = isinstance(node, ast.Call) and source in scope.owner.calls
            likely = 0.16 if alike else 0.14 if one in scope.uncalled else 0.08
            for sign in "+-*":
                yield f"{enclosed(source)} {sign} {one}", "missing operand", likely
            if isinstance(node, ast.Name | ast.Attribute):
                yield one, "attribute", 0.12
            elif isinstance(node, ast.Call):
                yield one, "method", 0.16


def sifted(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Of what a comprehension goes through only what has the part that is used, or passes a method."""
    if not isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        return
    source, generator = text.of(node), node.generators[-1]
    if source[-1:] not in ")]}" or "\n" in source:
        return
    bound = {one.id for one in ast.walk(generator.target) if isinstance(one, ast.Name)}
    heads = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    word = "and" if generator.ifs else "if"
    if any(isinstance(one, ast.BoolOp) and isinstance(one.op, ast.Or) for one in generator.ifs):
        return
    for part in dict.fromkeys(_parts(heads, bound)):
        for form, likely in (
            ("{}", 0.2),
            ("{} is not None", 0.18),
            ("{} > 0", 0.12),
            ("not {}", 0.08),
            ("{}.strip()", 0.14 if scope.textual else 0.04),
        ):
            yield f"{source[:-1]} {word} {form.format(part)}{source[-1]}", "missing condition", likely
    for name in sorted(bound):
        for attribute in scope.attributes[:8]:
            for form in ("{}", "not {}", "{} > 0"):
                test = form.format(f"{name}.{attribute}")
                yield f"{source[:-1]} {word} {test}{source[-1]}", "missing condition", 0.08


def _parts(heads: list[ast.expr], bound: set[str]) -> Iterator[str]:
    """Elements, fields and calls of what is bound, and the names themselves."""
    for head in heads:
        for node in ast.walk(head):
            if isinstance(node, ast.Name | ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Load):
                inside = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                if inside & bound and not isinstance(getattr(node, "slice", None), ast.Slice):
                    yield ast.unparse(node)


def aggregated(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another of ``sum``, ``max`` and ``min``, with something to give for nothing."""
    match node:
        case ast.Call(func=ast.Name("sum" | "max" | "min" as name), args=[one], keywords=words):
            if not any(word.arg == "default" for word in words):
                rest = "".join(f", {text.source[_word(word, text)]}" for word in words)
                for other in ("max", "min"):
                    likely = 0.25 if name == other else 0.16
                    for value in ("0", "None"):
                        yield f"{other}({text.of(one)}{rest}, default={value})", "option", likely
                        likely *= 0.6


def _word(word: ast.keyword, text: Text) -> slice:
    return slice(text.offset(word.lineno, word.col_offset), text.span(word.value)[1])


def regrouped(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """``a and b and c``, two neighbours of which should be alternatives."""
    if not isinstance(node, ast.BoolOp) or not 3 <= len(node.values) <= 5:
        return
    word, other = (" and ", " or ") if isinstance(node.op, ast.And) else (" or ", " and ")
    parts = [text.of(one) for one in node.values]
    for at in range(len(parts) - 1):
        pair = f"({parts[at]}{other}{parts[at + 1]})"
        yield word.join([*parts[:at], pair, *parts[at + 2 :]]), "grouping", 0.3


def both_bounds(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Indices that are below their ends, each from zero on."""
    if not isinstance(node, ast.BoolOp) or not isinstance(node.op, ast.And):
        return
    parts = [text.of(one) for one in node.values]
    below = [isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.Lt) for one in node.values]
    if sum(below) > 1:
        made = [f"0 <= {one}" if low else one for one, low in zip(parts, below, strict=True)]
        yield " and ".join(made), "missing bound", 0.25


def cyclic(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Counted from one to the size, where the remainder counts from zero."""
    match node:
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            size = enclosed(text.of(right))
            yield f"({text.of(left)} - 1) % {size} + 1", "off by one", 0.25
            yield f"{enclosed(text.of(left))} % {size} or {size}", "off by one", 0.14
            yield f"({text.of(left)} + {size}) % {size}", "wrap-around", 0.1


_OPTIONS: dict[str, tuple[str, ...]] = {
    "sorted": ("reverse=True", "key=len", "key=str.lower", "key=abs"),
    "sort": ("reverse=True", "key=len", "key=str.lower"),
    "zip": ("strict=True",),
    "max": ("key=len", "key=abs"),
    "min": ("key=len", "key=abs"),
    "split": ("maxsplit=1",),
    "rsplit": ("maxsplit=1",),
    "splitlines": ("keepends=True",),
    "enumerate": ("start=1",),
    "dumps": ("sort_keys=True", "indent=2", "ensure_ascii=False", "default=str"),
    "open": ("newline=''", "encoding='utf-8'"),
    "mkdir": ("exist_ok=True", "parents=True, exist_ok=True"),
    "unlink": ("missing_ok=True",),
    "makedirs": ("exist_ok=True",),
}
"""Keywords that functions are called with when their default is not what is meant."""


def switched(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A parameter whose default is a truth value given the other one; a usual keyword of a function."""
    if not isinstance(node, ast.Call) or not text.of(node).endswith(")"):
        return
    given = {one.arg for one in node.keywords}
    inside = text.of(node)[:-1].rstrip().rstrip(",")
    lead = f"{inside}, " if node.args or node.keywords else inside
    called = ast.unparse(node.func)
    for name, value in scope.switches.get(called, ()):
        if name not in given:
            yield f"{lead}{name}={value})", "missing argument", 0.4
    for word in _OPTIONS.get(called.rpartition(".")[2], ()):
        if word.partition("=")[0] not in given:
            yield f"{lead}{word})", "option", 0.2
    if called.rpartition(".")[2] in ("sorted", "sort", "max", "min") and "key" not in given:
        keys = [f"lambda one: one[{n}]" for n in (1, 0)]
        keys += [f"lambda one: one.{name}" for name in scope.attributes[:5]]
        keys += ["lambda one: (-one[1], one[0])", "lambda one: (len(one), one)", "lambda one: -one[1]"]
        for key in keys:
            yield f"{lead}key={key})", "sort key", 0.14


def ranked(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A sort key with a second part that decides between equals."""
    match node:
        case ast.Lambda(args=ast.arguments(args=[ast.arg(name)]), body=body):
            first = [text.of(one) for one in body.elts] if isinstance(body, ast.Tuple) else [text.of(body)]
            joined = ", ".join(first)
            others = [f"{name}[0]", f"{name}[1]", name, *(f"{name}.{one}" for one in scope.attributes[:6])]
            for other in others:
                if other not in first and f"-{other}" not in first:
                    yield f"lambda {name}: ({joined}, {other})", "sort key", 0.2
                    yield f"lambda {name}: ({other}, {joined})", "sort key", 0.1
            if len(first) == 1:
                for other in others:
                    yield f"lambda {name}: (-{enclosed(first[0])}, {other})", "sort key", 0.2
        case ast.Attribute(value=base, attr="get") if id(node) in scope.keyed:
            yield f"lambda one: ({text.of(node)}(one), one)", "sort key", 0.2
            yield f"lambda one: (-{text.of(base)}[one], one)", "sort key", 0.25


def within_reach(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A condition that looks at a neighbour, behind one that there is such a neighbour."""
    if id(node) not in scope.tests:
        return
    source = text.of(node)
    joined = f"({source})" if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else source
    for base, index in scope.tests[id(node)]:
        low = index.replace(" ", "").endswith("-1")
        test = f"{index} >= 0" if low else f"{index} < len({base})"
        if test not in source:
            yield f"{test} and {joined}", "missing condition", 0.22
            yield f"{joined} and {test}", "missing condition", 0.22


JOINT = (
    bounded,
    with_methods,
    sifted,
    aggregated,
    regrouped,
    both_bounds,
    cyclic,
    switched,
    ranked,
    within_reach,
)
