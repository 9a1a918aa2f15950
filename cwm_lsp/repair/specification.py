"""What a user says must hold: a call and its value, a file of cases, doctests, a pytest test."""

from __future__ import annotations

import ast
import doctest
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cwm_lsp.errors import ArgumentsError, SourceError, TargetError
from cwm_lsp.repair.model import Check, CheckKind
from cwm_lsp.repair.scripts import is_call, parsed, written


@dataclass(frozen=True, slots=True)
class Specification:
    """Checks that must hold, and checks that only must not break. ``test`` is a pytest node, "" for none.

    ``like``: a function of the file, and another one that it should agree with; targets that expect nothing
    are then inputs for both.
    """

    targets: tuple[Check, ...]
    others: tuple[Check, ...] = ()
    test: str = ""
    like: tuple[str, str] | None = None


def unparsed(file: Path, error: SyntaxError | ValueError | RecursionError) -> SourceError:
    """What a file is answered with that is no Python."""
    what = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
    return SourceError(f"{file} does not parse: {what}.")


def call(text: str, expect: str | None) -> Check:
    """A call, or a script that ends in one, and the expression whose value it must give.

    Raises ``ArgumentsError``.
    """
    parsed(text)
    if expect is not None:
        _parsed(expect)
    return Check(CheckKind.CALL, text, expect)


def program(source: str, name: str) -> Check:
    """That the file, run as a program, raises nothing; its assertions hold then. Raises ``SyntaxError``."""
    asserted = [ast.unparse(n) for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Assert)]
    return Check(CheckKind.RUN, name, text="\n".join(asserted))


_RAISING = re.compile(r"(.*\S)\s+rais(?:es|ed)\s+(\w+)", re.DOTALL)


def answer(text: str) -> Check:
    """A user's answer, ``CALL == VALUE``, ``CALL = VALUE`` or ``CALL raises NAME``, as a check.

    In a script the comparison is the last statement. Raises ``ArgumentsError``.
    """
    raising = _RAISING.fullmatch(text.strip())
    if raising is not None:
        return replace(call(raising[1], None), raises=raising[2])
    if not is_call(text) and (found := _compared(text)) is not None:
        return found
    depth, quote, at = 0, "", -1
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and text[place - 1] != "\\" else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "=" and depth == 0:
            at = place
            break
    if at < 0:
        hint = "Write it as 'f(2, 3) == 5' or 'f(2, 3) raises ValueError'."
        raise ArgumentsError(f"{text!r} is no answer.", hint)
    return call(text[:at].strip(), text[at:].lstrip("=").strip())


def _compared(text: str) -> Check | None:
    """A script that ends in a comparison, as what it compares and with what."""
    *body, last = parsed(text).body if ";" in text or "\n" in text else [ast.Pass()]
    test = last.value if isinstance(last, ast.Expr) else None
    if not body or not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return None
    return call(written(body, test.left), ast.unparse(test.comparators[0]))


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ArgumentsError(f"{text!r} is no Python expression: {reason}.") from error


def cases(path: Path, function: str) -> list[Check]:
    """The cases of a JSON or JSONL file, for ``function`` where they give arguments only.

    A case is ``[arguments, value]``, arguments being a list or a single value, or an object with ``call`` and
    ``expect`` or ``raises``. Raises ``UserError``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error
    found = [_case(one, function, f"{path.name}, case {n}") for n, one in enumerate(_rows(text, path), 1)]
    if not found:
        raise ArgumentsError(f"{path} has no cases.")
    return found


def _rows(text: str, path: Path) -> list[Any]:
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if (
        isinstance(whole, list)
        and all(isinstance(one, list | dict) for one in whole)
        and "\n" in text.strip()
    ):
        return whole
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise ArgumentsError(
                    f"{path}, line {number} is no JSON: {error}.", "A case is [[3, 4], 7], one a line."
                ) from error
    return rows


def _case(row: Any, function: str, where: str) -> Check:
    if isinstance(row, dict) and isinstance(row.get("call"), str):
        raises = row.get("raises", "")
        if not isinstance(raises, str) or ("expect" in row) == bool(raises):
            raise ArgumentsError(f"{where}: give either `expect` or the name of an exception in `raises`.")
        expect = row.get("expect")
        # A text is an expression, as with --expect; other JSON values stand for themselves.
        text = None if raises else expect if isinstance(expect, str) else repr(expect)
        return replace(call(row["call"], text), raises=raises, loose=True)
    if isinstance(row, list) and len(row) == 2:
        arguments = row[0] if isinstance(row[0], list) else [row[0]]
        words = ", ".join(map(_literal, arguments))
        return Check(CheckKind.CALL, f"{function}({words})", _literal(row[1]), loose=True)
    raise ArgumentsError(
        f"{where} is neither [arguments, value] nor an object with `call`.",
        'For example: [[3, 4], 7] or {"call": "f(3, 4)", "expect": 7}.',
    )


def _literal(value: Any) -> str:
    """A JSON value as an expression; ``NaN`` and infinities are calls."""
    text = repr(value)
    return text.replace("inf", "float('inf')") if isinstance(value, float) and "inf" in text else text


def only_function(source: str, file: Path, named: str) -> str:
    """The function that cases are for: ``named``, else one called like the file, else the only one.

    Raises ``TargetError``.
    """
    names = [n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
    if named:
        if named.split(".", maxsplit=1)[0] not in names + [
            n.name for n in ast.parse(source).body if isinstance(n, ast.ClassDef)
        ]:
            raise TargetError(f"{file} has no function {named}.")
        return named
    public = [name for name in names if not name.startswith(("_", "test"))]
    if file.stem in names:
        return file.stem
    if len(public) != 1:
        raise TargetError(f"{file} has {len(public)} functions.", "Say which one with --function NAME.")
    return public[0]


def doctests(source: str) -> list[Check]:
    """The doctests of a file, one check a docstring. Malformed ones are left to doctest itself."""
    found = []
    for name, text in _docstrings(ast.parse(source), ""):
        try:
            examples = doctest.DocTestParser().get_examples(text)
        except ValueError:
            continue
        if examples:
            found.append(Check(CheckKind.DOCTEST, name or "module", text=text))
    return found


def _docstrings(node: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        text = ast.get_docstring(node, clean=True)
        if text:
            yield prefix, text
        for child in node.body:
            name = getattr(child, "name", "")
            yield from _docstrings(child, f"{prefix}.{name}".lstrip("."))


def example_calls(check: Check) -> list[str]:
    """Calls and scripts that a check is made of, as far as they stand there as such."""
    if check.kind is CheckKind.CALL:
        return [check.call]
    return list(_examples(check.text)) if check.kind is CheckKind.DOCTEST else []


def _examples(docstring: str) -> Iterator[str]:
    """The expressions of a doctest whose value is shown, behind the statements in front of them."""
    before: list[ast.stmt] = []
    for one in doctest.DocTestParser().get_examples(docstring):
        try:
            body = ast.parse(one.source).body
        except (SyntaxError, ValueError):
            continue
        last = body[-1] if body else None
        if one.want and isinstance(last, ast.Expr):
            yield written([*before, *body[:-1]], last.value)
        else:
            before += body


def matching(nodes: Sequence[str], wanted: str) -> list[int]:
    """Which of pytest's nodes ``wanted`` names: itself, its parameters, or all inside it."""
    return [
        n for n, node in enumerate(nodes) if node == wanted or node.startswith((f"{wanted}[", f"{wanted}::"))
    ]
