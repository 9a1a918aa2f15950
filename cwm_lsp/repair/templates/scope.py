"""What an edit inside a function can be made of: its names, its constants, its expressions and conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates import kindred, places
from cwm_lsp.repair.templates.habits import habits
from cwm_lsp.repair.templates.owner import Function, accepted, members, owner, signatures, unset
from cwm_lsp.repair.templates.returned import usual
from cwm_lsp.repair.templates.units import units

INGREDIENTS = 60
"""Expressions of a function that are offered elsewhere in it."""

ATTRIBUTES = 14
"""Names of attributes, and keys, that are offered for one another."""

_SIZE = 9  # nodes of an expression that is offered elsewhere


def within(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes defined inside."""
    pending: list[ast.AST] = list(reversed(function.body))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, Function | ast.ClassDef):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def suites(function: Function) -> Iterator[list[ast.stmt]]:
    """Every list of statements in a function, its body first, without those of functions inside."""
    yield function.body
    for node in within(function):
        if isinstance(node, Function | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            suite = getattr(node, name, None)
            if isinstance(suite, list) and suite and isinstance(suite[0], ast.stmt):
                yield suite
        for handler in getattr(node, "handlers", ()):
            yield handler.body


def docstring(statement: ast.stmt) -> bool:
    """Whether a statement only says something."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def simple_statements(function: Function) -> list[ast.stmt]:
    """The assignments and calls of a function."""
    simple = ast.Assign | ast.AugAssign | ast.Expr | ast.AnnAssign
    every = (statement for suite in suites(function) for statement in suite)
    return [one for one in every if isinstance(one, simple) and not docstring(one)]


class Scope:
    """What is in reach inside one function."""

    def __init__(self, function: Function, tree: ast.Module) -> None:
        self.function = function
        self.tree = tree
        nodes = list(within(function))
        spec = function.args
        self.parameters = [one.arg for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
        every = [*self.parameters, *(one.arg for one in (spec.vararg, spec.kwarg) if one)]
        stored = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        stored += [n.arg for n in nodes if isinstance(n, ast.arg)]  # of lambdas
        outer = [name for one in enclosing(function, tree) for name in _own_names(one)]
        self.names = list(dict.fromkeys([*every, *stored, *outer]))
        self.changed = [name for name in dict.fromkeys(stored)]
        self.owner = owner(function, tree)
        inner = [n.name for n in nodes if isinstance(n, Function)]
        self.functions = [*inner, *(n.name for n in tree.body if isinstance(n, Function))]
        self.signatures = signatures(tree, function, self.owner)
        self.accepted = accepted(tree, function, self.owner)
        self.keywords = _keywords(tree)
        self.raises = _raises(tree)
        self.constants = _constants(nodes)
        self.ingredients = _ingredients(nodes)
        self.stored = _stored(nodes)
        self.dotted = _dotted(tree)
        self.compared = _compared(nodes)
        self.filled = _filled(nodes)
        self.empty = _empty(nodes)
        self.unset = unset(tree, self.parameters)
        self.comparisons = _texts(n for n in nodes if isinstance(n, ast.Compare))
        returned = (n.value for n in nodes if isinstance(n, ast.Return) and n.value is not None)
        self.returned = _texts(returned)
        self.usual = usual(function, nodes)
        classes = [members(n) for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
        self.attributes = _attributes(tree, [name for fields, _ in classes for name in fields])
        self.methods = list(dict.fromkeys(name for _, methods in classes for name in methods))
        self.keys = _keys(tree)
        self.kept = _kept(nodes, self.parameters)
        self.iterated = {
            id(n.iter) for n in nodes if isinstance(n, ast.For | ast.AsyncFor | ast.comprehension)
        }
        self.ordered = any(isinstance(n, ast.alias) and n.name == "OrderedDict" for n in ast.walk(tree))
        self.units = units(ast.unparse(function).lower())
        self.textual = any(_works_with_text(n) for n in nodes)
        self.flags = _flags(nodes)
        self.globals = places.module_names(tree)
        funcs = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)]
        called = {one.attr for one in funcs if isinstance(one, ast.Attribute)}
        self.uncalled = {one for one in self.owner.calls if one.split(".")[-1][:-2] not in called}
        self.given = places.given(nodes)
        self.refusals = places.refusals(tree, function, self.names, self.globals)
        self.exceptions = places.exceptions(tree)
        self.switches = places.switches(tree, function, self.owner)
        self.keyed = places.keyed(nodes)
        self.tests = places.neighbours(nodes)
        self.truths = places.truths(nodes)
        self.habits = habits(tree, nodes, self.parameters)
        self.generates = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in nodes)
        self.containers = _containers(
            [*nodes, *(n for one in enclosing(function, tree) for n in within(one))]
        )

    def conditions(self) -> list[str]:
        """Conditions over the names in reach, likely ones first."""
        found = [*self.comparisons]
        for name in self.names:
            found += [f"not {name}", name, f"{name} is None", f"{name} is not None"]
        parts = [one for one in self.ingredients if one.endswith("]")][:4]
        for part in parts:
            for name in self.names[:8]:
                if name not in part:
                    found += [f"{part} {op} {name}" for op in ("==", "!=", "<", ">")]
            found.append(f"not {part}")
        for name in self.names:
            found += [f"{name} == 0", f"{name} == 1", f"{name} <= 0", f"{name} < 0", f"{name} <= 1"]
            found += [f"{name} > 0", f"{name} > 1"]
        for one in self.names:
            for other in self.names:
                if one != other:
                    found += [f"{one} {op} {other}" for op in ("in", "not in", "==", "!=", "<", "<=")]
        return list(dict.fromkeys(found))

    @property
    def absences(self) -> list[str]:
        """That a name is not yet in something that is looked into, or filled, by the function."""
        held = [name for name, method in self.containers if method in ("add", "append", "update")]
        held += [*self.filled, *self.owner.containers[:3], *self.parameters]
        names = [one for one in self.names if one != self.owner.receiver][-8:]
        pairs = [(one, other) for other in dict.fromkeys(held) for one in names if one != other]
        return [f"{one} not in {other}" for one, other in pairs if other != self.owner.receiver][:32]

    def results(self) -> list[str]:
        """What a function may return early."""
        parts = [f"{name}.{one}" for name in self.changed[:6] for one in self.attributes[:3]]
        built = [form.format(one) for one in self.parameters for form in ("[{}]", "[[{}]]", "{}[0]")]
        return list(dict.fromkeys([*self.returned, *self.parameters, *parts, *self.usual, *built]))


def enclosing(function: Function, tree: ast.Module) -> list[Function]:
    """The functions that ``function`` is defined inside of."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, Function) and node is not function and any(n is function for n in ast.walk(node))
    ]


