"""Other texts for an expression: each template yields ``(text, kind, prior)`` for a node that it knows."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from cwm_lsp.repair.templates import kindred
from cwm_lsp.repair.templates.additions import ADDITIONS
from cwm_lsp.repair.templates.beside import BESIDE
from cwm_lsp.repair.templates.elsewhere import HABITS
from cwm_lsp.repair.templates.forgotten import FORGOTTEN
from cwm_lsp.repair.templates.idioms import IDIOMS
from cwm_lsp.repair.templates.indexed import off_by_one, shifted, subscript
from cwm_lsp.repair.templates.joint import JOINT
from cwm_lsp.repair.templates.members import MEMBERS
from cwm_lsp.repair.templates.objects import OBJECTS
from cwm_lsp.repair.templates.passed import PASSED
from cwm_lsp.repair.templates.patterns import patterns
from cwm_lsp.repair.templates.pitfalls import PITFALLS
from cwm_lsp.repair.templates.related import RELATED
from cwm_lsp.repair.templates.rewrites import REWRITES
from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.usual import USUAL
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]
"""Text in the place of the node, the template's name, and how likely it is."""

Template = Callable[[ast.expr, Scope, Text], Iterator[Variant]]


def variants(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Every template's texts for one node."""
    for template in _TEMPLATES:
        yield from template(node, scope, text)


def comparison(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another comparison; a chain cut; the whole turned round."""
    if not isinstance(node, ast.Compare):
        return
    parts = [text.of(one) for one in (node.left, *node.comparators)]
    symbols = [_symbol(op) for op in node.ops]
    for at, op in enumerate(node.ops):
        for rank, other in enumerate(kindred.COMPARISONS.get(type(op), ())):
            changed = [*symbols[:at], other, *symbols[at + 1 :]]
            yield _chain(parts, changed), "comparison", 0.9 - 0.12 * rank
    if len(parts) == 2:
        yield _chain(parts[::-1], symbols), "operands swapped", 0.3
        if symbols[0] in ("<", "<="):
            yield f"0 <= {_chain(parts, symbols)}", "missing bound", 0.15
    for side in (0, len(parts) - 1):
        for new in shifted(node.left if side == 0 else node.comparators[-1], text):
            changed = [*parts]
            changed[side] = enclosed(new)
            yield _chain(changed, symbols), "boundary", 0.5


def _chain(parts: list[str], symbols: list[str]) -> str:
    return parts[0] + "".join(f" {s} {p}" for s, p in zip(symbols, parts[1:], strict=True))


def _symbol(op: ast.cmpop) -> str:
    names = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
    words = {ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not"}
    return {**names, **words}[type(op)]


def operator(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another arithmetic operator, the operands swapped, or one of them alone."""
    if not isinstance(node, ast.BinOp):
        return
    left, right = text.of(node.left), text.of(node.right)
    for rank, other in enumerate(kindred.OPERATORS.get(type(node.op), ())):
        if right == "1" and other in ("*", "/", "//", "**"):
            continue  # the operand dropped says the same
        yield f"{enclosed(left)} {other} {enclosed(right)}", "operator", 0.7 - 0.1 * rank
    between = text.source[text.span(node.left)[1] : text.span(node.right)[0]]
    symbol = between.strip(" ()\n\\\t")
    yield f"{enclosed(right)} {symbol} {enclosed(left)}", "operands swapped", 0.35
    yield left, "operand dropped", 0.35
    yield right, "operand dropped", 0.3
    if isinstance(node.left, ast.BinOp):
        inner = text.source[text.span(node.left.left)[1] : text.span(node.left.right)[0]].strip(" ()\n\\\t")
        regrouped = f"{enclosed(text.of(node.left.right))} {symbol} {enclosed(right)}"
        yield f"{enclosed(text.of(node.left.left))} {inner} ({regrouped})", "grouping", 0.25


def logic(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """``and`` for ``or``, a part dropped or negated, a negation dropped."""
    if isinstance(node, ast.UnaryOp):
        yield text.of(node.operand), "negation dropped", 0.6
    if isinstance(node, ast.BoolOp):
        parts = [text.of(one) for one in node.values]
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        yield f" {other} ".join(map(_grouped, parts)), "and/or", 0.7
        for at in range(len(parts)):
            rest = [*parts[:at], *parts[at + 1 :]]
            yield f" {word} ".join(rest), "condition dropped", 0.3
            negated = [*parts[:at], f"not {enclosed(parts[at])}", *parts[at + 1 :]]
            yield f" {word} ".join(negated), "negation", 0.35
    if isinstance(node, ast.IfExp):
        test, yes, no = map(text.of, (node.test, node.body, node.orelse))
        yield f"{no} if {test} else {yes}", "branches swapped", 0.5
        yield yes, "branch dropped", 0.3
        yield no, "branch dropped", 0.3


def _grouped(part: str) -> str:
    return f"({part})" if isinstance(ast.parse(part, mode="eval").body, ast.BoolOp) else part


def constant(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A number one off or a usual one, the other truth value, another constant of the function."""
    if not isinstance(node, ast.Constant):
        return
    if type(node.value) is int:
        yield from _integers(node.value)
        for number, _ in scope.units:
            yield number, "constant", 0.45
    else:
        for new in _others(node.value):
            yield new, "constant", 0.6 if isinstance(node.value, bool) else 0.25
    for known in scope.constants:
        yield known, "constant", 0.3
    for variable in scope.names:
        yield variable, "variable for constant", 0.15


def other_constants(value: object) -> list[str]:
    """Numbers, or the truth value, that may have been meant."""
    if type(value) is not int:
        return _others(value)
    return [text for text, _, _ in _integers(value) if text.lstrip("-").isdigit()]


def _integers(value: int) -> Iterator[Variant]:
    yield str(value + 1), "constant", 0.6
    yield str(value - 1), "constant", 0.6
    for rank, other in enumerate((0, 1, -1, 2, 10, value * 2, -value, value + 2, value - 2)):
        yield str(other), "constant", 0.35 - 0.02 * rank
    if abs(value) > 9:
        for other in (value * 10, value // 10, value // 2):
            yield str(other), "constant", 0.3
    for text in ("float('inf')", "-float('inf')", "None"):
        yield text, "constant", 0.15


def _others(value: object) -> list[str]:
    """Constants that may have been meant where ``value``, no integer, stands."""
    if isinstance(value, bool):
        return [str(not value)]
    if isinstance(value, float):
        return [repr(one) for one in (0.0, 1.0, -value, value * 2, value / 2, value * 10, value / 10)]
    if isinstance(value, str):
        near = ("", " ", value.upper(), value.lower(), value.strip(), value[:-1], value[1:], value[::-1])
        return [repr(one) for one in near]
    return ["0", "[]", "''", "False", "{}", "True"] if value is None else []


def name(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another variable, a constant, or another function of the same kind."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    if node.id in scope.names:
        for other in scope.names:
            yield other, "variable", 0.4
        for known in (*scope.constants, "0", "1", "None", "True", "False"):
            yield known, "constant for variable", 0.1
    elif node.id in scope.functions:
        for other in scope.functions:
            yield other, "function", 0.3
    likely = 0.12 if node.id == "sorted" else 0.5  # whoever writes it means it: seldom is another order right
    for other in kindred.functions(node.id):
        yield other, "function", likely
    if node.id in kindred.CALLED:
        for other in scope.functions:
            yield other, "function", 0.3


def named_constant(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Another constant of the module whose name begins as this one's: ``ROUND_UP`` for ``ROUND_DOWN``."""
    if isinstance(node, ast.Name) and node.id.isupper():
        family = node.id.partition("_")[0]
        for other in sorted(scope.globals - {node.id}):
            if other.isupper() and other.partition("_")[0] == family:
                yield other, "kindred constant", 0.45


def call(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Arguments swapped, dropped or added; the call dropped; ``range`` with other bounds; other methods."""
    if not isinstance(node, ast.Call):
        return
    func, args = text.of(node.func), [text.of(one) for one in node.args]
    words = [text.source[slice(*_keyword(one, text))] for one in node.keywords]

    def built(new: list[str]) -> str:
        return f"{func}({', '.join([*new, *words])})"

    for at in range(len(args)):
        for other in range(at + 1, len(args)):
            new = [*args]
            new[at], new[other] = new[other], new[at]
            yield built(new), "arguments swapped", 0.5
        yield args[at], "extra call", 0.3
        yield built([*args[:at], *args[at + 1 :]]), "extra argument", 0.2
    for one in range(len(words)):
        rest = [*words[:one], *words[one + 1 :]]
        yield f"{func}({', '.join([*args, *rest])})", "extra argument", 0.25
    for extra in dict.fromkeys((*scope.names, "0", "1", "-1", *scope.constants)):
        yield built([*args, extra]), "missing argument", 0.18
    if isinstance(node.func, ast.Name):
        yield from _builtin(node.func.id, args, built, scope)
    if isinstance(node.func, ast.Attribute):
        # With its brackets, where it has some.
        base = text.source[text.span(node)[0] : text.span(node.func)[1] - len(node.func.attr)].rstrip()[:-1]
        rest_text = text.source[text.span(node.func)[1] : text.span(node)[1]]
        for rank, other_name in enumerate(kindred.methods(node.func.attr)):
            yield f"{base}.{other_name}{rest_text}", "method", 0.5 - 0.01 * rank
        yield base, "extra call", 0.3
        for dotted in scope.dotted:
            yield f"{dotted}({', '.join([base, *args, *words])})", "function", 0.25


def _keyword(one: ast.keyword, text: Text) -> tuple[int, int]:
    return text.offset(one.lineno, one.col_offset), text.span(one.value)[1]


def _builtin(
    func: str, args: list[str], built: Callable[[list[str]], str], scope: Scope
) -> Iterator[Variant]:
    if func == "range":
        if len(args) == 1:
            for start in ("1", "-1", *scope.names):
                yield built([start, args[0]]), "range", 0.4 if start == "1" else 0.15
            yield f"reversed(range({args[0]}))", "range", 0.2
        if len(args) >= 2:
            yield built([args[1]]), "range", 0.3
            yield built([*args[:2], "-1"]), "range", 0.2
            yield built(args[:2]), "range", 0.2
            yield f"reversed({built(args)})", "range", 0.2
    if func in ("sorted", "max", "min") and args:
        yield (
            f"{built(args)[:-1]}, reverse=True)" if func == "sorted" else built([*args, "default=0"]),
            "option",
            0.25,
        )
    if func in scope.functions and func == scope.function.name:
        yield built(scope.parameters[: len(args)]), "arguments", 0.1


def pattern(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A regular expression one step away."""
    yield from patterns(node, text)


def awaited(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A call that is waited for, and one that is not."""
    if isinstance(node, ast.Await):
        yield text.of(node.value), "extra await", 0.2
    elif isinstance(node, ast.Call) and isinstance(scope.function, ast.AsyncFunctionDef):
        yield f"await {text.of(node)}", "missing await", 0.4


_TEMPLATES: tuple[Template, ...] = (
    comparison,
    operator,
    logic,
    constant,
    name,
    named_constant,
    off_by_one,
    subscript,
    call,
    pattern,
    awaited,
    *ADDITIONS,
    *REWRITES,
    *OBJECTS,
    *IDIOMS,
    *RELATED,
    *USUAL,
    *PITFALLS,
    *PASSED,
    *JOINT,
    *HABITS,
    *BESIDE,
    *MEMBERS,
    *FORGOTTEN,
)
