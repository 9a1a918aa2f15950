"""The calls that statements make, and the functions that they may enter."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_KIND = re.compile(r"<?(\w+)[ (]")


def delegated(statement: ast.AST | None) -> ast.expr | None:
    """What a statement hands out the items of: that of its ``yield from``, if it does nothing else."""
    match statement:
        case (
            ast.Expr(ast.YieldFrom(value))
            | ast.Assign(value=ast.YieldFrom(value))
            | ast.Return(value=ast.YieldFrom(value))
        ):
            return value
    return None


@dataclass(frozen=True, slots=True)
class Beginning:
    """The ``names`` that a frame can begin with, no others if ``whole``, and those that are ``needed``."""

    names: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A function that can be entered: its first line, its parameters, the class that it is a method of.

    The first ``placed`` of the parameters can be given by position, what is given beyond them goes to
    ``rest`` and ``named`` if it has such. ``defaults`` are those that are literals. ``owner`` is "" for a
    static method, ``holder`` is not. ``makes`` says that entering it makes an object of its class. ``free``
    are the names that it has of the function ``around`` it, which is given by its first and last line. One
    that is ``cached`` may give what it gave before without being entered; of how many calls it does so is
    what it ``remembers``, 0 for what is not known, negative for all.
    """

    line: int
    parameters: tuple[str, ...] = ()
    defaults: tuple[tuple[str, ast.expr], ...] = ()
    owner: str = ""
    makes: bool = False
    placed: int = 0
    rest: str = ""
    named: str = ""
    holder: str = ""
    free: tuple[str, ...] = ()
    around: tuple[int, int] = (0, 0)
    cached: bool = False
    remembers: int = 0

    @property
    def names(self) -> Iterator[str]:
        """All names with which it can begin."""
        yield from (*self.parameters, *self.free, self.rest, self.named)

    @property
    def beginning(self) -> Beginning:
        """What a call of it begins with, if ``free`` are known."""
        needed = frozenset(filter(None, (*self.parameters, self.rest, self.named)))
        return Beginning(needed.union(self.free), needed, whole=True)

    def bind(
        self, given: Sequence[str | None], named: Mapping[str, str | None], *, bound: bool, whole: bool
    ) -> Iterator[tuple[str, str]]:
        """The parameters with the values that a call hands them, defaults left out.

        ``bound`` says that the first one is the receiver, which is not among what is ``given``, ``whole``
        that nothing else is given.
        """
        places = self.parameters[bound : self.placed]
        found = dict(zip(places, given, strict=False))
        left = {name: text for name, text in named.items() if name not in self.parameters}
        found |= {name: text for name, text in named.items() if name in self.parameters}
        yield from ((name, text) for name, text in found.items() if text is not None)
        if not whole:
            return
        rest = [text for text in given[len(places) :] if text is not None]
        if self.rest and (self.parameters or not bound) and len(rest) == max(0, len(given) - len(places)):
            yield self.rest, f"({', '.join(rest)}{',' if len(rest) == 1 else ''})"
        if self.named and None not in left.values():
            yield self.named, f"{{{', '.join(f'{name!r}: {text}' for name, text in left.items())}}}"


@dataclass(frozen=True, slots=True)
class Site:
    """A call, the functions that it may enter, and whether it may be made several times in a row.

    That of a ``generator`` is entered by the loop that goes through it, and again for each item. A method
    that is entered without its name being written is ``implicit``. ``by_kind`` are the targets by the class
    of ``self``, where that is what decides.
    """

    node: ast.expr
    targets: tuple[Target, ...]
    repeated: bool = False
    generator: bool = False
    implicit: bool = False
    by_kind: tuple[tuple[str, Target], ...] = ()

    @property
    def name(self) -> str:
        """The name by which the function is called."""
        called = self.node.func if isinstance(self.node, ast.Call) else self.node
        return called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")

    def of(self, texts: Mapping[str, str]) -> tuple[Target, ...]:
        """The targets, by the class of the receiver where its text tells it."""
        if len(self.targets) > 1 and self.by_kind and (kind := kind_of(texts.get("self", ""))):
            return tuple(target for name, target in self.by_kind if name == kind)
        owner = self.node.func if isinstance(self.node, ast.Call) else self.node
        match owner:
            case ast.Attribute(value=ast.Name(id=name)) if len(self.targets) > 1:
                kind = kind_of(texts.get(name, ""))
                fitting = tuple(one for one in self.targets if kind and one.owner == kind)
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
        if self.implicit:
            yield from self.arguments(target)
        elif isinstance(self.node, ast.Call) and not any(
            isinstance(one, ast.Starred) for one in self.node.args
        ):
            given = dict(self.arguments(target))
            all_written = all(one.arg is not None for one in self.node.keywords)
            known = dict(target.defaults) | given if all_written else given
            yield from ((name, known[name]) for name in target.parameters if name in known)

    def arguments(self, target: Target) -> Iterator[tuple[str, ast.expr]]:
        """The parameters of ``target`` that are given by position or name, the receiver first."""
        given: list[ast.expr] = []
        parameters = target.parameters[target.makes :]
        if self.implicit or not isinstance(self.node, ast.Call):
            given = list(_operands(self.node))
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
        for name, node in zip(parameters[: target.placed - target.makes], given, strict=False):
            if isinstance(node, ast.Starred):
                return
            yield name, node


def _operands(node: ast.expr) -> Iterator[ast.expr]:
    """What is handed by ``node``, which calls a method without being a call, the receiver first."""
    match node:
        case ast.BinOp(left=left, right=right):
            yield from (left, right)
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]):
            yield from (right, left)
        case ast.Compare(left=left, comparators=[right]):
            yield from (left, right)
        case ast.Subscript(value=owner, slice=place):
            yield from (owner, place)
        case ast.UnaryOp(operand=owner) | ast.Attribute(value=owner) | ast.FormattedValue(value=owner):
            yield owner
        case ast.Call(func=ast.Name(id=name), args=[owner]) if hasattr(builtins, name):
            yield owner
        case ast.Name():
            yield node


def kind_of(text: str) -> str:
    """The class of the object that ``text`` writes, "" where it does not say."""
    match = _KIND.match(text)
    return match[1] if match is not None else ""


def is_super(node: ast.expr) -> bool:
    """Whether ``node`` is ``super()``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def pending(sites: Sequence[Site], made: int) -> Site | None:
    """The call that comes after ``made`` calls of a statement."""
    if made < len(sites):
        return sites[made]
    return sites[-1] if sites and sites[-1].repeated else None
