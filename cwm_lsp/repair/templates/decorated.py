"""What a message says is missing around a method or from a class: a decorator, a hash."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.text import Text

_UNHASHABLE = re.compile(r"unhashable type: '(\w+)'")
_ITSELF = re.compile(r"where (\w+) = [^;]*\.\1\b")
"""How pytest shows a method that stands where a value should: by its name."""

_ARGUMENTS = re.compile(r"(?:(\w+)\.)?(\w+)\(\) (?:takes|missing)")


def decorated(
    tree: ast.Module, text: Text, said: Collection[str], scores: Mapping[int, float]
) -> Iterator[Candidate]:
    """Decorators put on methods or taken from them, and ``__hash__``, where what checks said asks for it."""
    words = " ".join(said)
    methods = "method" in words or "function" in words
    shown = set(_ITSELF.findall(words))
    given = {name for _, name in _ARGUMENTS.findall(words)}
    unhashable = set(_UNHASHABLE.findall(words))
    for kind in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
        if kind.name in unhashable and text.alone(kind.body[-1]):
            yield from _hashed(kind, text)
        for one in kind.body:
            if not isinstance(one, Function) or not text.alone(one):
                continue
            alone = len(one.args.args) == 1 and not one.decorator_list and not one.name.startswith("__")
            line = _used(tree, one, scores)
            if (methods or one.name in shown) and alone and isinstance(one, ast.FunctionDef):
                yield _with("@property", one, line, text)
            if "not callable" in words and any(
                ast.unparse(word) == "property" for word in one.decorator_list
            ):
                yield Candidate((_dropped(one, text),), "decorator", line, 0.9)
            if one.name in given and not one.decorator_list:
                first = one.args.args[0].arg if one.args.args else ""
                named = (
                    ("@classmethod", "@staticmethod") if first == "cls" else ("@staticmethod", "@classmethod")
                )
                for word in named if first != "self" else ():
                    yield _with(word, one, line, text)


def _used(tree: ast.Module, method: Function, scores: Mapping[int, float]) -> int:
    """The most suspicious line that mentions a method, its own where none does."""
    uses = [
        one.lineno for one in ast.walk(tree) if isinstance(one, ast.Attribute) and one.attr == method.name
    ]
    return max((method.lineno, *uses), key=lambda line: scores.get(line, 0.0))


def _with(word: str, method: Function, line: int, text: Text) -> Candidate:
    place = text.line_start(method.lineno)
    return Candidate((Edit(place, place, f"{text.indent(method)}{word}\n"),), "decorator", line, 0.9)


def _dropped(method: Function, text: Text) -> Edit:
    first = next(one for one in method.decorator_list if ast.unparse(one) == "property")
    return Edit(text.line_start(first.lineno), text.line_start(first.lineno + 1), "")


def _hashed(kind: ast.ClassDef, text: Text) -> Iterator[Candidate]:
    """A hash of what objects are compared by; a class of data that cannot be changed."""
    for word in kind.decorator_list:
        if ast.unparse(word) == "dataclass":
            for option in ("frozen", "unsafe_hash"):
                edit = Edit(*text.span(word), f"dataclass({option}=True)")
                yield Candidate((edit,), "decorator", kind.lineno, 0.9)
    for one in kind.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__eq__" and len(one.args.args) == 2:
            receiver, other = (argument.arg for argument in one.args.args)
            parts = [
                ast.unparse(test.left)
                for test in ast.walk(one)
                if isinstance(test, ast.Compare)
                and isinstance(test.ops[0], ast.Eq)
                and ast.unparse(test.comparators[0])
                == re.sub(rf"\b{receiver}\b", other, ast.unparse(test.left))
            ]
            if parts:
                whole = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
                indent, place = text.indent(one), text.block(one)[1]
                step = "\t" if indent.startswith("\t") else "    "
                lead = "" if text.source[place - 1 : place] == "\n" else "\n"
                new = f"{lead}\n{indent}def __hash__({receiver}):\n{indent}{step}return hash({whole})\n"
                yield Candidate((Edit(place, place, new),), "missing method", one.lineno, 0.9)
