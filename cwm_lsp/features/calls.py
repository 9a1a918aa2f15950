"""Calls as text: who defines what, and when two texts are the same call. Nothing is imported or run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cwm_lsp.trace.statements import parse

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Definition:
    """A function that can be called by name: ``name`` is dotted for methods, ``line`` that of its ``def``.

    ``bound`` says that the first parameter is not among the arguments of a call by that name
    (a class method); ``instance`` that it is an object of ``owner``, the class.
    """

    name: str
    line: int
    node: Function
    owner: str = ""
    bound: bool = False
    instance: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names that positional arguments go to."""
        spec = self.node.args
        names = tuple(one.arg for one in (*spec.posonlyargs, *spec.args))
        return names[1:] if self.bound else names


def definitions(tree: ast.Module) -> dict[str, Definition]:
    """The functions and methods of a module by dotted name; the last definition of a name wins."""
    return {one.name: one for one in _defined(tree, "")}


def _defined(tree: ast.Module | ast.ClassDef, owner: str) -> Iterator[Definition]:
    prefix = f"{owner}." if owner else ""
    for node in tree.body:
        if isinstance(node, Function):
            marks = {ast.unparse(mark) for mark in node.decorator_list}
            static, bound = "staticmethod" in marks, "classmethod" in marks
            free = not marks & {"property", "cached_property", "functools.cached_property"}
            if not owner or free:
                instance = bool(owner) and not static and not bound
                yield Definition(prefix + node.name, node.lineno, node, owner, bound, instance)
        elif isinstance(node, ast.ClassDef):
            yield from _defined(node, prefix + node.name)


def canonical(text: str, known: Mapping[str, Definition]) -> str:
    """One text for all ways to write a call, ``f(b=2, a=1)`` and ``f(1, 2)``; other texts as they are."""
    call = parsed(text)
    if call is None:
        return text.strip()
    defined = known.get(ast.unparse(call.func))
    names = iter(defined.parameters if defined is not None else ())
    given: list[tuple[str, str]] = []
    for position, argument in enumerate(call.args):
        name = "" if isinstance(argument, ast.Starred) else next(names, "")
        given.append((name or f"{position:04}", ast.unparse(argument)))
    given += [(keyword.arg or "**", ast.unparse(keyword.value)) for keyword in call.keywords]
    return f"{ast.unparse(call.func)}({', '.join(f'{name}={value}' for name, value in sorted(given))})"


def parsed(text: str) -> ast.Call | None:
    """The call that ``text`` is, ``None`` if it is anything else."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return node if isinstance(node, ast.Call) else None


def dotted(node: ast.expr) -> str:
    """``module.f`` for a name or an attribute of names, "" for anything else."""
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


def by_class(call: ast.Call, known: Mapping[str, Definition]) -> ast.Call:
    """``Box(3).add(4)`` as ``Box.add(Box(3), 4)``, which names what is called; other calls as they are."""
    function = call.func
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Call):
        return call
    name = f"{dotted(function.value.func)}.{function.attr}"
    if name not in known or not known[name].instance:
        return call
    return ast.Call(ast.parse(name, mode="eval").body, [function.value, *call.args], call.keywords)


def halves(function: str, arguments: str, source: str) -> tuple[str, str]:
    """The function and the arguments of a call, where a client may have parted it at its first parenthesis.

    ``Box`` and ``3).add(4`` are ``Box.add`` and ``Box(3), 4`` in a ``source`` with such a method.
    """
    whole = parsed(f"{function}({arguments})")
    tree = parse(source)
    if whole is None or tree is None or ast.unparse(whole.func) == function:
        return function, arguments
    whole = by_class(whole, definitions(tree))
    given = [*map(ast.unparse, whole.args), *map(ast.unparse, whole.keywords)]
    return ast.unparse(whole.func), ", ".join(given)
