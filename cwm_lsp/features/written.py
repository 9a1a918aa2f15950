"""Calls of functions as texts write them: in comments (``# cwm: f(3)``), doctests and pytest tests."""

from __future__ import annotations

import ast
import builtins
import copy
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cwm_lsp.features.calls import Definition, Function, by_class, definitions, dotted
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.statements import blocks, parse

_COMMENT = re.compile(r"#\s*cwm:\s*(?P<call>\S.*)$")
_BUILTINS = frozenset(dir(builtins))

Known = Mapping[str, Definition]
"""The functions of a file by name."""


class Origin(StrEnum):
    """Where the inputs of a call were found."""

    COMMENT = "comment"
    DOCTEST = "doctest"
    TEST = "test"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Found:
    """A call of ``function`` that stands at a 1-based ``line`` of ``path``."""

    function: str
    arguments: str
    origin: Origin
    line: int
    path: str


@lru_cache(maxsize=8)
def in_texts(source: SourceFile, tests: tuple[SourceFile, ...]) -> tuple[Known, tuple[Found, ...]]:
    """What is defined, and the calls of it in texts: an editor asks more than once of each."""
    tree = parse(source.text)
    if tree is None:
        return {}, ()
    functions = definitions(tree)
    found = [*_in_comments(source, functions), *_in_doctests(source, tree, functions)]
    found += _in_tests(source, tree, functions, names={name: name for name in functions})
    for test in tests:
        found += _in_test_file(test, source, functions)
    return functions, tuple(found)


# --- comments and doctests ---------------------------------------------------------------------


def _in_comments(source: SourceFile, functions: Known) -> Iterator[Found]:
    if "cwm:" not in source.text:
        return
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source.text).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        tree = _by_class(parse(match["call"].strip()), functions) if match else None
        found = sole_call(tree)
        if found is not None and found[0] in functions:
            yield Found(found[0], _arguments(found[1]), Origin.COMMENT, token.start[0], source.path)


def sole_call(tree: ast.AST | None) -> tuple[str, ast.Call] | None:
    """The name and the call of a module that is nothing but one call."""
    if not isinstance(tree, ast.Module) or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    node = tree.body[0].value
    # ``f(3) == 7`` is the call, and what it should give.
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        node = node.left
    name = dotted(node.func) if isinstance(node, ast.Call) else ""
    return (name, node) if isinstance(node, ast.Call) and name else None


def _in_doctests(source: SourceFile, tree: ast.Module, functions: Known) -> Iterator[Found]:
    names = {name: name for name in functions}
    known = _BUILTINS | {name.partition(".")[0] for name in functions}
    for node in (tree, *blocks(tree)):
        if not isinstance(node, ast.Module | ast.ClassDef | Function) or not node.body:
            continue
        first = node.body[0]
        if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
            continue
        if isinstance(first.value.value, str):
            for function, arguments, line in _in_docstring(first.value.value, functions, names, known):
                yield Found(function, arguments, Origin.DOCTEST, first.lineno + line, source.path)


def _in_docstring(
    text: str, functions: Known, names: Mapping[str, str], known: frozenset[str]
) -> Iterator[tuple[str, str, int]]:
    """The calls in a docstring's examples: function, arguments and line, from 0."""
    if ">>>" not in text:
        return
    import doctest  # with its imports of unittest, a tenth of the server's start

    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:  # doctest's own complaint about a malformed example, which has no input for us
        return
    for example in examples:
        tree = _by_class(parse(example.source), functions)
        for function, arguments, _ in _calls(tree, names, known=known):
            yield function, arguments, example.lineno


# --- tests -------------------------------------------------------------------------------------


def _in_test_file(test: SourceFile, source: SourceFile, functions: Known) -> Iterator[Found]:
    """Calls in another file, of names that it imports from the module of ``source``."""
    stem = re.split(r"[\\/]", source.path)[-1].removesuffix(".py")
    if stem not in test.text:
        return
    tree = parse(test.text)
    if tree is not None:
        yield from _in_tests(test, tree, functions, names=_imported(tree, stem, functions))


