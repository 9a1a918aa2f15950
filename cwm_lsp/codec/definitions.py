"""What imports and definitions bind: functions, classes, and what the standard library gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module

from cwm_lsp.codec.evaluator import FUNCTION
from cwm_lsp.codec.frames import Frame
from cwm_lsp.codec.kinds import counted, is_enum
from cwm_lsp.codec.known import REBOUND
from cwm_lsp.codec.once import once
from cwm_lsp.codec.pure_modules import IMPORTED
from cwm_lsp.codec.records import UNREAD, Opaque
from cwm_lsp.codec.shapes import DATACLASS
from cwm_lsp.trace.render import render

_LIGHT = frozenset(
    "__future__ abc bisect collections collections.abc contextlib copy dataclasses datetime decimal enum "
    "fractions functools heapq itertools json math operator os pathlib random re statistics string textwrap "
    "time typing".split()
)
"""Modules of the standard library of which a name's text may be asked: to import them does nothing else."""

ENUMS = {"Enum": "enum", "IntEnum": "enum", "StrEnum": "enum", "Flag": "flag", "IntFlag": "flag"}
"""The kinds of class that enumerations are, by what they descend from."""

_COUNTING = {"Enum": "Enum", "IntEnum": "Enum", "StrEnum": "StrEnum", "Flag": "Flag", "IntFlag": "Flag"}
"""Enumerations by what counts their members."""

_CLASSLIKE = frozenset({"dataclass", "total_ordering", "runtime_checkable", "final"})

_DECORATED: Mapping[str, str] = {
    "abstractmethod": "{}",
    "asynccontextmanager": "{}",
    "cache": "<_lru_cache_wrapper object>",
    "classmethod": "<classmethod({})>",
    "contextmanager": "{}",
    "lru_cache": "<_lru_cache_wrapper object>",
    "override": "{}",
    "property": "<property object>",
    "setter": "<property object>",
    "staticmethod": "<staticmethod({})>",
}
"""The texts of what decorators of the standard library make of a function with a text."""

Paths = Mapping[int, str]
"""What stands before the name of a definition or of a lambda in its qualified name, by ``id`` of its node.

For a member of an enumeration that counts by itself it is its value.
"""


def paths_of(tree: ast.AST) -> Paths:
    """The paths of all definitions and lambdas of ``tree``."""
    found: dict[int, str] = {}

    def walk(node: ast.AST, path: str) -> None:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    found[id(child)] = path
                    walk(child, f"{path}{name}.<locals>.")
                case ast.ClassDef(name=name):
                    found[id(child)] = path
                    members = counted(child) if is_enum(child) else ()
                    found.update((id(one), repr(value)) for one, value in members if value is not None)
                    walk(child, f"{path}{name}.")
                case ast.Lambda():
                    found[id(child)] = path
                    walk(child, f"{path}<lambda>.<locals>.")
                case _:
                    walk(child, path)

    walk(tree, "")
    return found


def as_assignment(node: ast.AST, paths: Paths) -> ast.AST:
    """``node`` as the assignment that it comes to, if it is a definition or an import of what is known."""
    if isinstance(node, ast.Assign) and id(node) in paths:
        value = ast.Constant(ast.literal_eval(paths[id(node)]))
        return ast.copy_location(ast.Assign(node.targets, value), node)
    bound = {name: text for name, text in _bound(node, paths) if not name.startswith("__")}
    if isinstance(node, ast.FunctionDef) and not bound and not node.name.startswith("__"):
        return _decorated(node, paths)
    if not bound:
        return node
    values = [ast.Constant(Opaque(text)) for text in bound.values()]  # type: ignore[arg-type]  # any object goes
    names: list[ast.expr] = [ast.Name(name, ast.Store()) for name in bound]
    made = ast.Assign([ast.Tuple(names, ast.Store())], ast.Tuple(list(values), ast.Load()))
    return ast.copy_location(made, node)


def _decorated(node: ast.FunctionDef, paths: Paths) -> ast.AST:
    """``node`` as the assignment of what its decorators make of it, where they are functions by name."""
    function = Opaque(f"{FUNCTION}{paths[id(node)]}{node.name}>")
    value: ast.expr = ast.Constant(function)  # type: ignore[arg-type]  # any object goes
    for decorator in reversed(node.decorator_list):
        if not isinstance(getattr(decorator, "func", decorator), ast.Name):
            return node
        value = ast.copy_location(ast.Call(decorator, [value], []), node)
    return ast.copy_location(ast.Assign([ast.Name(node.name, ast.Store())], value), node)


