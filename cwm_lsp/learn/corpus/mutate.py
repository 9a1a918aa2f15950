"""Buggy versions of programs: one to three small changes of the syntax tree, kept only when they compile."""

from __future__ import annotations

import ast
from collections.abc import Callable
from random import Random
from typing import TypeVar

from cwm_lsp.learn.corpus.program import Program

_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_METHODS = {
    "append": "extend",
    "extend": "append",
    "upper": "lower",
    "lower": "upper",
    "find": "rfind",
    "rfind": "find",
    "lstrip": "rstrip",
    "rstrip": "lstrip",
    "startswith": "endswith",
    "endswith": "startswith",
    "keys": "values",
    "values": "keys",
    "isalpha": "isalnum",
    "isupper": "islower",
    "islower": "isupper",
    "ljust": "rjust",
}
_CALLS = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "sum": "len",
    "len": "sum",
}

T = TypeVar("T")
Mutation = Callable[[Random, ast.Module], bool]


def mutated(rng: Random, program: Program) -> Program | None:
    """A mutant of ``program`` that compiles and differs, or ``None`` when ten attempts found none.

    Comments and layout are lost: the source is written from the tree.
    """
    try:
        plain = ast.unparse(ast.parse(program.source))
    except (SyntaxError, RecursionError):
        return None
    for _ in range(10):
        tree = ast.parse(plain)
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
            rng.choices(_MUTATIONS, _WEIGHTS)[0](rng, tree)
        source = ast.unparse(ast.fix_missing_locations(tree))
        if source != plain and _compiles(source):
            return Program(source + "\n", program.call, "mutant:" + program.origin)
    return None


def _compiles(source: str) -> bool:
    try:
        compile(source, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _pick(rng: Random, nodes: list[T]) -> T | None:
    return rng.choice(nodes) if nodes else None


def swap_operator(rng: Random, tree: ast.Module) -> bool:
    """``+`` for ``-`` and the like."""
    found = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.BinOp | ast.AugAssign) and isinstance(n.op, _ARITHMETIC)
    ]
    node = _pick(rng, found)
    if node is None:
        return False
    node.op = rng.choice([op for op in _ARITHMETIC if not isinstance(node.op, op)])()
    return True


def swap_comparison(rng: Random, tree: ast.Module) -> bool:
    """``<`` for ``<=`` and the like, ``in`` for ``not in``."""
    node = _pick(rng, [n for n in ast.walk(tree) if isinstance(n, ast.Compare)])
    if node is None:
        return False
    old = node.ops[0]
    if isinstance(old, ast.In | ast.NotIn):
        node.ops[0] = ast.NotIn() if isinstance(old, ast.In) else ast.In()
    elif isinstance(old, ast.Is | ast.IsNot):
        node.ops[0] = ast.IsNot() if isinstance(old, ast.Is) else ast.Is()
    else:
        node.ops[0] = rng.choice([op for op in _ORDER if not isinstance(old, op)])()
    return True


