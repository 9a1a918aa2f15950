"""How things are done in the code around a function: forms of expressions, parts of conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_PLAIN = ast.Name | ast.Attribute | ast.Subscript


@dataclass(frozen=True, slots=True)
class Habits:
    """What the code around a function, and the function, tell of it.

    ``forms``: by an expression, the calls made of it elsewhere in the module; ``chains``: calls by which
    texts are made alike there; ``idle``: parameters that are never read; ``conjuncts`` and ``disjuncts``:
    parts of conditions; ``ends``: what loops compare with; ``turns``: names that ``for`` loops give.
    """

    forms: dict[str, list[str]]
    chains: list[str]
    idle: list[str]
    conjuncts: list[str]
    disjuncts: list[str]
    ends: list[str]
    turns: list[str]
    tests: frozenset[int]

    def is_test(self, node: ast.expr) -> bool:
        """Whether it is decided by ``node`` which way to go."""
        return id(node) in self.tests


def habits(tree: ast.Module, nodes: Sequence[ast.AST], parameters: Sequence[str]) -> Habits:
    """The habits that concern a function of a module; ``nodes`` are those inside it."""
    forms, chains = _written(tree)
    loaded = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    tests = [n.test for n in nodes if isinstance(n, ast.If | ast.While | ast.IfExp)]
    tests += [one for n in nodes if isinstance(n, ast.comprehension) for one in n.ifs]
    loops = [n for n in nodes if isinstance(n, ast.For)]
    ends = [n.test for n in nodes if isinstance(n, ast.While)]
    return Habits(
        forms,
        chains,
        [one for one in parameters if one not in loaded and one not in ("self", "cls")],
        _parts(tests, ast.And),
        _parts(tests, ast.Or),
        [ast.unparse(one.comparators[0]) for one in ends if isinstance(one, ast.Compare) and _rises(one)],
        [n.id for one in loops for n in ast.walk(one.target) if isinstance(n, ast.Name)][:MOST],
        frozenset(map(id, tests)),
    )


@lru_cache(maxsize=2)
def _written(tree: ast.Module) -> tuple[dict[str, list[str]], list[str]]:
    """By an expression the calls made of it in a module, and the chains by which texts are made alike."""
    forms: dict[str, dict[str, None]] = {}
    chains: dict[str, None] = {}
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call) and not n.keywords):
        for base in _bases(call):
            written, start = ast.unparse(call), ast.unparse(base)
            forms.setdefault(start, {})[written] = None
            if _alike(call) and len(written) - len(start) < LONGEST and written.startswith(start):
                chains[written[len(start) :]] = None
    return {base: list(known)[:MOST] for base, known in forms.items()}, list(chains)[:MOST]


MOST = 6
"""Forms of one expression, chains of calls, parts of conditions that are looked at."""

LONGEST = 50
"""Characters of a call that makes a text alike."""

_ALIKE = frozenset("strip lstrip rstrip lower upper casefold encode decode replace splitlines".split())
_GIVING = _ALIKE | frozenset("items keys values copy replace split title total_seconds isoformat".split())
"""Methods that give a value and change nothing."""

_FUNCTIONS = frozenset("str int float list dict set tuple sorted len abs repr bool frozenset".split())


def _bases(call: ast.Call) -> Iterator[ast.expr]:
    """What a call, or a chain of them, is made of: ``a`` and ``a.strip()`` in ``a.strip().lower()``."""
    match call:
        case ast.Call(func=ast.Name(name), args=[one]) if name in _FUNCTIONS and isinstance(one, _PLAIN):
            yield one
        case ast.Call(func=ast.Attribute(value=base, attr=name)) if name in _GIVING and _fixed(call):
            if isinstance(base, _PLAIN):
                yield base
            elif isinstance(base, ast.Call) and isinstance(base.func, ast.Attribute):
                yield base
                yield from _bases(base)


def _fixed(call: ast.Call) -> bool:
    return all(isinstance(one, ast.Constant) for one in call.args)


def _alike(call: ast.Call) -> bool:
    """Whether a call makes texts alike that mean the same."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in _ALIKE


def _rises(test: ast.Compare) -> bool:
    return isinstance(test.ops[0], ast.Lt | ast.LtE) and isinstance(
        test.comparators[0], ast.Name | ast.Attribute
    )


def _parts(tests: Sequence[ast.expr], word: type[ast.boolop]) -> list[str]:
    """The parts of conditions that are joined by ``word``."""
    joined = [
        n for one in tests for n in ast.walk(one) if isinstance(n, ast.BoolOp) and isinstance(n.op, word)
    ]
    return list(dict.fromkeys(ast.unparse(part) for one in joined for part in one.values))[: MOST * 2]
