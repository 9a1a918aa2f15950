"""What can be entered in a source text: its functions, methods and classes, found by name."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from cwm_lsp.codec.calls import Callables
from cwm_lsp.codec.kinds import setter
from cwm_lsp.codec.orders import orders_of
from cwm_lsp.codec.scopes import bound_names, is_coroutine, scopes_of
from cwm_lsp.codec.shapes import shows_all
from cwm_lsp.codec.sites import Target
from cwm_lsp.codec.templates import TEMPLATE, templates
from cwm_lsp.trace.statements import first_line, parse

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_PROPERTIES = ("property", "cached_property")
_ENTERED = frozenset(
    "abstractmethod classmethod contextmanager override property staticmethod wraps "
    "abc.abstractmethod contextlib.contextmanager functools.wraps".split()
)
"""Decorators of which it is known that calling what they make enters the function."""

_KEPT_BY_DEFAULT = 128
"""Calls of which ``functools.lru_cache`` keeps what they gave."""

RUNNING = frozenset({"run", "run_until_complete"})
"""Methods that run an event loop."""


@lru_cache(maxsize=256)
def callables_of(source: str) -> Callables:
    """What can be entered in ``source``; nothing where it does not parse."""
    tree = parse(source)
    if tree is None:
        return Callables()
    yielding = {scope.line for scope in scopes_of(source).by_line.values() if scope.generator}
    named: dict[str, list[Target]] = {}
    methods: dict[str, list[Target]] = {}
    read: dict[str, list[Target]] = {}
    generators: dict[str, list[Target]] = {}
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    orders = orders_of(classes)
    inner = {node for owner in classes.values() for node in owner.body}
    outer = [node for node in ast.walk(tree) if isinstance(node, FunctionNode) and node not in inner]
    defined = {node.name: node for node in outer}
    for owner in classes.values():
        for method in owner.body:
            if isinstance(method, FunctionNode):
                kept = (
                    generators
                    if first_line(method) in yielding
                    else read
                    if _is_property(method)
                    else methods
                )
                stores = any(getattr(one, "attr", "") == "setter" for one in method.decorator_list)
                name = setter(method.name) if stores else method.name
                entered = _decorated(method, defined, classes) if kept is methods else method
                target = _target(entered, owner.name) if entered is not None else Target(0, holder=owner.name)
                kept.setdefault(name, []).append(target)
        order = orders[owner.name]
        maker = _maker(order, classes)
        allocator = _maker(order, classes, "__new__")
        if allocator is not None:
            named.setdefault(owner.name, []).append(_target(allocator, owner.name))
        if maker is not None:
            named.setdefault(owner.name, []).append(_target(maker, owner.name, makes=True))
        elif _is_dataclass(owner) and (maker := _maker(order, classes, "__post_init__")) is not None:
            # It is handed what no field stores, and that is not what the call is given.
            made = _target(maker, owner.name, makes=True)
            made = replace(made, parameters=made.parameters[:1], placed=1, defaults=(), rest="", named="")
            named.setdefault(owner.name, []).append(made)
    functions: dict[str, list[Target]] = {}
    placed = list(_placed(tree))
    around = {node: holder for node, holder, _ in placed if holder is not None}
    paths = {node: path for node, _, path in placed}
    for node in outer:
        kept = generators if first_line(node) in yielding else named
        entered = _decorated(node, defined, classes)
        if entered is None and kept is named:
            continue
        kept.setdefault(node.name, []).append(_target(entered or node, around=around))
        if kept is named:
            # What takes over the name of what it wraps is written like it.
            alike = (
                [node] if entered is None or entered is node or not _takes_name(entered) else [node, entered]
            )
            for name in {node.name, f"{paths[node]}{node.name}"}:
                functions.setdefault(name, []).extend(_target(one, around=around) for one in alike)
    coroutines = frozenset(node.name for node in ast.walk(tree) if is_coroutine(node))  # type: ignore[attr-defined]
    return Callables(
        _kept(named),
        _kept(methods),
        _kept(read),
        classes,
        _kept(generators),
        dict(_tables(tree, named)),
        _kept(functions),
        dict(_aliases(classes)),
        {first_line(node): _target(node, around=around) for node in outer},
        frozenset(_declared(tree, ast.Global)),
        frozenset(_declared(tree, ast.Global | ast.Nonlocal)),
        coroutines,
        coroutines & set(_tasks(tree)),
        {node.name: (_target(node, around=around),) for node in outer if _is_context(node)},
        {first_line(node): _target(node, around=around).beginning for node in outer}
        | {first_line(node): _target(node).beginning for node in _closed_methods(tree)},
        frozenset(_plain(classes, {*named, *methods})),
        frozenset(name for name, node in classes.items() if shows_all(node)),
        _has_unread(tree, classes, orders),
        frozenset(
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.AsyncFunctionDef) and not is_coroutine(node)
        ),
        frozenset(_imported(tree)),
        orders,
    )


def _imported(tree: ast.Module) -> Iterator[str]:
    """The names that the module has from others, and that nothing else in it binds."""
    counts = Counter(name for node in ast.walk(tree) for name in _bound_by(node))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            names = (one.asname or one.name for one in node.names)
            yield from (name for name in names if counts[name] == 1)


def _bound_by(node: ast.AST) -> Iterator[str]:
    return iter([node.arg]) if isinstance(node, ast.arg) else iter(bound_names(node))


def _has_unread(
    tree: ast.Module, classes: Mapping[str, ast.ClassDef], orders: Mapping[str, Sequence[str]]
) -> bool:
    """Whether a class writes its objects by code of which it is not known what it shows of them."""
    read = {name.removesuffix(TEMPLATE) for name, _ in templates(tree)}
    return any(_maker(orders[name], classes, "__repr__") is not None and name not in read for name in classes)


def _plain(classes: Mapping[str, ast.ClassDef], own: Collection[str]) -> Iterator[str]:
    """The classes of which nothing of the user's but the body runs as they are made.

    ``own`` are the names of functions and methods. Hooks that the class statement itself calls are known.
    """
    asked = [one.arg for node in classes.values() for one in node.keywords]
    if "__prepare__" in own or "metaclass" in asked:
        return
    for name, node in classes.items():
        parts = [part for made in (*node.bases, *node.decorator_list) for part in ast.walk(made)]
        if not any(
            isinstance(part, ast.Name) and part.id in own and part.id not in classes for part in parts
        ):
            yield name


def _closed_methods(tree: ast.Module) -> Iterator[FunctionNode]:
    """The methods that have no names of a function around them: those of classes of the module itself."""
    for owner in tree.body:
        if isinstance(owner, ast.ClassDef):
            yield from (one for one in owner.body if isinstance(one, FunctionNode))


def _tasks(tree: ast.AST) -> Iterator[str]:
    """The functions whose coroutines are not awaited where they are made."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    awaited = {node.value for node in ast.walk(tree) if isinstance(node, ast.Await)}
    loops = [call for call in calls if getattr(call.func, "attr", "") in RUNNING]
    driven = awaited.union(*(call.args for call in loops))
    for call in calls:
        if call not in driven:
            yield getattr(call.func, "id", getattr(call.func, "attr", ""))


