"""The unit of the corpus: a self-contained module and one call into it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """A module ``source``, the ``call`` to trace (as ``f([3, 1], 'ab')``) and where it came from.

    Where ``call`` is empty, the run of the module itself is traced.

    ``origin`` is ``kind:detail``, as ``micro:slice``, ``idiom:two_sum``, ``mutant:grammar`` or ``real:mbpp``.
    """

    source: str
    call: str
    origin: str
