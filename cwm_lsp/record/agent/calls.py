"""From the text of a call to the call: the function found, the arguments evaluated, the result driven."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any


class TargetProblem(Exception):
    """What was asked for cannot be run. ``kind`` is one of those that ``record.outcome`` knows."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Call:
    """A function and its arguments, ready to be made."""

    __slots__ = ("_args", "_function", "_kwargs")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._function = function
        self._args = args
        self._kwargs = kwargs

    def fit(self) -> None:
        """Raise ``TargetProblem`` unless the arguments fit the signature."""
        try:
            signature = inspect.signature(self._function)
        except (ValueError, TypeError):  # it has none to read
            return
        try:
            signature.bind(*self._args, **self._kwargs)
        except TypeError as error:
            name = getattr(self._function, "__name__", "the function")
            hint = _receiver(self._function, list(signature.parameters))
            raise TargetProblem("arguments", f"{name}{signature}: {error}.{hint}") from error

    def run(self) -> None:
        """Make the call. What it returns lazily (a generator, a coroutine) is driven to its end."""
        result = self._function(*self._args, **self._kwargs)
        if isinstance(result, GeneratorType):
            for _ in result:
                pass
        elif isinstance(result, (CoroutineType, AsyncGeneratorType)):
            _run_async(result)


def _run_async(result: Any) -> None:
    import asyncio  # only for a program that has something to await

    asyncio.run(_drain(result) if isinstance(result, AsyncGeneratorType) else result)


async def _drain(items: AsyncGeneratorType[Any, Any]) -> None:
    async for _ in items:
        pass


def prepare(function: str, arguments: str, names: dict[str, Any], where: str) -> Call:
    """The call ``function(arguments)``, both evaluated among the ``names`` of the module ``where``."""
    tree = _call_tree(function, arguments)
    return Call(_find(function, names, where), *_evaluate(tree, names))


def _call_tree(function: str, arguments: str) -> ast.Call:
    text = f"{function}({arguments})"
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TargetProblem(
            "arguments", f"The arguments ({arguments}) do not parse: {_why(error)}."
        ) from error
    alone = isinstance(tree, ast.Call) and ast.unparse(tree.func) == function
    if not isinstance(tree, ast.Call) or not alone:
        raise TargetProblem("arguments", f"({arguments}) are not the arguments of one call.")
    return tree


def _find(function: str, names: Mapping[str, Any], where: str) -> Callable[..., Any]:
    first, *rest = function.split(".")
    if first not in names:
        hint = _nearby(first, names) or _defined(names)
        raise TargetProblem("target", f"{where} has no function {function}.{hint}")
    found = names[first]
    for name in rest:
        try:
            found = getattr(found, name)
        except AttributeError:
            hint = _nearby(name, dir(found))
            raise TargetProblem("target", f"{where} has no function {function}.{hint}") from None
    if not callable(found):
        raise TargetProblem("target", f"{function} in {where} is not a function but {type(found).__name__}.")
    return found  # type: ignore[no-any-return]


def _nearby(name: str, names: Any) -> str:
    close = get_close_matches(name, [n for n in names if isinstance(n, str)], n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _defined(names: Mapping[str, Any]) -> str:
    """The functions and classes that a module defines itself, a few of them."""
    own = [
        name
        for name, value in names.items()
        if callable(value) and getattr(value, "__module__", None) == names.get("__name__")
    ]
    return f" It has: {', '.join(own[:8])}." if own else " It defines none."


def _receiver(function: Any, parameters: list[str]) -> str:
    """Whose method a function is, where it was called without its object."""
    owner = getattr(function, "__qualname__", "").rpartition(".")[0]
    if parameters[:1] != ["self"] or not owner.isidentifier():
        return ""
    return f" The object comes first, as in {function.__qualname__} '{owner}(...), ...'."


def _evaluate(tree: ast.Call, names: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments' values, by a call that does nothing but take them."""
    capture = ast.Call(ast.Name("__cwm_capture__", ast.Load()), tree.args, tree.keywords)
    scope = {**names, "__cwm_capture__": lambda *args, **kwargs: (args, kwargs)}
    try:
        expression = ast.fix_missing_locations(ast.Expression(capture))
        return eval(compile(expression, "<arguments>", "eval"), scope)  # type: ignore[no-any-return]
    except Exception as error:
        kind = "name" if isinstance(error, NameError) else "arguments"
        raise TargetProblem(
            kind, f"The arguments could not be evaluated: {type(error).__name__}: {error}."
        ) from error


def _why(error: BaseException) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
