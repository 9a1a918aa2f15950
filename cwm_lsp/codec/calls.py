"""Which functions of a source text the calls in a statement may enter, in the order of the calls.

How they are found in a text is in :mod:`cwm_lsp.codec.callables`.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cwm_lsp.codec.flow import is_inline
from cwm_lsp.codec.kinds import setter
from cwm_lsp.codec.sites import Beginning, Site, Target, delegated, is_super
from cwm_lsp.trace.statements import first_line

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_APPLYING = frozenset({"filter", "map", "max", "min", "reduce", "sorted"})
_WRITTEN = frozenset({"__init__", "__new__", "__post_init__"})
_LOOKING_UP = (ast.Attribute, ast.Constant, ast.List, ast.Name, ast.Tuple, ast.expr_context, ast.keyword)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Callables:
    """What can be entered in a source text, by name, and as an attribute (``read`` for properties).

    ``tables`` are dicts of the module whose values are functions of it. ``functions`` are those that calling
    a value enters, by their qualified names too, where ``named`` has what decorators made of them.
    ``aliases`` are methods of a class that are another one of it, ``begun`` what calls begin with by the
    first line of a function, where that is known. Of ``plain`` classes nothing but the body runs as they are
    made, and objects of those ``written`` show all that is stored in them. ``declared`` are the names that
    functions declare as the module's, ``rebinding`` those and the ones that they declare as of a function
    around. ``contexts`` are generators that a ``with`` enters, ``coroutines`` functions that make some,
    ``tasks`` those of them that run beside others. ``unread`` says that a class writes its objects by code of
    which it is not known what it shows. ``streams`` are asynchronous generators, ``imported`` names of
    functions and classes that are not of this text. ``orders`` are the method resolution orders.
    """

    named: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    methods: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    read: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    classes: Mapping[str, ast.ClassDef] = field(default_factory=dict)
    generators: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    tables: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    functions: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    aliases: Mapping[tuple[str, str], str] = field(default_factory=dict)
    by_line: Mapping[int, Target] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    rebinding: frozenset[str] = frozenset()
    coroutines: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    contexts: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    begun: Mapping[int, Beginning] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    unread: bool = False
    streams: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def makes_coroutine(self, function: str) -> bool:
        """Whether a frame of ``function``, by its qualified name, is that of a coroutine."""
        return function.rpartition(".")[2] in self.coroutines

    @property
    def is_special(self) -> bool:
        """Whether methods may be entered without a call of theirs being written."""
        names = (*self.methods, *self.generators)
        return any(name.startswith("__") and name not in _WRITTEN for name in names)

    @property
    def hiding(self) -> bool:
        """Whether a class writes its objects by code of its own, which may not show what they hold."""
        return "__repr__" in self.methods

    def may_call(self, statement: ast.AST) -> bool:
        """Whether ``statement`` may enter what no site of it says."""
        if self.is_special:
            return True
        for part in _heads(statement):
            for node in ast.walk(part):
                match node:
                    case ast.Call(func=ast.Name(id=name)):
                        if not hasattr(builtins, name):
                            return True
                    case ast.Call(func=ast.Attribute(attr=name)):
                        if name in self.methods or name in self.generators or name in self.classes:
                            return True
                    case ast.Call() | ast.Lambda() | ast.keyword(arg="key"):
                        return True
                    case ast.Attribute(attr=name, ctx=ast.Store()) if setter(name) in self.methods:
                        return True
                    case ast.Name(id=name) if name in self.named:
                        return True
        return False

    def comes_first(self, site: Site, sites: Sequence[Site], statement: ast.AST) -> bool:
        """Whether nothing but calls of ``sites``, those of a ``statement``, may call any before ``site``.

        That is so where all else of it only looks up values, or holds the call.
        """
        asked = self.is_special or "__post_init__" in self.methods
        if not asked or isinstance(statement, ast.ClassDef):
            return True
        written = {id(one.node) for one in sites}
        others = (
            node
            for part in _heads(statement)
            for node in ast.walk(part)
            if not isinstance(node, _LOOKING_UP) and id(node) not in written
        )
        return all(any(inner is site.node for inner in ast.walk(one)) for one in others)

    def at(self, line: int) -> Target | None:
        """The function that is defined at ``line``, no method."""
        return self.by_line.get(line)

    def entered(self, kind: str, method: str, path: str = "") -> tuple[Target, ...]:
        """What calling ``method`` of a ``kind`` enters: without a method the class, else a function.

        ``path`` is what stands before the name of that in its qualified name.
        """
        if not kind:
            found = self.functions.get(f"{path}{method}", ())
            if not found and path.removesuffix(".").rpartition(".")[2] in self.classes:
                return ()  # a method, or what a decorator made of it and gave its name
            found = found or self.functions.get(method, ())
            found = found or self.generators.get(method, ())
            return found if len(found) == 1 else ()
        if not method:
            return self.named.get(kind, ())
        for owner in self.orders.get(kind, ()):
            name = self.aliases.get((owner, method), method)
            for table in (self.methods, self.read, self.generators):
                found = tuple(target for target in table.get(name, ()) if target.holder == owner)
                if found:
                    return found[-1:]
        return ()

    def _around(self, line: int) -> list[ast.ClassDef]:
        """The classes that hold ``line``."""
        return [one for one in self.classes.values() if one.lineno <= line <= (one.end_lineno or line)]

    def _inherited(self, method: str, line: int) -> dict[str, Target]:
        """The method that ``super()`` finds in the class that holds ``line``, by the class of the object."""
        inner, found = self._around(line)[-1:], dict[str, Target]()
        for kind, order in self.orders.items() if inner else ():
            if inner[0].name not in order:
                continue
            above = order[order.index(inner[0].name) + 1 :]
            targets = {one.holder: one for one in self.methods.get(method, ())}
            first = next((targets[one] for one in above if one in targets), None)
            found |= {kind: first} if first is not None else {}
        return found

    def _hooks(self, owner: ast.ClassDef) -> Iterator[Site]:
        """The methods that are called once the body of a class has run, in order."""
        for one in owner.body:
            match one:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=kind)))
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=ast.Name(id=kind)))
                ):
                    found = self.entered(kind, "__set_name__")
                    yield from (Site(ast.Name(name), (target,)) for target in found)
        for base in owner.bases:
            found = self.entered(base.id, "__init_subclass__") if isinstance(base, ast.Name) else ()
            if found:
                yield Site(ast.Name(owner.name), found)
                return

    def sites(self, statement: ast.AST) -> Iterator[Site]:
        """The calls of functions of this text that ``statement`` itself makes, in order."""
        if isinstance(statement, ast.ClassDef):
            yield Site(ast.Name(statement.name), (Target(first_line(statement)),))
            yield from self._hooks(statement)
            return
        if not (self.named or self.methods or self.read or self.generators):
            return
        if isinstance(statement, _Function):
            return
        for part in _heads(statement):
            yield from self._within(part, False)
        match statement:
            case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Name(id=name)) as context)]):
                if name in self.contexts:
                    yield Site(context, self.contexts[name])
            case ast.For(iter=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) as through):
                if len(self.generators.get(name, ())) == 1:
                    yield Site(through, self.generators[name], generator=True)
        match delegated(statement):
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) as call:
                if len(self.generators.get(name, ())) == 1:
                    yield Site(call, self.generators[name])

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
        match node:
            case ast.AugAssign(target=ast.Attribute(attr=name) as target) if name in self.read:
                yield from self._within(target.value, repeated)
                yield Site(ast.copy_location(ast.Attribute(target.value, name), target), self.read[name])
                yield from self._within(node.value, repeated)
                if stored := self.methods.get(setter(name)):
                    yield Site(target, stored)
                return
        for child in ast.iter_child_nodes(node):
            yield from self._within(child, repeated)
        yield from self._applied(node)
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name)) if is_super(owner):
                by_kind = self._inherited(name, node.lineno)
                if by_kind:
                    targets = tuple(dict.fromkeys(by_kind.values()))
                    yield Site(node, targets, repeated, by_kind=tuple(by_kind.items()))
            case ast.Call() | ast.Attribute():
                if found := self._entered(node):
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
            case ast.Call(func=ast.Attribute(attr=name)):
                return self.named.get(name, ()) if name in self.classes else self.methods.get(name, ())
            case ast.Attribute(attr=name, ctx=ast.Load()):
                return self.read.get(name, ())
        return ()


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
