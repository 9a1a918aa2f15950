"""Compiles the kernels for GPUs that need not be there: ``python -m tests.kernels.compiled``.

Triton and the assembler that it brings go all the way to machine code. One line of JSON for each kernel says
for what it was compiled and with how many bytes.
"""

from __future__ import annotations

import json
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from cwm_kernels import masked, rows

CARDS = (80, 90)
"""Compute capabilities: of A100 and of H100."""

_FIXED = {"TILE": rows.TILE, "FAR": rows.FAR}


def main() -> None:
    """Compile everything."""
    for card in CARDS:
        for kind in ("bf16", "fp16", "fp32"):
            verify = {
                **{"logits": f"*{kind}", "targets": "*i64", "givens": f"*{kind}"},
                **{"numbers": "*fp32", "ids": "*i64", "top": "*i64", "top_logit": "*fp32"},
                **dict.fromkeys(("vocabulary", "rows", "row_stride", "column_stride"), "i32"),
            }
            for given, k in ((False, 0), (False, 8), (True, 8)):
                fixed = {"GIVEN": given, "K": k, "SLOTS": max(k, 1), **_FIXED}
                report(rows._verify, verify, fixed, card)
            pick = {
                **{
                    "logits": f"*{kind}",
                    "bits": "*i32",
                    "draws": "*fp32",
                    "tokens": "*i64",
                    "numbers": "*fp32",
                },
                **dict.fromkeys(("vocabulary", "rows", "row_stride", "column_stride", "bits_stride"), "i32"),
                "temperature": "fp32",
            }
            for drawn in (False, True):
                report(masked._pick, pick, {"DRAWN": drawn, **_FIXED}, card)


def report(kernel: Any, signature: dict[str, str], fixed: dict[str, Any], card: int) -> None:
    """Compile one kernel and print its line."""
    whole = signature | dict.fromkeys(fixed, "constexpr")
    made = triton.compile(ASTSource(kernel, whole, fixed), target=GPUTarget("cuda", card, 32))
    facts = {
        "kernel": kernel.__name__,
        "card": card,
        "logits": signature["logits"],
        "bytes": len(made.asm["cubin"]),
    }
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
