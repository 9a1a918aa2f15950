"""What was typed, as something to run: ``FILE::FUNCTION`` and its arguments, or a script, module or test.

Whether the file parses and the function exists is for the interpreter that runs it to say: it may be
newer than ours.
"""

from __future__ import annotations

import ast
import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cwm_lsp.errors import ArgumentsError, SourceError, TargetError
from cwm_lsp.features.calls import by_class, definitions
from cwm_lsp.features.results import Call
from cwm_lsp.features.runnables import runnables
from cwm_lsp.record import read_source
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.statements import heads, parse

SEPARATOR = "::"


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One call of a function in a file. ``found`` says where the input came from, "" if it was typed."""

    source: SourceFile
    call: Call
    found: str = ""


def function_call(target: str, words: Sequence[str]) -> FunctionCall:
    """``FILE::FUNCTION`` with its argument words, or ``FILE::CALL``. Raises ``UserError``."""
    try:
        return _function_call(target, words)
    except RecursionError as error:  # what parses may yet be too deep to be written out
        raise ArgumentsError(f"{' '.join((target, *words))[:60]}… is nested too deeply.") from error


def _function_call(target: str, words: Sequence[str]) -> FunctionCall:
    path, function = _parted(target)
    source = source_at(Path(path))
    if not function:
        names = list(dict.fromkeys(one.name for one in heads(source.text).values()))
        hint = f"It has: {', '.join(names[:8])}." if names else ""
        raise TargetError(f"{target} names no function.", hint)
    if (call := _expression(function)) is not None and isinstance(call, ast.Call):
        if words:
            raise ArgumentsError(f"{function} is a whole call, so nothing may follow it.")
        call = _by_class(source, call)
        function, words = ast.unparse(call.func), (ast.unparse(call),)
    elif len(words) == 1 and isinstance(whole := _expression(words[0]), ast.Call):
        whole = _by_class(source, whole)
        words = (ast.unparse(whole),) if ast.unparse(whole.func) == function else words
    if words:
        return FunctionCall(source, Call(function, arguments(function, words)))
    found = next((one for one in runnables(source) if one.function == function), None)
    if found is not None:
        where = f"the {found.origin} at line {found.origin_line}"
        return FunctionCall(source, Call(function, found.arguments), where)
    required = _required(source, function)
    if required:
        raise ArgumentsError(
            f"{function} needs arguments, and the file has no example call of it.",
            "Write them after the target, or put a comment into the file: "
            f"`# cwm: {function}({', '.join(required)})`.",
        )
    return FunctionCall(source, Call(function, ""))


def _by_class(source: SourceFile, call: ast.Call) -> ast.Call:
    """``Box(3).add(4)`` as a call of ``Box.add``, if the file has that; other calls as they are."""
    tree = parse(source.text)
    return call if tree is None else by_class(call, definitions(tree))


def names_script(target: str) -> bool:
    """Whether a target is a file as it stands, and not a function or a call in one."""
    return SEPARATOR not in target or os.path.isfile(target)


def script(target: str) -> Path:
    """The file that a script's target names. Raises ``SourceError``, with what may be meant."""
    path = Path(target).absolute()
    if os.path.lexists(path):
        return path
    file, colon, function = target.rpartition(":")
    if colon and os.path.isfile(file):
        hint = f"A function is named after two colons: {file}{SEPARATOR}{function}."
    else:
        hint = _similar_file(Path(target))
    raise SourceError(f"There is no file {target}.", hint)


def source_at(path: Path) -> SourceFile:
    """The text of a file, its path made absolute. Raises ``SourceError``, with the file that may be meant."""
    try:
        source = read_source(path)
    except SourceError as error:
        if error.hint or os.path.lexists(path):
            raise
        raise SourceError(error.message, _similar_file(path)) from error
    return replace(source, path=str(path.absolute()))


def arguments(function: str, words: Sequence[str]) -> str:
    """The text between the parentheses: each word an expression or ``name=expression``, or one whole call.

    Raises ``ArgumentsError``.
    """
    if len(words) == 1 and (inner := _inside_call(function, words[0])) is not None:
        return inner
    for word in words:
        problem = _problem(word)
        if problem:
            hint = f"Arguments are Python expressions; a text needs its quotes: \"'{word}'\"."
            raise ArgumentsError(f"The argument {word!r} does not parse: {problem}.", hint)
    text = ", ".join(words)
    problem = _problem(text)
    if problem:
        raise ArgumentsError(f"The arguments ({text}) do not parse: {problem}.")
    return text


def _parted(target: str) -> tuple[str, str]:
    """File, and function or call: at the first separator behind which there is one of them, else the last."""
    at = target.find(SEPARATOR)
    while at >= 0:
        rest = target[at + len(SEPARATOR) :]
        if isinstance(_expression(rest), ast.Name | ast.Attribute | ast.Call):
            return target[:at], rest
        at = target.find(SEPARATOR, at + 1)
    path, _, rest = target.rpartition(SEPARATOR)
    return path, rest


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _inside_call(function: str, word: str) -> str | None:
    """What stands in the parentheses if ``word`` is a call of ``function``."""
    node = _expression(word)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in (function, function.rpartition(".")[2]):
        return ", ".join(ast.unparse(one) for one in (*node.args, *node.keywords))
    return None


def _problem(text: str) -> str:
    """Why ``text`` cannot stand between the parentheses of a call, "" if it can."""
    try:
        tree = ast.parse(f"_({text}\n)", mode="eval").body
    except SyntaxError as error:
        return error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    alone = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)
    return "" if alone else "unbalanced parentheses"


def _required(source: SourceFile, function: str) -> list[str]:
    """The parameters of ``function`` that have no default; none where that cannot be told."""
    tree = parse(source.text)
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function:
            spec = node.args
            positional = [*spec.posonlyargs, *spec.args]
            positional = positional[: len(positional) - len(spec.defaults)]
            named = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
            keywords = [f"{one.arg}=..." for one, default in named if default is None]
            return [one.arg for one in positional] + keywords
    return []


def _similar_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {path.parent / close[0]}?" if close else ""
