"""One process of the training benchmark: tokens a second of updates, printed by the first process.

``python -m tests.bench.training THREADS plain|compiled``, or as many of it as ``torchrun`` starts.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.learn.model import ModelShape, WorldModel
from cwm_lsp.learn.ranks import Ranks
from cwm_lsp.learn.train import TrainOptions, make_optimizers, update

SHAPES = ((12, 300), (6, 600))
"""Sequences by tokens of the batches, those that training sees most of."""

_ROUNDS = 6


def main() -> None:
    """Measure."""
    threads, way = int(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    ranks = Ranks.join()
    model = WorldModel(ModelShape(v.SIZE)).to(ranks.device)
    if way == "compiled":
        model.compile(dynamic=True)
    optimizers = make_optimizers(model, TrainOptions(out=Path()))
    for count in (2, _ROUNDS):  # the first rounds compile and warm up
        start = time.perf_counter()
        for _ in range(count):
            for rows, length in SHAPES:
                ids = torch.randint(v.SIZE, (rows, length), device=ranks.device)
                update(model, optimizers, ids, torch.ones(rows, length, device=ranks.device), ranks)
        seconds = time.perf_counter() - start
    if ranks.first:
        print(ranks.size * _ROUNDS * sum(rows * length for rows, length in SHAPES) / seconds)
    ranks.leave()


if __name__ == "__main__":
    main()
