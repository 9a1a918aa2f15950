"""The class that a function is a method of: what its objects hold, what they can do, what they are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef

_STATIC = {"staticmethod", "classmethod"}
_GETTERS = {"property", "cached_property"}


@dataclass(frozen=True, slots=True)
class Owner:
    """``receiver`` is the name of the object in the method, ``self``; "" outside of classes.

    ``fields`` are data attributes, properties among them; ``methods`` those that are called, ``asked`` those
    of them that need no argument and give something, ``held`` the fields that hold a container,
    ``counted`` those that go up and down, ``beside`` the other functions of the class.
    """

    receiver: str = ""
    fields: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    beside: tuple[Function, ...] = field(default=(), compare=False)

    @property
    def values(self) -> list[str]:
        """The data attributes as they are written in the method."""
        return [f"{self.receiver}.{one}" for one in self.fields] if self.receiver else []

    @property
    def calls(self) -> list[str]:
        """The methods that need no argument, called as the method would."""
        return [f"{self.receiver}.{one}()" for one in self.asked] if self.receiver else []

    @property
    def containers(self) -> list[str]:
        """The fields that hold a container, as they are written in the method."""
        return [f"{self.receiver}.{one}" for one in self.held] if self.receiver else []


def owner(function: Function, tree: ast.Module) -> Owner:
    """The class of a method, an empty one for a plain function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and function in node.body:
            fields, methods = members(node)
            spec = [*function.args.posonlyargs, *function.args.args]
            bound = bool(spec) and not _STATIC & set(map(_name, function.decorator_list))
            beside = tuple(one for one in node.body if isinstance(one, Function) and one is not function)
            asked = tuple(one.name for one in beside if one.name in methods and _asked(one))
            receiver = spec[0].arg if bound else ""
            return Owner(
                receiver,
                tuple(fields),
                tuple(methods),
                asked,
                tuple(_held(node)),
                tuple(_counted(node)),
                beside,
            )
    return Owner()


def signatures(tree: ast.Module, function: Function, of: Owner) -> list[tuple[str, list[str]]]:
    """What ``function`` can call with names for its parameters: functions of the module, methods beside it.

    Each as it is written there, with the parameters that must be given.
    """
    found = [(one.name, _required(one)) for one in tree.body if isinstance(one, Function)]
    for node in ast.walk(tree):
        if of.receiver and isinstance(node, ast.ClassDef) and function in node.body:
            beside = [one for one in node.body if isinstance(one, Function) and one.name in of.methods]
            found += [(f"{of.receiver}.{one.name}", _required(one)[1:]) for one in beside]
    own = (function.name, f"{of.receiver}.{function.name}")
    return [(name, wanted) for name, wanted in found if name not in own]


def accepted(tree: ast.Module, function: Function, of: Owner) -> dict[str, list[str]]:
    """All parameters of what ``function`` can call by a name of the module: functions, methods of its own
    object, classes."""
    found = {one.name: _parameters(one) for one in tree.body if isinstance(one, Function)}
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
        for one in (one for one in node.body if isinstance(one, Function)):
            if one.name == "__init__":
                found[node.name] = _parameters(one)[1:]
            elif of.receiver and function in node.body:
                found[f"{of.receiver}.{one.name}"] = _parameters(one)[1:]
    return found


def _parameters(function: Function) -> list[str]:
    spec = function.args
    return [one.arg for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]


def _required(function: Function) -> list[str]:
    spec = function.args
    every = [one.arg for one in (*spec.posonlyargs, *spec.args)]
    return every[: len(every) - len(spec.defaults)]


def members(node: ast.ClassDef) -> tuple[list[str], list[str]]:
    """The data attributes of a class and its methods, those that Python calls by itself left out."""
    defined = [one for one in node.body if isinstance(one, Function)]
    getters = [one.name for one in defined if _GETTERS & set(map(_name, one.decorator_list))]
    methods = [one.name for one in defined if one.name not in getters and not one.name.startswith("__")]
    return list(dict.fromkeys([*_fields(node), *getters])), methods


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Annotated in the class's body, or assigned to the receiver of one of its methods."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id
    for method in (one for one in node.body if isinstance(one, Function) and one.args.args):
        receiver = method.args.args[0].arg
        for part in ast.walk(method):
            match part:
                case ast.Attribute(value=ast.Name(name), attr=attr, ctx=ast.Store()) if name == receiver:
                    yield attr


def _asked(function: Function) -> bool:
    """Whether a method needs no argument and gives something."""
    gives = any(isinstance(one, ast.Return) and one.value is not None for one in ast.walk(function))
    return gives and len(_required(function)) == 1 and not _STATIC & set(map(_name, function.decorator_list))


_ADDING = {"append", "add", "appendleft", "insert", "extend", "setdefault", "push"}
_CONTAINERS = {"list", "dict", "set", "deque", "defaultdict", "OrderedDict", "Counter"}


def _held(node: ast.ClassDef) -> Iterator[str]:
    """Fields that begin as a container or that something is put into."""
    found: dict[str, None] = {}
    for part in ast.walk(node):
        match part:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name("self"), attr=field)], value=value):
                made = isinstance(value, ast.Call) and _name(value.func) in _CONTAINERS
                if made or isinstance(value, ast.List | ast.Dict | ast.Set):
                    found[field] = None
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(value=ast.Name("self"), attr=field), attr=method)
            ) if method in _ADDING:
                found[field] = None
    yield from found


def _counted(node: ast.ClassDef) -> Iterator[str]:
    """Fields that begin as a whole number or that something is added to."""
    found: dict[str, None] = {}
    for name, value in (one for part in ast.walk(node) for one in _stored(part)):
        if isinstance(value, ast.Constant) and type(value.value) is int:
            found[name] = None
    yield from found


def _stored(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Fields of ``self`` and what each is given; of what is added to one a number."""
    match node:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name("self"), attr=name)], value=value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            for one, value in zip(targets, values, strict=False):
                if isinstance(one, ast.Attribute):
                    yield one.attr, value
        case ast.AugAssign(target=ast.Attribute(attr=name), op=ast.Sub()):
            yield name, ast.Constant(0)


_FIRST = {"False": "True", "True": "False"}
"""What a field holds at first, and what it is set to later."""


def unset(tree: ast.Module, names: Sequence[str]) -> list[tuple[str, str]]:
    """Fields that are read but only ever hold what they are given at first, and values to set them to."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    read = {node.attr for node in nodes if isinstance(node.ctx, ast.Load)}
    stored = [node.attr for node in nodes if isinstance(node.ctx, ast.Store)]
    found: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=field)], value=ast.Constant(bool() | None as first)):
                if field in read and stored.count(field) == 1:
                    values = [_FIRST[str(first)]] if first is not None else list(names)
                    found += [(field, value) for value in values]
    return found


def _name(decorator: ast.expr) -> str:
    return ast.unparse(decorator).rpartition(".")[2]