def _own_names(function: Function) -> list[str]:
    spec = function.args
    stored = [n.id for n in within(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return [*(one.arg for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)), *stored]


def _texts(nodes: Iterator[ast.expr]) -> list[str]:
    return list(dict.fromkeys(ast.unparse(node) for node in nodes))


def _constants(nodes: list[ast.AST]) -> list[str]:
    found = (n for n in nodes if isinstance(n, ast.Constant) and n.value is not Ellipsis)
    texts = (ast.unparse(n) for n in found)
    return [text for text in dict.fromkeys(texts) if len(text) < 40]


def _empty(nodes: list[ast.AST]) -> set[str]:
    """Names that begin as an empty text or list."""
    return {
        n.targets[0].id
        for n in nodes
        if isinstance(n, ast.Assign)
        and isinstance(n.targets[0], ast.Name)
        and ast.unparse(n.value) in ("''", "[]", "()")
    }


def _filled(nodes: list[ast.AST]) -> list[str]:
    """Names of tables and dictionaries whose elements are assigned to."""
    stored = (n for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store))
    return _texts(n.value for n in stored if isinstance(n.value, ast.Name))[:3]


def _compared(nodes: list[ast.AST]) -> list[str]:
    """Elements and fields that are compared, which may be counted up or down."""
    sides = (side for n in nodes if isinstance(n, ast.Compare) for side in (n.left, *n.comparators))
    return _texts(one for one in sides if _part(one))[:6]


def _part(node: ast.expr) -> bool:
    """Whether a node is an element or a field of something that has a name."""
    if isinstance(node, ast.Subscript):
        return not isinstance(node.slice, ast.Slice)
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def _flags(nodes: list[ast.AST]) -> list[str]:
    """Names that are assigned a truth value."""
    assigned = (n for n in nodes if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name))
    found = [ast.unparse(n.targets[0]) for n in assigned if ast.unparse(n.value) in ("True", "False")]
    return list(dict.fromkeys(found))


def _attributes(tree: ast.Module, fields: list[str]) -> list[str]:
    """Names of data attributes that the module's own objects are given."""
    found = [n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)]
    return list(dict.fromkeys([*fields, *found]))[:ATTRIBUTES]


