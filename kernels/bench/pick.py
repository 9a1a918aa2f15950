"""Measure the masked choice of a token: ``python kernels/bench/pick.py``. Prints lines as ``verify.py`` does.

A pick is small work: what counts is how many launches it takes. ``gb_s`` is one read of the logits and of the
mask by the time of a pick.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable

import torch
from torch import Tensor
from verify import machine, timed

from cwm_kernels.paths import path
from cwm_kernels.reference import masked_pick_ref, pack, unpack

ROWS = (1, 16, 64)


def naive(logits: Tensor, bits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The best allowed token, its logarithm and the allowed share, as one would write it down."""
    allowed = unpack(bits, logits.shape[1])
    limited = logits.float().masked_fill(~allowed, -torch.inf)
    best = limited.log_softmax(1).max(1)
    return best.indices, best.values, limited.logsumexp(1) - logits.float().logsumexp(1)


def main() -> None:
    """Measure each way at each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--vocabulary", type=int, default=128_256)
    parser.add_argument("--repeat", type=int, default=50)
    chosen = parser.parse_args()
    if chosen.device == "cuda" and not torch.cuda.is_available():
        print(json.dumps({"measured": None, "why": "There is no GPU here, so there are no figures of one."}))
        return
    device = torch.device(chosen.device)
    print(json.dumps({**machine(device), "vocabulary": chosen.vocabulary, "dtype": "bfloat16"}), flush=True)
    torch.manual_seed(0)
    for rows in ROWS:
        logits = torch.randn(rows, chosen.vocabulary, device=device, dtype=torch.bfloat16)
        bits = pack(torch.rand(rows, chosen.vocabulary, device=device) < 0.1)
        draws = torch.rand(rows, device=device)
        pick = path(device).masked_pick
        ways: dict[str, Callable[[], object]] = {
            "naive": lambda logits=logits, bits=bits: naive(logits, bits),
            "reference": lambda logits=logits, bits=bits: masked_pick_ref(logits, bits),
            "masked_pick": lambda logits=logits, bits=bits, pick=pick: pick(logits, bits),
            "masked_pick, drawn": lambda logits=logits, bits=bits, draws=draws, pick=pick: pick(
                logits, bits, 1.0, draws
            ),
        }
        moved = logits.numel() * logits.element_size() + bits.numel() * bits.element_size()
        with torch.inference_mode():
            for name, way in ways.items():
                took = statistics.median(timed(way, chosen.repeat, device))
                row = {"way": name, "rows": rows, "ms": round(took, 4), "gb_s": round(moved / took / 1e6, 1)}
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