def _imported(tree: ast.Module, stem: str, functions: Known) -> dict[str, str]:
    """What ``from stem import f as g`` and ``import stem as m`` make of the functions: text to name."""
    names: dict[str, str] = {}
    for node in blocks(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] == stem:
            names.update(
                {alias.asname or alias.name: alias.name for alias in node.names if alias.name in functions}
            )
        elif isinstance(node, ast.ImportFrom | ast.Import):
            for alias in node.names:
                if alias.name.split(".")[-1] == stem:
                    names.update({f"{alias.asname or alias.name}.{name}": name for name in functions})
    return names


def _in_tests(
    test: SourceFile, tree: ast.Module, functions: Known, names: Mapping[str, str]
) -> Iterator[Found]:
    if not names:
        return
    for node in blocks(tree):
        if not isinstance(node, Function) or not node.name.startswith("test"):
            continue
        for values in _parameter_sets(node):
            for function, arguments, line in _calls(node, names, known=_BUILTINS, values=values):
                if function in functions and function != node.name:
                    yield Found(function, arguments, Origin.TEST, line, test.path)


def _parameter_sets(test: Function) -> list[dict[str, ast.expr]]:
    """The constants that ``@pytest.mark.parametrize`` gives to a test's parameters, one dictionary a run."""
    for decorator in test.decorator_list:
        if not (isinstance(decorator, ast.Call) and dotted(decorator.func).endswith("mark.parametrize")):
            continue
        if len(decorator.args) < 2 or not isinstance(decorator.args[1], ast.List | ast.Tuple):
            continue
        names = _parameter_names(decorator.args[0])
        rows = [_row(value, len(names)) for value in decorator.args[1].elts]
        return [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)] or [{}]
    return [{}]


def _parameter_names(node: ast.expr) -> list[str]:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return []
    names = value.split(",") if isinstance(value, str) else value
    return [name.strip() for name in names if isinstance(name, str)]


def _row(value: ast.expr, width: int) -> Sequence[ast.expr]:
    if isinstance(value, ast.Call) and dotted(value.func).endswith("param"):
        return value.args
    if width > 1:
        return value.elts if isinstance(value, ast.Tuple | ast.List) else ()
    return (value,)


# --- calls -------------------------------------------------------------------------------------


class _ByClass(ast.NodeTransformer):
    """Calls of methods written with the class, so that they have a name."""

    def __init__(self, functions: Known) -> None:
        self.functions = functions

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return ast.copy_location(by_class(node, self.functions), node)


def _by_class(tree: ast.Module | None, functions: Known) -> ast.AST | None:
    if tree is None or not any(map(_is_of_call, ast.walk(tree))):
        return tree  # as nearly all are, and copies cost most of a look
    named: ast.AST = _ByClass(functions).visit(copy.deepcopy(tree))
    return named


def _is_of_call(node: ast.AST) -> bool:
    """Whether a node is a method of what a call gives."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call)


class _Substitute(ast.NodeTransformer):
    """Writes the value of a parameter in place of its name."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


def _calls(
    tree: ast.AST | None,
    names: Mapping[str, str],
    *,
    known: frozenset[str],
    values: Mapping[str, ast.expr] | None = None,
) -> Iterator[tuple[str, str, int]]:
    """Calls in ``tree`` of what ``names`` lists, as function, arguments and line.

    Only closed calls count: all names in their arguments are ``known`` or have a constant in ``values``.
    """
    for node in ast.walk(tree) if tree is not None else ():
        function = names.get(dotted(node.func)) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and function is not None:
            call = _Substitute(values).visit(copy.deepcopy(node)) if values else node
            if _free_names([*call.args, *call.keywords]) <= known:
                yield function, _arguments(call), node.lineno


def _arguments(call: ast.Call) -> str:
    return ", ".join(ast.unparse(argument) for argument in (*call.args, *call.keywords))


def _free_names(nodes: Iterable[ast.AST]) -> set[str]:
    inner = [found for node in nodes for found in ast.walk(node)]
    loaded = {node.id for node in inner if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    stored = {node.id for node in inner if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return loaded - stored - {node.arg for node in inner if isinstance(node, ast.arg)}