def _made_of(text: str, decorators: Sequence[ast.expr]) -> str:
    """The text of a function with decorators of the standard library, "" where one is not known."""
    for decorator in reversed(decorators):
        name = _last(getattr(decorator, "func", decorator))
        if name not in _DECORATED:
            return ""
        text = _DECORATED[name].format(text)
    return text


def _bound(node: ast.AST, paths: Paths) -> Iterator[tuple[str, str]]:
    """The names that ``node`` binds with their texts; none where one of them is not known."""
    match node:
        case (
            ast.FunctionDef(name=name, decorator_list=decorators)
            | ast.AsyncFunctionDef(name=name, decorator_list=decorators)
        ):
            made = _made_of(f"{FUNCTION}{paths[id(node)]}{name}>", decorators)
            if made:
                yield name, made
        case ast.ClassDef(name=name, decorator_list=decorators, bases=bases):
            asked = [one.func if isinstance(one, ast.Call) else one for one in decorators]
            kinds = [ENUMS[_last(base)] for base in bases if _last(base) in ENUMS]
            if all(_last(one) in _CLASSLIKE for one in asked):
                yield name, f"<{kinds[0] if kinds else 'class'} {paths[id(node)] + name!r}>"
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
            yield name, f"{FUNCTION}{paths[id(value)]}<lambda>>"
        case ast.ImportFrom(module=str(module), names=aliases, level=0) if module in _LIGHT:
            texts = {alias.asname or alias.name: _text_in(module, alias.name) for alias in aliases}
            if all(texts.values()):
                yield from ((name, text) for name, text in texts.items() if text)


def class_names(node: ast.AST | None) -> Mapping[str, str]:
    """The names that the body of a class begins with, with their texts."""
    bases = [_last(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
    counting = next((_COUNTING[base] for base in bases if base in _COUNTING), None)
    return (
        {} if counting is None else {"_generate_next_value_": f"<function {counting}._generate_next_value_>"}
    )


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


@cache
def _text_in(module: str, name: str) -> str:
    """The text of what a module of the standard library has under ``name``, "" where that is not known."""
    value = getattr(import_module(module), name, None)
    return "" if value is None else render(value)[0]


@cache
def _native(name: str) -> frozenset[str]:
    """The texts of what the standard library calls ``name`` and the evaluator knows."""
    return frozenset(_text_in(module, name) for module in IMPORTED.get(name, ()))


@once
def readable(frame: Frame, constants: Mapping[str, str]) -> Mapping[str, str]:
    """What the statement at which ``frame`` stands can read, :data:`UNREAD` where that is not known."""
    if not frame.renewed and not frame.lost:
        return readable_of(frame.texts, constants, module=frame.is_module)
    texts = {**frame.texts, **frame.renewed, **dict.fromkeys(frame.lost & frame.texts.keys(), UNREAD)}
    return readable_of(texts, constants, module=frame.is_module)


@once
def readable_of(
    texts: Mapping[str, str], constants: Mapping[str, str], *, module: bool = False
) -> Mapping[str, str]:
    """``texts`` of a frame, and the ``constants`` that it sees.

    A name that stands for what the standard library or the file defines under that name says less by its text
    than the definition does. What a ``module`` binds itself stands in its texts from then on.
    """
    seen = {name: text for name, text in constants.items() if not module or _stays(name, text)}
    for name, text in texts.items():
        if text[:1] != "<" or not says_less(text, name, seen):
            seen[name] = text
    return seen


def _stays(name: str, text: str) -> bool:
    """Whether a constant is none of those that the statements of its module bind."""
    return not name.isidentifier() or name.startswith("__") or text.startswith((DATACLASS, REBOUND))


def says_less(text: str, name: str, constants: Mapping[str, str]) -> bool:
    """Whether ``text`` is that of the very definition which is known as ``name`` anyway."""
    if name in constants:
        return constants[name].startswith(f"{DATACLASS}{name}(") and text == f"<class {name!r}>"
    return text in _native(name)