def _declared(tree: ast.AST, kind: Any) -> Iterator[str]:
    """The names in statements of a ``kind``."""
    for node in ast.walk(tree):
        if isinstance(node, kind):
            yield from node.names


def _decorated(
    node: FunctionNode, defined: Mapping[str, FunctionNode], classes: Collection[str]
) -> FunctionNode | None:
    """The function that calling what the decorators of ``node`` make of it enters; ``None`` if not known."""
    for decorator in node.decorator_list:
        maker = getattr(decorator, "func", decorator)
        name = ast.unparse(maker)
        if name in classes or name.rpartition(".")[2] == "singledispatch":
            return None  # what is called is an object, or one of several by the class of its argument
        if name in defined:
            made: FunctionNode | None = defined[name]
            if isinstance(decorator, ast.Call):
                made = _given_back(defined[name])
            if made is None:
                return None
            return node if _hands_on(made) else _given_back(made)
    return node


def _takes_name(node: FunctionNode) -> bool:
    """Whether ``node`` is given the name of another function."""
    makers = (getattr(one, "func", one) for one in node.decorator_list)
    return any(ast.unparse(maker).rpartition(".")[2] == "wraps" for maker in makers)


def _given_back(node: FunctionNode) -> FunctionNode | None:
    """The inner function that ``node`` returns."""
    inner = {one.name: one for one in node.body if isinstance(one, FunctionNode)}
    match node.body[-1]:
        case ast.Return(value=ast.Name(id=name)):
            return inner.get(name)
    return None


def _hands_on(node: FunctionNode) -> bool:
    """Whether ``node`` returns what it is given."""
    match node.body[-1]:
        case ast.Return(value=ast.Name(id=name)):
            return any(one.arg == name for one in (*node.args.posonlyargs, *node.args.args))
    return False


def _aliases(classes: Mapping[str, ast.ClassDef]) -> Iterator[tuple[tuple[str, str], str]]:
    for owner in classes.values():
        for one in owner.body:
            match one:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=method)):
                    yield (owner.name, name), method


def _tables(
    tree: ast.Module, named: Mapping[str, Sequence[Target]]
) -> Iterator[tuple[str, tuple[Target, ...]]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(values=values)):
                ids = [one.id for one in values if isinstance(one, ast.Name) and one.id in named]
                if ids and len(ids) == len(values):
                    yield name, tuple(target for one in ids for target in named[one])


