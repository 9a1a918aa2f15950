"""Which functions of a source text the calls in a statement may enter, in the order of the calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cwm_lsp.codec.flow import is_inline
from cwm_lsp.codec.scopes import scopes_of
from cwm_lsp.trace.statements import first_line, parse

_KIND = re.compile(r"<?(\w+)[ (]")
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_PROPERTIES = ("property", "cached_property")
_APPLYING = frozenset({"filter", "map", "max", "min", "reduce", "sorted"})
_DEEPEST = 8
"""Levels of classes that are looked through."""

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Target:
    """A function that can be entered: its first line, its parameters, the class that it is a method of.

    ``defaults`` are those of its parameters that are literals, ``makes`` says that entering it makes an
    object of its class.
    """

    line: int
    parameters: tuple[str, ...] = ()
    defaults: tuple[tuple[str, ast.expr], ...] = ()
    owner: str = ""
    makes: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A call, the functions that it may enter, and whether it may be made several times in a row.

    That of a ``generator`` is entered by the loop that goes through it, and again for each item.
    """

    node: ast.expr
    targets: tuple[Target, ...]
    repeated: bool = False
    generator: bool = False

    @property
    def name(self) -> str:
        """The name by which the function is called."""
        called = self.node.func if isinstance(self.node, ast.Call) else self.node
        return called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")

    def of(self, texts: Mapping[str, str]) -> tuple[Target, ...]:
        """The targets, by the class of the receiver where its text tells it."""
        owner = self.node.func if isinstance(self.node, ast.Call) else self.node
        match owner:
            case ast.Attribute(value=ast.Name(id=name)) if len(self.targets) > 1:
                kind = _KIND.match(texts.get(name, ""))
                fitting = tuple(one for one in self.targets if kind is not None and one.owner == kind[1])
                return fitting or self.targets
        return self.targets

    def takes(self, earlier: Sequence[Site]) -> bool:
        """Whether what the ``earlier`` calls gave back goes into this one."""
        within = {id(node) for node in ast.walk(self.node)}
        return all(id(one.node) in within for one in earlier)

    def values(self, target: Target) -> Iterator[tuple[str, ast.expr]]:
        """What each parameter of ``target`` gets, defaults included; nothing where that is not written.

        Behind ``**`` any of them may be given, so that no default is known to hold.
        """
        if isinstance(self.node, ast.Call) and not any(
            isinstance(one, ast.Starred) for one in self.node.args
        ):
            given = dict(self.arguments(target))
            all_written = all(one.arg is not None for one in self.node.keywords)
            known = dict(target.defaults) | given if all_written else given
            yield from ((name, known[name]) for name in target.parameters if name in known)

    def arguments(self, target: Target) -> Iterator[tuple[str, ast.expr]]:
        """The parameters of ``target`` that are given by position or name, the receiver first."""
        given: list[ast.expr] = []
        parameters = target.parameters[1:] if target.makes else target.parameters
        if isinstance(self.node, ast.Attribute):
            given = [self.node.value]
        elif isinstance(self.node, ast.Call):
            if target.owner and not target.makes and isinstance(self.node.func, ast.Attribute):
                receiver = self.node.func.value
                given = [ast.Name("self", ast.Load()) if is_super(receiver) else receiver]
            given += self.node.args
            yield from (
                (keyword.arg, keyword.value)
                for keyword in self.node.keywords
                if keyword.arg is not None and keyword.arg in parameters
            )
        for name, node in zip(parameters, given, strict=False):
            if isinstance(node, ast.Starred):
                return
            yield name, node


