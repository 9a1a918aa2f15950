"""What Python does otherwise than one thinks: zero is not ``None``, names are bound late, objects shared."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.scope import Scope
from cwm_lsp.repair.templates.wording import enclosed
from cwm_lsp.repair.text import Text

Variant = tuple[str, str, float]

_CHANGING = {"remove", "pop", "append", "insert", "add", "discard", "popitem", "clear", "update", "extend"}
_SHARED = ast.List | ast.Dict | ast.Set
_PLACE = ast.Name | ast.Attribute | ast.Subscript | ast.Call


def nothing(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """``x or y`` for a zero or an empty text that counts, and the same where it is tested."""
    match node:
        case ast.BoolOp(op=ast.Or(), values=[one, other]) if isinstance(one, _PLACE):
            left, right = text.of(one), text.of(other)
            yield f"{left} if {left} is not None else {right}", "missing fallback", 0.35
            yield f"{right} if {left} is None else {left}", "missing fallback", 0.3
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() | ast.Subscript() as one):
            yield f"{text.of(one)} is None", "condition", 0.35
        case ast.IfExp(test=ast.Name() | ast.Attribute() as test):
            yield (
                f"{text.of(node.body)} if {text.of(test)} is not None else {text.of(node.orelse)}",
                "condition",
                0.35,
            )


def tested(function: ast.AST, scope: Scope, text: Text) -> Iterator[Candidate]:
    """What is there or not, for what counts as true; a field of it; the contrary."""
    for node in ast.walk(function):
        tests = [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp) else []
        tests += node.ifs if isinstance(node, ast.comprehension) else []
        tests += node.values if isinstance(node, ast.BoolOp) else []
        for one in tests:
            if isinstance(one, _PLACE):
                for form, likely in (("{} is not None", 0.35), ("{} is None", 0.2), ("not {}", 0.3)):
                    edit = Edit(*text.span(one), form.format(text.of(one)))
                    yield Candidate((edit,), "condition", one.lineno, likely)
            if isinstance(one, ast.Name):
                for field in scope.attributes[:8]:
                    for form, likely in (("{} > 0", 0.14), ("{} is not None", 0.1), ("not {}", 0.14)):
                        edit = Edit(*text.span(one), form.format(f"{one.id}.{field}"))
                        yield Candidate((edit,), "condition", one.lineno, likely)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call | ast.Name):
            edit = Edit(*text.span(node.value), f"not {text.of(node.value)}")
            yield Candidate((edit,), "negation", node.lineno, 0.12)


def absent(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """Something else where what an expression looks into, or divides by, is empty."""
    if not isinstance(node, ast.Call | ast.Subscript | ast.BinOp):
        return
    held: dict[str, None] = {}
    for one in ast.walk(node):
        match one:
            case ast.Subscript(value=ast.Name() | ast.Attribute() as base):
                held[text.of(base)] = None
            case ast.Call(func=ast.Name("len" | "max" | "min"), args=[ast.Name() | ast.Attribute() as base]):
                held[text.of(base)] = None
            case ast.BinOp(
                op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=ast.Name() | ast.Attribute() as base
            ):
                held[text.of(base)] = None
    for name in held:
        for other in ("0", "None", "''", "[]"):
            yield f"{text.of(node)} if {name} else {other}", "missing fallback", 0.13


def bound_late(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A name that a function made in a loop should keep as it was then."""
    if not isinstance(node, ast.Lambda) or node.args.vararg or node.args.kwonlyargs or node.args.kwarg:
        return
    own = {one.arg for one in node.args.args}
    used = dict.fromkeys(one.id for one in ast.walk(node.body) if isinstance(one, ast.Name))
    given = text.of(node).partition(":")[0].removeprefix("lambda").strip()
    for name in used:
        if name in scope.names and name not in own:
            lead = f"{given}, " if given else ""
            yield f"lambda {lead}{name}={name}: {text.of(node.body)}", "bound late", 0.35