def _kept(found: Mapping[str, Sequence[Target]]) -> Mapping[str, tuple[Target, ...]]:
    return {name: tuple(targets) for name, targets in found.items()}


def _placed(
    tree: ast.AST, outer: FunctionNode | None = None, path: str = ""
) -> Iterator[tuple[FunctionNode, FunctionNode | None, str]]:
    """Each function with the one around it, and what stands before its name in its qualified name."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, FunctionNode):
            yield child, outer, path
            yield from _placed(child, child, f"{path}{child.name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _placed(child, outer, f"{path}{child.name}.")
        else:
            yield from _placed(child, outer, path)


def _free(node: FunctionNode, around: Mapping[FunctionNode, FunctionNode]) -> tuple[str, ...]:
    """The names that ``node`` reads or binds of the functions around it."""
    outer = around.get(node)
    used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} - _bound(node)
    found: set[str] = set()
    while outer is not None:
        found |= used & _bound(outer)
        outer = around.get(outer)
    return tuple(sorted(found))


def _bound(node: FunctionNode) -> set[str]:
    """The names of a function's own."""
    names: set[str] = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
    others: set[str] = set()
    pending: list[ast.AST] = list(node.body)
    while pending:
        here = pending.pop()
        names |= set(bound_names(here))
        if isinstance(here, ast.Global | ast.Nonlocal):
            others |= set(here.names)
        if not isinstance(here, FunctionNode | ast.ClassDef | ast.Lambda):
            pending += ast.iter_child_nodes(here)
    return names - others


def _target(
    node: FunctionNode,
    owner: str = "",
    *,
    makes: bool = False,
    around: Mapping[FunctionNode, FunctionNode] | None = None,
) -> Target:
    static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
    placed = (*node.args.posonlyargs, *node.args.args)
    return Target(
        first_line(node),
        tuple(one.arg for one in (*placed, *node.args.kwonlyargs)),
        tuple(_defaults(node.args)),
        "" if static else owner,
        makes,
        placed=len(placed),
        rest=node.args.vararg.arg if node.args.vararg else "",
        named=node.args.kwarg.arg if node.args.kwarg else "",
        holder=owner,
        free=_free(node, around) if around else (),
        around=_span(around.get(node)) if around else (0, 0),
        cached=any(ast.unparse(getattr(one, "func", one)) not in _ENTERED for one in node.decorator_list),
        remembers=_remembers(node.decorator_list),
    )


def _remembers(decorators: Sequence[ast.expr]) -> int:
    """Of how many calls a function keeps what they gave, negative for all: what ``lru_cache`` is told."""
    if len(decorators) != 1:
        return 0
    found = decorators[0]
    name = ast.unparse(getattr(found, "func", found)).removeprefix("functools.")
    match found:
        case ast.Name() | ast.Attribute() if name == "cache":
            return -1
        case ast.Name() | ast.Attribute() | ast.Call(args=[], keywords=[]) if name == "lru_cache":
            return _KEPT_BY_DEFAULT
        case (
            ast.Call(args=[ast.Constant(value=most)], keywords=[])
            | ast.Call(args=[], keywords=[ast.keyword(arg="maxsize", value=ast.Constant(value=most))])
        ) if name == "lru_cache" and (most is None or isinstance(most, int)):
            return -1 if most is None else max(0, most)
    return 0


def _span(node: FunctionNode | None) -> tuple[int, int]:
    return (node.lineno, node.end_lineno or node.lineno) if node is not None else (0, 0)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    placed = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(placed[len(placed) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    yield from ((one.arg, default) for one, default in pairs if default is not None and _lasting(default))


def _lasting(node: ast.expr) -> bool:
    """Whether ``node`` is a literal that nobody can change."""
    if isinstance(node, ast.Tuple):
        return all(map(_lasting, node.elts))
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant)


def _maker(
    order: Sequence[str], classes: Mapping[str, ast.ClassDef], name: str = "__init__"
) -> FunctionNode | None:
    """The ``__init__`` that a class of this method resolution ``order`` has, or what ``name`` says."""
    for owner in order:
        for node in classes[owner].body:
            if isinstance(node, FunctionNode) and node.name == name:
                return node
    return None


def _is_dataclass(owner: ast.ClassDef) -> bool:
    """Whether ``dataclass`` makes the ``__init__`` of a class."""
    makers = (ast.unparse(getattr(one, "func", one)) for one in owner.decorator_list)
    return any(name.rpartition(".")[2] == "dataclass" for name in makers)


def _is_context(node: FunctionNode) -> bool:
    """Whether calling it gives what a ``with`` enters."""
    return any(ast.unparse(one).rpartition(".")[2] == "contextmanager" for one in node.decorator_list)


def _is_property(node: FunctionNode) -> bool:
    names = [one.id if isinstance(one, ast.Name) else getattr(one, "attr", "") for one in node.decorator_list]
    return any(name in _PROPERTIES for name in names)
