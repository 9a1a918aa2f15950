"""The generator: one table of weights, one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from cwm_lsp.learn.corpus.functions import grammar
from cwm_lsp.learn.corpus.idioms import hard_idiom, idiom
from cwm_lsp.learn.corpus.micro import micro
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.restyle import restyled

MIX: Mapping[str, float] = {"micro": 0.25, "grammar": 0.35, "idiom": 0.22, "hard": 0.18}
"""Shares of the kinds: ``hard`` are exceptions, long loops, recursion and classes."""

_KINDS: dict[str, Callable[[Random], Program]] = {
    "micro": micro,
    "grammar": grammar,
    "idiom": idiom,
    "hard": hard_idiom,
}


def generate(rng: Random, mix: Mapping[str, float] = MIX) -> Program:
    """One program. The same state of ``rng`` gives the same program on every machine."""
    kind = rng.choices(tuple(mix), tuple(mix.values()))[0]
    return restyled(rng, _KINDS[kind](rng))


__all__ = ["MIX", "Program", "generate"]