def shift_constant(rng: Random, tree: ast.Module) -> bool:
    """An integer one off, another string, the other truth value."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, int | str)]
    node = _pick(rng, found)
    if node is None:
        return False
    value = node.value
    if isinstance(value, bool):
        node.value = not value
    elif isinstance(value, int):
        node.value = value + rng.choice((-1, 1, 1, 2, -2))
    elif isinstance(value, str):
        node.value = rng.choice((value.upper(), value[:-1], value + "x", value[::-1], " "))
    return True


def shift_index(rng: Random, tree: ast.Module) -> bool:
    """An index, a slice bound or an argument of ``range`` one off."""
    places: list[tuple[ast.AST, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice | ast.Tuple):
            places.append((node, "slice"))
        elif isinstance(node, ast.Slice):
            places += [(node, side) for side in ("lower", "upper") if getattr(node, side) is not None]
    ranges = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "range" and n.args
    ]
    if ranges and (not places or rng.random() < 0.5):
        call = rng.choice(ranges)
        at = rng.randrange(min(2, len(call.args)))
        call.args[at] = _off_by_one(rng, call.args[at])
        return True
    if not places:
        return False
    node, side = rng.choice(places)
    setattr(node, side, _off_by_one(rng, getattr(node, side)))
    return True


def _off_by_one(rng: Random, node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return ast.Constant(node.value + rng.choice((-1, 1)))
    return ast.BinOp(node, rng.choice((ast.Add, ast.Sub))(), ast.Constant(1))


def remove_statement(rng: Random, tree: ast.Module) -> bool:
    """Drops a statement; ``pass`` where nothing would be left."""
    suites = [
        suite
        for node in ast.walk(tree)
        if not isinstance(node, ast.Module | ast.ClassDef)
        for name in ("body", "orelse", "finalbody")
        if isinstance(suite := getattr(node, name, None), list) and suite
    ]
    suite = _pick(rng, suites)
    if suite is None:
        return False
    at = rng.randrange(len(suite))
    if isinstance(suite[at], ast.FunctionDef | ast.ClassDef):
        return False
    suite[at : at + 1] = [] if len(suite) > 1 else [ast.Pass()]
    return True


def swap_arguments(rng: Random, tree: ast.Module) -> bool:
    """Two positional arguments, or the operands of an operator, exchanged."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and len(n.args) >= 2]
    operations = [n for n in ast.walk(tree) if isinstance(n, ast.BinOp)]
    if calls and (not operations or rng.random() < 0.5):
        args = rng.choice(calls).args
        at = rng.randrange(len(args) - 1)
        args[at], args[at + 1] = args[at + 1], args[at]
        return True
    operation = _pick(rng, operations)
    if operation is None:
        return False
    operation.left, operation.right = operation.right, operation.left
    return True


def negate_condition(rng: Random, tree: ast.Module) -> bool:
    """``not`` before a test, or one dropped."""
    node = _pick(rng, [n for n in ast.walk(tree) if isinstance(n, ast.If | ast.While | ast.IfExp)])
    if node is None:
        return False
    test = node.test
    node.test = (
        test.operand
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        else (ast.UnaryOp(ast.Not(), test))
    )
    return True


def swap_boolean(rng: Random, tree: ast.Module) -> bool:
    """``and`` for ``or``."""
    node = _pick(rng, [n for n in ast.walk(tree) if isinstance(n, ast.BoolOp)])
    if node is None:
        return False
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return True


def swap_name(rng: Random, tree: ast.Module) -> bool:
    """A variable read in the place of another."""
    function = _pick(rng, [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)])
    if function is None:
        return False
    inside = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    names = sorted(
        {a.arg for a in function.args.args} | {n.id for n in inside if isinstance(n.ctx, ast.Store)}
    )
    node = _pick(rng, [n for n in inside if isinstance(n.ctx, ast.Load) and n.id in names])
    if node is None or len(names) < 2:
        return False
    node.id = rng.choice([n for n in names if n != node.id])
    return True


def swap_call(rng: Random, tree: ast.Module) -> bool:
    """A built-in function or a method for a kindred one."""
    functions = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)]
    names = [f for f in functions if isinstance(f, ast.Name) and f.id in _CALLS]
    methods = [f for f in functions if isinstance(f, ast.Attribute) and f.attr in _METHODS]
    if names and (not methods or rng.random() < 0.5):
        name = rng.choice(names)
        name.id = _CALLS[name.id]
        return True
    method = _pick(rng, methods)
    if method is None:
        return False
    method.attr = _METHODS[method.attr]
    return True


def move_exit(rng: Random, tree: ast.Module) -> bool:
    """``break`` for ``continue``; a ``return`` indented into the loop before it."""
    exits = [
        (node.body, i)
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        for i, statement in enumerate(node.body)
        if isinstance(statement, ast.Break | ast.Continue)
    ]
    if exits:
        body, at = rng.choice(exits)
        body[at] = ast.Continue() if isinstance(body[at], ast.Break) else ast.Break()
        return True
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef)
            and len(node.body) > 1
            and isinstance(node.body[-1], ast.Return)
            and (isinstance(node.body[-2], ast.For))
        ):
            node.body[-2].body.append(node.body.pop())
            return True
    return False


_MUTATIONS: tuple[Mutation, ...] = (
    swap_operator,
    swap_comparison,
    shift_constant,
    shift_index,
    remove_statement,
    swap_arguments,
    negate_condition,
    swap_boolean,
    swap_name,
    swap_call,
    move_exit,
)
_WEIGHTS = (3, 3, 3, 3, 2, 1, 2, 1, 2, 1.5, 1)
