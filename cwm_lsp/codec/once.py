"""What was worked out of a state is not worked out again while the state is the same.

Between two events the same is asked many times over, of frames and slices that never change: which lines can
follow, whether a call comes first, which names are due. States hold mappings and are large, so that they are
known by identity and not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_KEPT = 4
"""Results that are kept: a statement asks of its own frame and of those around it."""


def once(function: Callable[P, T]) -> Callable[P, T]:
    """``function``, which gives the very same result again for the very same arguments.

    They must be immutable, and nobody may change the result. The last few are kept, with their arguments.
    """
    recent: tuple[tuple[tuple[int, ...], object, T], ...] = ()

    @wraps(function)
    def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
        nonlocal recent
        which = (*map(id, args), *map(id, kwargs.values()))
        for before, _, result in recent:  # one tuple at a time, so that threads need no lock
            if before == which:
                return result
        result = function(*args, **kwargs)
        recent = ((which, (args, kwargs), result), *recent[: _KEPT - 1])  # what is held keeps its identity
        return result

    return remembered
