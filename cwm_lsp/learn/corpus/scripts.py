"""Functions as the scripts that they stand in: imports, definitions, and a few lines that use them."""

from __future__ import annotations

from random import Random

from cwm_lsp.learn.corpus.program import Program

SCRIPTS = 0.08
"""The share of programs that are run as scripts."""

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


def as_script(rng: Random, program: Program) -> Program:
    """``program`` as a script: its ``call`` is empty, for the file itself is run."""
    if _FUTURE in program.source:
        return program
    head = [_FUTURE] if rng.random() < 0.2 else []
    imports = rng.sample(_IMPORTS, rng.choice((0, 1, 1, 2, 2, 3)))
    head += [line for line in sorted(imports) if line not in program.source]
    if rng.random() < 0.4:
        head.append(rng.choice(_LIMITS))
    result = rng.choice(_RESULTS)
    assigned = f"{result} = {program.call}"
    end = rng.choice(
        (
            [assigned, f"text = repr({result})"],
            ['if __name__ == "__main__":', f"    {assigned}"],
            ["def main():", f"    {assigned}", f"    return {result}", "", "", "main()"],
            ["def main():", f"    {assigned}", "", "", 'if __name__ == "__main__":', "    main()"],
        )
    )
    source = "\n".join([*head, program.source.strip("\n"), "", *end])
    return Program(f"{source}\n", "", program.origin)
