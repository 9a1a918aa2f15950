"""Measure ways to score tokens under a language-model head: ``python kernels/bench/verify.py``.

Prints one JSON line for the machine and one for each way that ran, and for each that did not a line
with the reason. ``gb_s`` is the memory traffic that a way cannot avoid, hidden states, head and logits once
each, by its time; ``of_gemm`` the time of the bare multiplication by that of the way, which is its share of
what the matrix unit could do. Nothing is estimated: without a GPU there are no figures of one. ``--device
cpu`` measures the path of the CPU, at sizes that it can bear.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor

from cwm_kernels.head import Workspace, verify_head
from cwm_kernels.reference import verify_rows_ref

Way = Callable[[Tensor, Tensor, Tensor], object]

CHUNK = 1024
"""Rows of one piece of the chunked ways."""


def bare(hidden: Tensor, weight: Tensor, _: Tensor) -> Tensor:
    """The multiplication alone, which every other way contains."""
    return hidden @ weight.t()


def naive(hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Best token and target's logarithm from logits that stand whole."""
    logprob = (hidden @ weight.t()).float().log_softmax(-1)
    return logprob.argmax(-1), logprob.gather(1, targets[:, None])


def naive_full(hidden: Tensor, weight: Tensor, targets: Tensor) -> object:
    """Everything that ``verify_head`` returns, from logits that stand whole."""
    return verify_rows_ref(hidden @ weight.t(), targets, 8)


def chunked(hidden: Tensor, weight: Tensor, targets: Tensor) -> list[tuple[Tensor, Tensor]]:
    """:func:`naive`, some rows at a time."""
    parts = zip(hidden.split(CHUNK), targets.split(CHUNK), strict=True)
    return [naive(part, weight, given) for part, given in parts]


def liger() -> Way:
    """Liger's fused head and cross-entropy: the target's logarithm alone. Raises ``ImportError``."""
    from liger_kernel.transformers import LigerFusedLinearCrossEntropyLoss

    loss = LigerFusedLinearCrossEntropyLoss(reduction="none")
    return lambda hidden, weight, targets: loss(weight, hidden, targets)


def cut_cross_entropy() -> Way:
    """Apple's: the target's logarithm alone. Raises ``ImportError``."""
    from cut_cross_entropy import linear_cross_entropy

    return lambda hidden, weight, targets: linear_cross_entropy(hidden, weight, targets, reduction="none")


def ours(weight: Tensor, k: int, limit: int | None = None) -> Way:
    """``verify_head`` with its workspace."""
    workspace = Workspace(weight, limit)
    return lambda hidden, head, targets: verify_head(hidden, head, targets, k, workspace)


SPLIT_LIMIT = 16 << 20
"""Bytes of logits of the way that splits the vocabulary."""


def ways(weight: Tensor) -> dict[str, Callable[[], Way]]:
    """What is measured, by name."""
    return {
        "gemm alone": lambda: bare,
        "naive: argmax, logprob": lambda: naive,
        "naive: all": lambda: naive_full,
        "chunked: argmax, logprob": lambda: chunked,
        "chunked, torch.compile: argmax, logprob": lambda: torch.compile(chunked),
        "liger: logprob": liger,
        "cut cross-entropy: logprob": cut_cross_entropy,
        "verify_head": lambda: ours(weight, 0),
        "verify_head: all": lambda: ours(weight, 8),
        "verify_head in 16 MiB: all": lambda: ours(weight, 8, SPLIT_LIMIT),
    }


def measure(way: Way, case: tuple[Tensor, Tensor, Tensor], repeat: int) -> dict[str, object]:
    """Median milliseconds of ``repeat`` runs after three that do not count; on a GPU the peak of memory."""
    device = case[0].device
    for _ in range(3):
        way(*case)
    _finish(device)
    before = _allocated(device)
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        way(*case)
        _finish(device)
        times.append((time.perf_counter() - begin) * 1e3)
    row: dict[str, object] = {"ms": round(statistics.median(times), 3), "least_ms": round(min(times), 3)}
    if device.type == "cuda":
        row["extra_mb"] = round((torch.cuda.max_memory_allocated(device) - before) / 1e6, 1)
    return row


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _allocated(device: torch.device) -> int:
    if device.type != "cuda":
        return 0
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)


def machine(device: torch.device) -> dict[str, object]:
    """Where and with what."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "date": datetime.date.today().isoformat(),
        "device": gpu or platform.processor() or platform.machine(),
        "cuda": torch.version.cuda,
        "driver": _driver() if device.type == "cuda" else None,
        "torch": torch.__version__,
        "triton": _version("triton"),
        "threads": torch.get_num_threads(),
    }


def _driver() -> str | None:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    asked = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def main() -> None:
    """Measure every way that runs here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--width", type=int, default=6144)
    parser.add_argument("--vocabulary", type=int, default=128_256)
    parser.add_argument("--dtype", choices=("bfloat16", "float16", "float32"), default="bfloat16")
    parser.add_argument("--repeat", type=int, default=20)
    chosen = parser.parse_args()
    if chosen.device == "cuda" and not torch.cuda.is_available():
        print(json.dumps({"measured": None, "why": "There is no GPU here, so there are no figures of one."}))
        return
    device = torch.device(chosen.device)
    sizes = {name: getattr(chosen, name) for name in ("rows", "width", "vocabulary", "dtype")}
    print(json.dumps({**machine(device), **sizes}))
    torch.manual_seed(0)
    dtype = getattr(torch, chosen.dtype)
    hidden = torch.randn(chosen.rows, chosen.width, device=device, dtype=dtype)
    weight = torch.randn(chosen.vocabulary, chosen.width, device=device, dtype=dtype) / chosen.width**0.5
    targets = torch.randint(0, chosen.vocabulary, (chosen.rows,), device=device)
    report((hidden, weight, targets), chosen.repeat)


def report(case: tuple[Tensor, Tensor, Tensor], repeat: int) -> None:
    """Measure each way on ``case`` and print its line."""
    hidden, weight, _ = case
    moved = (hidden.numel() + weight.numel() + len(hidden) * len(weight)) * weight.element_size()
    gemm = 0.0
    with torch.inference_mode():
        for name, make in ways(weight).items():
            try:
                row = measure(make(), case, repeat)
            except (ImportError, RuntimeError) as error:  # not installed, out of memory, no compiler
                row = {"measured": None, "why": str(error).splitlines()[0]}
            else:
                took = float(str(row["ms"]))
                gemm = gemm or took
                row |= {"gb_s": round(moved / took / 1e6, 1), "of_gemm": round(gemm / took, 3)}
            print(json.dumps({"way": name, **row}))


if __name__ == "__main__":
    main()
