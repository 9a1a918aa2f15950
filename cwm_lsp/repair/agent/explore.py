"""What an expression would have to be for the checks to pass, and which expressions are that.

A hole is a place of the program with a text for it. Conditions: the outcome is turned round at single visits,
or from one on, until a failing check passes; predicates are then looked for that say the same at every visit,
and what the program says by itself where the checks pass already. Values: the expressions that give something
else than the program at the visits of the failing checks, those first whose value makes them pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product, takewhile
from types import CodeType
from typing import Any

from .angel import FAILED, OWN, VISITS, Angel, Opaque, Plan, Visit, present
from .grow import Term, Vector, predicates, terms

TURNS = 10
"""Visits at which an outcome is turned round."""

ALTERNATIVES = 4
"""Ways in which one failing check was made to pass that are kept."""

FORCED = 60
"""Values that are tried for an expression evaluated once."""

FOUND = 40
"""Expressions that are given back for one hole."""

ENOUGH = 15
"""Visits of one check by which expressions are told apart where nothing is said about what they should be."""

BROAD = 150
"""Conditions that are given back where it could not be worked out what they should say."""

WIDEST = 3
"""Elements of a display that is put together."""

Alive = Callable[[], bool]
Run = Callable[[int], bool]
"""Runs a check by its number; whether it holds."""


def compiled(texts: Sequence[str]) -> list[tuple[str, CodeType]]:
    """The texts that are expressions, with their code."""
    found = []
    for text in texts:
        try:
            found.append((text, compile(text, "<atom>", "eval")))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return found


def explore(
    run: Run,
    atoms: Sequence[str],
    failing: Sequence[int],
    passing: Sequence[int],
    truth: bool,
    goals: Sequence[Any] = (),
    broad: bool = False,
    alive: Alive = lambda: True,
) -> list[str]:
    """Texts for the hole, the simplest first. ``run`` evaluates checks of the program with the angel in it.

    ``goals``: what each failing check should give, where that is known. ``broad``: any other condition is
    worth a try where none can be worked out. ``alive``: whether there is time to think on.
    """
    known = compiled(atoms)
    angel = Angel([code for _, code in known])
    texts = [text for text, _ in known]
    with present(angel):
        if truth:
            return _conditions(angel, run, texts, failing, passing, alive) or (
                _different(angel, run, texts, failing, alive) if broad else []
            )
        return _values(angel, run, texts, failing, goals)


def _noted(angel: Angel, run: Run, check: int, plan: Plan) -> tuple[bool, list[Visit]]:
    angel.begin(plan)
    ok = run(check)
    return ok, list(angel.visits) if angel.count <= VISITS or not ok else []


# --- conditions --------------------------------------------------------------------------------


def _conditions(
    angel: Angel, run: Run, texts: list[str], failing: Sequence[int], passing: Sequence[int], alive: Alive
) -> list[str]:
    wishes: list[list[list[Visit]]] = []
    for check in failing:
        ways = _ways(angel, run, check)
        if ways:
            wishes.append(ways)
    if not wishes:
        return []
    for check in passing:
        ok, visits = _noted(angel, run, check, OWN)
        if ok and visits:
            wishes.append([_freed(angel, run, check, OWN, visits)])
    alone: list[str] = []
    joined: list[str] = []
    for form in _satisfying(texts, wishes, alive):
        (joined if "{}" in form else alone).append(form)
        if len(alone) >= FOUND and len(joined) >= FOUND:
            break
    return [*joined[:FOUND], *alone[:FOUND]]


def _different(angel: Angel, run: Run, texts: list[str], failing: Sequence[int], alive: Alive) -> list[str]:
    """Conditions that are not what the program says, each behaviour once: too many turns would be needed."""
    visits = [visit for check in failing for visit in _noted(angel, run, check, OWN)[1][:ENOUGH]]
    own = tuple(FAILED if visit.own is FAILED else bool(visit.own) for visit in visits)
    columns: list[Term] = [(text, tuple(visit.atoms[n] for visit in visits)) for n, text in enumerate(texts)]
    known, found = {repr(list(own))}, []
    for text, vector in takewhile(lambda _: alive(), predicates(terms(columns)) if visits else ()):
        for form, said in _forms(text, vector, own):
            key = repr([said(n) for n in range(len(visits))])
            if key not in known:
                known.add(key)
                found.append(form)
        if len(found) >= BROAD:
            break
    return found


def _ways(angel: Angel, run: Run, check: int) -> list[list[Visit]]:
    """The visits of runs in which the check passes."""
    _, before = _noted(angel, run, check, OWN)
    found = []
    for plan in _turned([visit.said for visit in before]):
        ok, visits = _noted(angel, run, check, plan)
        if ok and visits:
            found.append(_freed(angel, run, check, plan, visits))
            if len(found) == ALTERNATIVES:
                break
    return found


def _freed(angel: Angel, run: Run, check: int, plan: Plan, visits: list[Visit]) -> list[Visit]:
    """``visits`` of a passing run, those marked at which the other outcome passes as well."""
    for at, visit in enumerate(visits[:TURNS]):
        if visit.said is not FAILED:
            visit.free = _noted(angel, run, check, (*plan, (at, 1, not visit.said)))[0]
    return visits


def _turned(said: Sequence[Any]) -> Iterator[Plan]:
    """Outcomes turned round from some visit on, or only there."""
    for at, value in enumerate(said[:TURNS]):
        for wanted in (True, False):
            if value is FAILED or bool(value) != wanted:
                yield ((at, 1 << 30, wanted),)
                yield ((at, 1, wanted),)
    for at, value in enumerate(said[TURNS:][-3:], max(TURNS, len(said) - 3)):
        for wanted in (True, False):
            if value is FAILED or bool(value) != wanted:
                yield ((at, 1, wanted),)


def _satisfying(
    texts: Sequence[str], wishes: Sequence[Sequence[Sequence[Visit]]], alive: Alive
) -> Iterator[str]:
    """Predicates that say what is wished, in one of the ways, at every visit. ``{}`` is the old text."""
    flat = [visit for ways in wishes for visits in ways for visit in visits]
    spans = _spans(wishes)
    wanted = [None if visit.free else bool(visit.said) for visit in flat]
    own = tuple(FAILED if visit.own is FAILED else bool(visit.own) for visit in flat)
    columns: list[Term] = [(text, tuple(visit.atoms[n] for visit in flat)) for n, text in enumerate(texts)]
    for text, vector in takewhile(lambda _: alive(), predicates(terms(columns))):
        fitting = [form for form, said in _forms(text, vector, own) if _agrees(said, wanted, spans)]
        # In front of the old condition only where behind it would be too late.
        yield from (form for form in fitting if not form.endswith(" {}") or _mirrored(form) not in fitting)


def _mirrored(form: str) -> str:
    word = " and " if form.endswith(" and {}") else " or "
    return f"{{}}{word}{form.removesuffix(f'{word}{{}}')}"


def _spans(wishes: Sequence[Sequence[Sequence[Visit]]]) -> list[list[range]]:
    spans, at = [], 0
    for ways in wishes:
        group = []
        for visits in ways:
            group.append(range(at, at + len(visits)))
            at += len(visits)
        spans.append(group)
    return spans


def _forms(text: str, vector: Vector, own: Vector) -> Iterator[tuple[str, Callable[[int], Any]]]:
    """The predicate alone, and joined to the condition that stands there; with the outcome by visit."""
    yield text, vector.__getitem__
    yield f"{text} and {{}}", lambda n: own[n] if vector[n] else vector[n]
    yield f"{text} or {{}}", lambda n: vector[n] if vector[n] is FAILED or vector[n] else own[n]
    yield f"{{}} and {text}", lambda n: vector[n] if own[n] and own[n] is not FAILED else own[n]
    yield f"{{}} or {text}", lambda n: own[n] if own[n] is FAILED or own[n] else vector[n]


def _agrees(
    said: Callable[[int], Any], wanted: Sequence[bool | None], spans: Sequence[Sequence[range]]
) -> bool:
    return all(any(all(_fits(said(n), wanted[n]) for n in span) for span in group) for group in spans)


def _fits(said: Any, wanted: bool | None) -> bool:
    return said is not FAILED if wanted is None else said is wanted


# --- values ------------------------------------------------------------------------------------


def _values(
    angel: Angel, run: Run, texts: list[str], failing: Sequence[int], goals: Sequence[Any]
) -> list[str]:
    noted = [_noted(angel, run, check, OWN)[1] for check in failing]
    if not all(noted):
        return []
    flat = [visit for visits in noted for visit in visits[:ENOUGH]]
    own = repr([visit.own for visit in flat])
    grown = terms([(text, tuple(visit.atoms[n] for visit in flat)) for n, text in enumerate(texts)])
    other = [one for one in grown if repr(list(one[1])) != own]
    if all(len(visits) == 1 for visits in noted):
        found = _forced(angel, run, other, failing)
        return [*found, *_built(angel, run, grown, failing, goals)][:FOUND]
    return [text for text, vector in other if _alike(vector, flat)][:FOUND]


def _built(
    angel: Angel, run: Run, grown: Sequence[Term], failing: Sequence[int], goals: Sequence[Any]
) -> Iterator[str]:
    """Displays whose elements are terms, where what the checks should give is what the hole should be."""
    kinds = {(type(goal), len(goal) if isinstance(goal, (list, tuple)) else -1) for goal in goals}
    if len(goals) != len(failing) or len(kinds) != 1:
        return
    kind, length = kinds.pop()
    if not 0 < length <= WIDEST or not all(
        _noted(angel, run, check, ((0, 1 << 30, goal),))[0]
        for check, goal in zip(failing, goals, strict=True)
    ):
        return
    columns = [repr([goal[at] for goal in goals]) for at in range(length)]
    parts = [[text for text, vector in grown if repr(list(vector)) == column][:2] for column in columns]
    for words in product(*parts):
        inside = ", ".join(words)
        yield f"[{inside}]" if kind is list else f"({inside}{',' if length == 1 else ''})"


def _alike(vector: Vector, visits: Sequence[Visit]) -> bool:
    """Whether the values are of the types that the program has there."""
    pairs = [
        (value, visit.own) for value, visit in zip(vector, visits, strict=True) if visit.own is not FAILED
    ]
    return vector[0] is not FAILED and all(_kind(value) == _kind(own) or own is None for value, own in pairs)


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)


def _forced(angel: Angel, run: Run, grown: Sequence[Term], failing: Sequence[int]) -> list[str]:
    """Those whose values, put there by force, make every failing check pass."""
    known: dict[tuple[int, str], bool] = {}
    found = []
    for text, vector in grown:
        for check, value in zip(failing, vector, strict=True):
            key = (check, repr(value))
            if key not in known:
                if value is FAILED or isinstance(value, Opaque) or len(known) > FORCED * len(failing):
                    known[key] = False
                else:
                    known[key] = _noted(angel, run, check, ((0, 1 << 30, value),))[0]
            if not known[key]:
                break
        else:
            found.append(text)
    return found