def _keywords(tree: ast.Module) -> dict[str, list[tuple[str | None, str]]]:
    """By what is called, the keywords that calls of it have, and how they are written; of ``**x`` no name."""
    found: dict[str, dict[tuple[str | None, str], None]] = {}
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        for one in call.keywords:
            value = ast.unparse(one.value)
            written = f"{one.arg}={value}" if one.arg else f"**{value}"
            found.setdefault(ast.unparse(call.func), {})[one.arg, written] = None
    return {name: list(known) for name, known in found.items()}


def _raises(tree: ast.Module) -> list[tuple[str, set[str]]]:
    """Statements of the module that raise an exception made there, and the variables that these use."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            used = {n.id for one in node.exc.args for n in ast.walk(one) if isinstance(n, ast.Name)}
            found[f"raise {ast.unparse(node.exc)}"] = used
    return list(found.items())


def _keys(tree: ast.Module) -> list[str]:
    """Texts that things are looked up by."""
    found = (n.slice for n in ast.walk(tree) if isinstance(n, ast.Subscript))
    texts = [n.value for n in found if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return list(dict.fromkeys(texts))[:ATTRIBUTES]


def _kept(nodes: list[ast.AST], parameters: list[str]) -> set[str]:
    """Parameters that get another name, a field among these."""
    return {
        n.value.id
        for n in nodes
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id in parameters
    }


def _works_with_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in kindred.TEXTUAL
    if isinstance(node, ast.Compare):
        return any(isinstance(getattr(one, "value", None), str) for one in node.comparators)
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and any(isinstance(getattr(side, "value", None), str) for side in (node.left, node.right))
    )


def _stored(nodes: list[ast.AST]) -> list[str]:
    """Elements and attributes that are assigned to."""
    return _texts(
        n for n in nodes if isinstance(n, ast.Subscript | ast.Attribute) and isinstance(n.ctx, ast.Store)
    )


_MODULES = {
    "heapq": ("heappush", "heappop", "heapify"),
    "bisect": ("bisect_left", "bisect_right", "insort"),
    "copy": ("deepcopy", "copy"),
    "math": ("ceil", "floor", "sqrt", "isqrt", "gcd"),
}


def _dotted(tree: ast.Module) -> list[str]:
    """Functions of imported modules, as they would be called here."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                found += [f"{one.asname or one.name}.{name}" for name in _MODULES.get(one.name, ())]
        elif isinstance(node, ast.ImportFrom):
            found += [one.asname or one.name for one in node.names if one.name in _names_of(node.module)]
    return found


def _names_of(module: str | None) -> tuple[str, ...]:
    return _MODULES.get(module or "", ())


def _containers(nodes: list[ast.AST]) -> list[tuple[str, str]]:
    """Names and the adding methods called on them."""
    adding = ("append", "add", "appendleft", "insert", "extend", "update")
    calls = (n.func for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    found = [(ast.unparse(f.value), f.attr) for f in calls if f.attr in adding]
    for name, value in (one for node in nodes for one in places.assigned(node)):
        text = ast.unparse(value)
        if isinstance(value, ast.List) or text == "list()":
            found.append((name, "append"))
        elif isinstance(value, ast.Set) or text.startswith("set("):
            found.append((name, "add"))
    return list(dict.fromkeys(found))


def _ingredients(nodes: list[ast.AST]) -> list[str]:
    """Expressions of the function that may stand elsewhere in it: small, and bound by nothing inside them."""
    bound = {
        name.id
        for node in nodes
        if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target)
        if isinstance(name, ast.Name)
    }
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    found: dict[str, None] = {}
    for node in nodes:
        if not isinstance(node, ast.Subscript | ast.Call | ast.Attribute | ast.BinOp | ast.UnaryOp):
            continue
        if isinstance(getattr(node, "ctx", ast.Load()), ast.Del):
            continue
        inside = list(ast.walk(node))
        if len([n for n in inside if isinstance(n, ast.expr)]) > _SIZE:
            continue
        if any(isinstance(n, ast.Name) and n.id in bound for n in inside):
            continue
        if any(
            isinstance(n, ast.Yield | ast.YieldFrom | ast.Await | ast.Lambda | ast.NamedExpr) for n in inside
        ):
            continue
        found[ast.unparse(node)] = None
    return list(found)[:INGREDIENTS]
