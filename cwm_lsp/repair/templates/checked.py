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


def empty(scope: Scope, gap: Gap, step: str) -> Iterator[Missing]:
    """What is given at once where a field, or what is asked for, has nothing or one element in it."""
    if not gap.first:
        return
    results = scope.results()
    for field in scope.owner.values[:8]:
        for rank, one in enumerate(dict.fromkeys(("None", "0", "[]", "False", *results[:6]))):
            yield (f"if not {field}:", f"{step}return {one}"), "guard", 0.15 - 0.006 * rank
    for name in scope.parameters[:4]:
        for rank, one in enumerate(dict.fromkeys((*results[:10], f"{name}[0]"))):
            for size in ("== 0", "== 1", "< 2"):
                likely = 0.1 - 0.004 * rank
                yield (f"if len({name}) {size}:", f"{step}return {one}"), "guard", likely


def known(scope: Scope, gap: Gap, step: str) -> Iterator[Missing]:
    """A turn of a loop left out for what is in a collection already."""
    for condition in scope.absences if gap.loop else ():
        test = condition.replace(" not in ", " in ")
        yield (f"if {test}:", f"{step}continue"), "guard", 0.14


def moved_on(scope: Scope) -> Iterator[Missing]:
    """A name that goes on to a field of what is at hand."""
    for name in scope.changed[:8]:
        for other in (one for one in scope.names if one not in (name, scope.owner.receiver)):
            for attribute in scope.attributes[:8]:
                yield (f"{name} = {other}.{attribute}",), "missing update", 0.07