@dataclass(frozen=True, slots=True)
class Callables:
    """What can be entered in a source text, by name, and as an attribute (``read`` for properties).

    ``tables`` are dicts of the module whose values are functions of it.
    """

    named: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    methods: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    read: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    classes: Mapping[str, ast.ClassDef] = field(default_factory=dict)
    generators: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    tables: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)

    def _around(self, line: int) -> list[ast.ClassDef]:
        """The classes that hold ``line``."""
        return [one for one in self.classes.values() if one.lineno <= line <= (one.end_lineno or line)]

    def _inherited(self, method: str, line: int) -> tuple[Target, ...]:
        """The method that ``super()`` finds in a class that holds ``line``."""
        found = self.methods.get(method, ())
        inner = self._around(line)
        bases = [base.id for one in inner[-1:] for base in one.bases if isinstance(base, ast.Name)]
        for _ in range(_DEEPEST):
            for target in found:
                if target.owner in bases:
                    return (target,)
            above = [self.classes[name].bases for name in bases if name in self.classes]
            bases = [base.id for some in above for base in some if isinstance(base, ast.Name)]
        return ()

    def sites(self, statement: ast.AST) -> Iterator[Site]:
        """The calls of functions of this text that ``statement`` itself makes, in order."""
        if not (self.named or self.methods or self.read or self.generators):
            return
        if isinstance(statement, ast.ClassDef):
            yield Site(ast.Name(statement.name), (Target(first_line(statement)),))
            return
        if isinstance(statement, _Function):
            return
        for part in _heads(statement):
            yield from self._within(part, False)
        match statement:
            case ast.For(iter=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) as through):
                if len(self.generators.get(name, ())) == 1:
                    yield Site(through, self.generators[name], generator=True)

    def _within(self, node: ast.AST, repeated: bool) -> Iterator[Site]:
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, _COMPREHENSIONS):
            head, *rest = node.generators
            made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            yield from self._within(head.iter, repeated)
            for part in (*head.ifs, *rest, *made):
                yield from self._within(part, True)
            return
        for child in ast.iter_child_nodes(node):
            yield from self._within(child, repeated)
        yield from self._applied(node)
        found = self._entered(node) if isinstance(node, ast.Call | ast.Attribute) else ()
        if found and isinstance(node, ast.expr):
            yield Site(node, found, repeated)

    def _applied(self, node: ast.AST) -> Iterator[Site]:
        """The functions that a builtin calls for each of its items."""
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _APPLYING and name not in self.named:
                for one in (*node.args, *(keyword.value for keyword in node.keywords)):
                    if isinstance(one, ast.Name) and one.id in self.named:
                        yield Site(one, self.named[one.id], repeated=True)

    def _entered(self, node: ast.Call | ast.Attribute) -> tuple[Target, ...]:
        match node:
            case ast.Call(func=ast.Name(id="cls")):
                inner = self._around(node.lineno)
                return self.named.get(inner[-1].name, ()) if inner else ()
            case ast.Call(func=ast.Name(id=name)):
                return self.named.get(name, ())
            case ast.Call(func=ast.Subscript(value=ast.Name(id=name))):
                return self.tables.get(name, ())
            case ast.Call(func=ast.Attribute(value=owner, attr=name)) if is_super(owner):
                return self._inherited(name, node.lineno)
            case ast.Call(func=ast.Attribute(attr=name)):
                return self.methods.get(name, ())
            case ast.Attribute(attr=name, ctx=ast.Load()):
                return self.read.get(name, ())
        return ()


def is_super(node: ast.expr) -> bool:
    """Whether ``node`` is ``super()``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _heads(statement: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement that run when it runs itself, in order."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            yield from (value, *targets)
        case ast.AnnAssign(target=target, value=value):
            yield from ((value, target) if value else ())
        case ast.For(iter=through) | ast.AsyncFor(iter=through):
            yield through
        case ast.If(test=test, body=body) if is_inline(statement):
            yield from (test, *body)
        case ast.If(test=test) | ast.While(test=test):
            yield test
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from (one.context_expr for one in items)
        case ast.Match(subject=subject):
            yield subject
        case ast.Try() | ast.TryStar() | ast.match_case() | ast.ExceptHandler():
            return
        case _:
            yield statement


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
    for owner in classes.values():
        for method in owner.body:
            if isinstance(method, _Function):
                kept = (
                    generators
                    if first_line(method) in yielding
                    else read
                    if _is_property(method)
                    else methods
                )
                kept.setdefault(method.name, []).append(_target(method, owner.name))
        maker = _maker(owner, classes)
        if maker is not None:
            named.setdefault(owner.name, []).append(_target(maker, owner.name, makes=True))
    inner = {node for owner in classes.values() for node in owner.body}
    for node in ast.walk(tree):
        if isinstance(node, _Function) and node not in inner:
            kept = generators if first_line(node) in yielding else named
            kept.setdefault(node.name, []).append(_target(node))
    return Callables(
        _kept(named), _kept(methods), _kept(read), classes, _kept(generators), dict(_tables(tree, named))
    )


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


def _target(node: _Function, owner: str = "", *, makes: bool = False) -> Target:
    static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
    parameters = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return Target(
        first_line(node),
        tuple(one.arg for one in parameters),
        tuple(_defaults(node.args)),
        "" if static else owner,
        makes,
    )


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    placed = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(placed[len(placed) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    yield from ((one.arg, default) for one, default in pairs if isinstance(default, ast.Constant))


def _maker(
    owner: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = _DEEPEST
) -> _Function | None:
    """The ``__init__`` of a class, its own or that of its first base that has one."""
    for node in owner.body:
        if isinstance(node, _Function) and node.name == "__init__":
            return node
    for base in owner.bases:
        if depth and isinstance(base, ast.Name) and base.id in classes:
            found = _maker(classes[base.id], classes, depth - 1)
            if found is not None:
                return found
    return None


def _is_property(node: _Function) -> bool:
    names = [one.id if isinstance(one, ast.Name) else getattr(one, "attr", "") for one in node.decorator_list]
    return any(name in _PROPERTIES for name in names)


def pending(sites: Sequence[Site], made: int) -> Site | None:
    """The call that comes after ``made`` calls of a statement."""
    if made < len(sites):
        return sites[made]
    return sites[-1] if sites and sites[-1].repeated else None
