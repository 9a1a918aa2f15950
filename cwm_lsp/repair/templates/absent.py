"""Statements that may be missing, as holes: which value is stored or added, or when something is done."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.templates.gaps import Gap
from cwm_lsp.repair.templates.scope import Scope, simple_statements

TARGETS = 8
"""Places that may be assigned to."""

STATEMENTS = 14
"""Statements that may be done under a condition that is sought."""


def stored(gap: Gap, scope: Scope) -> Iterator[tuple[str, str, str]]:
    """Text before a value, what stands for it, and text behind it, of a line that stores the value."""
    for target in dict.fromkeys([*scope.changed, *scope.stored, *scope.owner.values][:TARGETS]):
        yield f"{gap.lead}{gap.indent}{target} = ", target, "\n"
    for name, method in scope.containers[:4]:
        if method in ("append", "add", "appendleft", "extend"):
            yield f"{gap.lead}{gap.indent}{name}.{method}(", "[]" if method == "extend" else "None", ")\n"


def done(gap: Gap, scope: Scope) -> Iterator[tuple[str, str, str]]:
    """The same of a condition and what is done where it holds."""
    step = "\t" if gap.indent.startswith("\t") else "    "
    known = [ast.unparse(one) for one in simple_statements(scope.function)]
    adds = [f"{name}.{method}({other})" for name, method in scope.containers for other in scope.names[:6]]
    steps = [f"{name} {sign} 1" for name in scope.changed[:4] for sign in ("+=", "-=")]
    short = [one for one in known if "\n" not in one]
    for one in list(dict.fromkeys([*short[:6], *adds[:6], *steps, *short, *adds]))[:STATEMENTS]:
        yield f"{gap.lead}{gap.indent}if ", "False", f":\n{gap.indent}{step}{one}\n"
