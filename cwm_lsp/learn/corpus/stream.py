"""An endless mixture of generated programs, mutants and real functions: training without a corpus on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from cwm_lsp.learn.corpus.dedup import Exclusions
from cwm_lsp.learn.corpus.mutate import mutated
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.programs import MIX, generate
from cwm_lsp.learn.corpus.scripts import SCRIPTS, as_script

WEIGHTS: Mapping[str, float] = {"generated": 0.58, "mutant": 0.10, "real": 0.24, "real_mutant": 0.08}
"""Shares of the stream. Without real functions theirs go to ``generated``."""


def stream(
    seed: int | str,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    real: Sequence[Program] = (),
    mix: Mapping[str, float] = MIX,
    exclusions: Exclusions | None = None,
) -> Iterator[Program]:
    """Programs without end; equal arguments give equal streams.

    ``weights`` are shares of ``generated``, ``mutant``, ``real`` and ``real_mutant`` programs, ``mix`` those
    of :data:`.programs.MIX` within the generated. Copies of what ``exclusions`` hold are left out. Workers
    take different seeds, as ``f"{seed}/{worker}"``.
    """
    rng = Random(str(seed))
    kinds = [kind for kind in weights if real or not kind.startswith("real")]
    shares = [weights[kind] for kind in kinds]

    def draw() -> Program | None:
        kind = rng.choices(kinds, shares)[0]
        drawn: Program | None = rng.choice(real) if kind.startswith("real") else generate(rng, mix)
        if drawn is not None and kind.endswith("mutant"):
            drawn = mutated(rng, drawn)
        excluded = drawn is not None and exclusions is not None and exclusions.holds(drawn.source)
        return None if excluded else drawn

    while True:
        program = draw()
        if program is not None and rng.random() < SCRIPTS:
            program = as_script(rng, program, draw)
        if program is not None:
            yield program
