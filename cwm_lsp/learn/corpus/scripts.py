"""Functions as the scripts that they stand in: imports, definitions, and a few lines that use them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from random import Random

from cwm_lsp.learn.corpus.program import Program

SCRIPTS = 0.12
"""The share of programs that are run as scripts."""

MOST_LINES = 120
"""Lines of source after which nothing more is put beside a program."""

_FUTURE = "from __future__ import annotations"
_IMPORTS = (
    "import math",
    "import random",
    "import sys",
    "import json, re",
    "import itertools",
    "from abc import ABC, abstractmethod",
    "from collections import Counter",
    "from collections import defaultdict, deque",
    "from dataclasses import dataclass, field",
    "from enum import Enum",
    "from functools import reduce",
    "from itertools import chain",
    "from typing import Any",
    "from typing import Optional, Union",
)
_RESULTS = ("result", "answer", "found", "value", "out")
_LIMITS = ("LIMIT = 10", 'NAME = "demo"', "DEBUG = False", "SIZES = [1, 2, 3]", "RATE = 0.5")


def as_script(rng: Random, program: Program, other: Callable[[], Program | None]) -> Program:
    """``program`` as a script: its ``call`` is empty, for the file itself is run.

    ``other`` gives programs whose definitions stand beside it, so that scripts of all lengths are seen;
    some of them are called too.
    """
    if _FUTURE in program.source:
        return program
    before, after = _company(rng, program, other)
    beside = [*before, *after]
    sources = [one.source.strip("\n") for one in (*before, program, *after)]
    head = [_FUTURE] if rng.random() < 0.2 else []
    imports = rng.sample(_IMPORTS, rng.choice((0, 1, 1, 2, 2, 3)))
    head += [line for line in sorted(imports) if not any(line in source for source in sources)]
    if rng.random() < 0.4:
        head.append(rng.choice(_LIMITS))
    results = rng.sample(_RESULTS, 1 + min(len(beside), rng.randrange(3)))
    calls = [program.call, *(one.call for one in rng.sample(beside, len(results) - 1))]
    rng.shuffle(calls)
    assigned = [f"{result} = {call}" for result, call in zip(results, calls, strict=True)]
    inner = [f"    {line}" for line in assigned]
    ends = [
        [*assigned, f"text = repr({results[-1]})"],
        ['if __name__ == "__main__":', *inner],
    ]
    if not any("main" in _defined(one) for one in (program, *beside)):
        ends += [
            ["def main():", *inner, f"    return {results[0]}", "", "", "main()"],
            ["def main():", *inner, "", "", 'if __name__ == "__main__":', "    main()"],
        ]
    source = "\n".join([*head, *sources, "", *rng.choice(ends)])
    return Program(f"{source}\n", "", program.origin)


def _company(
    rng: Random, program: Program, other: Callable[[], Program | None]
) -> tuple[list[Program], list[Program]]:
    """Programs to stand before and after ``program``; none defines a name that another one does."""
    before: list[Program] = []
    after: list[Program] = []
    taken, lines = _defined(program), program.source.count("\n")
    for _ in range(rng.choice((0, 0, 1, 2, 3, 4, 6))):
        one = other()
        if one is None or not one.call or _FUTURE in one.source:
            continue
        names = _defined(one)
        lines += one.source.count("\n")
        if lines > MOST_LINES:
            break
        if not names & taken:
            taken |= names
            rng.choice((before, after)).append(one)
    return before, after


def _defined(program: Program) -> set[str]:
    """The names that the module of ``program`` binds."""
    return {
        name
        for node in ast.walk(ast.parse(program.source))
        for name in (
            [node.name]
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else [node.id]
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else []
        )
    }
