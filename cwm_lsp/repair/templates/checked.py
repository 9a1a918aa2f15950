"""Checks that a function forgot to make: what it should refuse, as its siblings do."""

from __future__ import annotations

from collections.abc import Iterator

from cwm_lsp.repair.templates.calls import Missing
from cwm_lsp.repair.templates.gaps import Gap
from cwm_lsp.repair.templates.scope import Scope

RAISES = 3
"""Statements that raise, of which each is offered."""


def refused(scope: Scope, gap: Gap, step: str) -> Iterator[Missing]:
    """An exception for what the function should not go on with."""
    for test, done in scope.refusals:
        yield (f"if {test}:", f"{step}{done}"), "guard", 0.22
    names = set(scope.names)
    known = [written for written, used in scope.raises if used <= names]
    bare = [f"raise {one}" for one in scope.exceptions]
    for rank, done in enumerate(list(dict.fromkeys([*known, *bare]))[:RAISES] or ["raise ValueError"]):
        for test, prior in _tests(scope, gap):
            yield (f"if {test}:", f"{step}{done}"), "guard", prior - 0.02 * rank


def _tests(scope: Scope, gap: Gap) -> Iterator[tuple[str, float]]:
    """What is usually refused: nothing, too little, too much, what is there already or is not."""
    given = [one for one in scope.parameters if one != scope.owner.receiver]
    for name in dict.fromkeys([*(given if gap.first else ()), *sorted(gap.following & set(scope.names))]):
        if name == scope.owner.receiver:
            continue
        for form in ("not {}", "{} <= 0", "{} < 0", "{} is None"):
            yield form.format(name), 0.14
        for base in scope.owner.containers[:3]:
            yield f"{name} not in {base}", 0.14
            yield f"{name} in {base}", 0.14
        for field in scope.owner.counted[:3]:
            for sign in (">", "<"):
                yield f"{name} {sign} {scope.owner.receiver}.{field}", 0.1
    for base in scope.owner.containers[:3] if gap.first else ():
        yield f"not {base}", 0.14
    for test in scope.comparisons[:6]:
        yield test, 0.1
