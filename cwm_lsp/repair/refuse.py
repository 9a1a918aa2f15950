"""Edits that make a test pass without mending anything: recognised by rule, whoever proposes them."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator

from cwm_lsp.repair.model import Check, CheckKind

_USUAL = {"0", "1", "-1", "2", "None", "True", "False", "''", "[]", "()", "{}", "set()", "[[]]"}


def refusal(before: str, after: str, checks: Iterable[Check]) -> str:
    """Why an edit is refused, "" if no rule speaks against it. Both texts parse."""
    old, new = ast.parse(before), ast.parse(after)
    if _broad_handlers(new) > _broad_handlers(old):
        return "It catches everything."
    if _count(new, ast.Assert) < _count(old, ast.Assert):
        return "It removes an assertion."
    if _tests(old) - _tests(new):
        return "It removes a test."
    if _dead(new) > _dead(old):
        return "It leaves code that can never run."
    known = _literals(checks)
    added = _compared(new) - _compared(old)
    if any(text in known for text in added):
        return "It treats the input of the specification as a special case."
    returned = _returned(new) - _returned(old)
    if any(text in known for text in returned):
        return "It returns the expected value as a constant."
    return ""


def _dead(tree: ast.Module) -> int:
    """Statements behind one that ends their block."""
    suites = (
        getattr(node, name, None) for node in ast.walk(tree) for name in ("body", "orelse", "finalbody")
    )
    ends = ast.Return | ast.Raise | ast.Break | ast.Continue
    return sum(isinstance(one, ends) for suite in suites if isinstance(suite, list) for one in suite[:-1])


def _count(tree: ast.Module, kind: type[ast.AST]) -> int:
    return sum(isinstance(node, kind) for node in ast.walk(tree))


def _broad_handlers(tree: ast.Module) -> int:
    """Handlers that catch everything and do not raise it again."""
    return sum(
        (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and not any(isinstance(one, ast.Raise) for one in ast.walk(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
    )


def _tests(tree: ast.Module) -> Counter[str]:
    return Counter(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    )


def _literals(checks: Iterable[Check]) -> set[str]:
    """The values in the specification that are too particular to stand in a function by chance."""
    found: set[str] = set()
    for check in checks:
        # The name of a test says nothing, its body does.
        texts = (check.text,) if check.kind is CheckKind.TEST else (check.call, check.expect or "")
        for text in texts:
            found.update(_constant_texts(text))
    return found - _USUAL


def _constant_texts(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set):
            yield ast.unparse(node)


def _compared(tree: ast.Module) -> Counter[str]:
    """Literals that a value is compared with."""
    return Counter(
        ast.unparse(one)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.In | ast.NotEq | ast.Is)
        for one in (node.left, *node.comparators)
        if isinstance(one, ast.Constant | ast.List | ast.Tuple)
    )


def _returned(tree: ast.Module) -> Counter[str]:
    return Counter(
        ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant | ast.List | ast.Tuple)
    )