def gone_through(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A copy of what a loop goes through while its body changes it."""
    source = text.of(node) if isinstance(node, ast.Name | ast.Attribute | ast.Call) else ""
    if source and id(node) in scope.iterated and not source.startswith(("range(", "enumerate(", "zip(")):
        likely = 0.4 if _may_change(node, scope) else 0.2
        yield f"list({source})", "missing copy", 0.6 if source in _changed_in_loop(scope.function) else likely
    if source and source in _changed_in_loop(scope.function) and not isinstance(node, ast.Call):
        yield f"{source}[:]", "missing copy", 0.4


def _may_change(node: ast.expr, scope: Scope) -> bool:
    """Whether a loop goes through something of the object, and calls methods of it in its body."""
    receiver = scope.owner.receiver
    if not receiver or not ast.unparse(node).startswith(f"{receiver}."):
        return False
    loops = [one for one in ast.walk(scope.function) if isinstance(one, ast.For) and one.iter is node]
    calls = [
        one for loop in loops for body in loop.body for one in ast.walk(body) if isinstance(one, ast.Call)
    ]
    return any(ast.unparse(one.func).removeprefix(f"{receiver}.") in scope.owner.methods for one in calls)


def _whole(node: ast.expr) -> str:
    """What a value is looked up in, or a view is of: ``d[k]``, ``d.get(k, [])``, ``d.items()``."""
    match node:
        case ast.Call(func=ast.Attribute(value=base, attr="items" | "keys" | "values"), args=[]):
            return ast.unparse(base)
        case ast.Call(func=ast.Attribute(value=base, attr="get" | "setdefault"), args=[key, *_]):
            return f"{ast.unparse(base)}[{ast.unparse(key)}]"
    return ast.unparse(node)


def _changed_in_loop(function: Function) -> set[str]:
    found: set[str] = set()
    for loop in ast.walk(function):
        if isinstance(loop, ast.For):
            whole = ast.unparse(loop.iter)
            base = _whole(loop.iter)
            inside = [one for statement in loop.body for one in ast.walk(statement)]
            calls = [one.func for one in inside if isinstance(one, ast.Call)]
            found |= {
                whole
                for one in calls
                if isinstance(one, ast.Attribute) and one.attr in _CHANGING and _whole(one.value) == base
            }
            deleted = [target for one in inside if isinstance(one, ast.Delete) for target in one.targets]
            found |= {
                whole for one in deleted if isinstance(one, ast.Subscript) and ast.unparse(one.value) == base
            }
    return found


def alternating(node: ast.expr, scope: Scope, text: Text) -> Iterator[Variant]:
    """A sign that turns round with each step."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for name in scope.names:
            yield f"(-1) ** {name} * {enclosed(text.of(node))}", "sign", 0.08


def shared(tree: ast.Module, text: Text) -> Iterator[Candidate]:
    """A list or dictionary of a class that each object should have for itself."""
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
        methods = [one for one in node.body if isinstance(one, Function)]
        begins = next((one for one in methods if one.name == "__init__" and one.args.args), None)
        for statement in node.body:
            match statement:
                case ast.Assign(targets=[ast.Name(name)], value=value) if isinstance(value, _SHARED):
                    made = f"self.{name} = {text.of(value)}"
                case _:
                    continue
            if not methods or not text.alone(statement):
                continue
            line = statement.lineno
            if begins is None:
                lead = "" if text.source.startswith("\n", text.block(statement)[1]) else "\n"
                new = f"def __init__(self):\n{text.indent(statement)}    {made}{lead}"
                yield Candidate((Edit(*text.span(statement), new),), "shared by all", line, 0.9)
            elif text.alone(begins.body[0]):
                receiver, place = begins.args.args[0].arg, text.line_start(begins.body[0].lineno)
                own = made.replace("self", receiver, 1)
                edit = Edit(place, place, f"{text.indent(begins.body[0])}{own}\n")
                yield Candidate((edit,), "shared by all", line, 0.9)


PITFALLS = (nothing, absent, bound_late, gone_through, alternating)
