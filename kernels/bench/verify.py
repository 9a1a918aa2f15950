"""Measure ways to score tokens under a language-model head: ``python kernels/bench/verify.py``.

Prints one JSON line for the machine and one for each way that ran, and for each that did not a line
with the reason; the last line holds the ratios that are aimed at. Of each way:

``gb_s``      the memory traffic of its parts, hidden states, head and logits once each, by its time
``of_gemm``   the time of the bare multiplication by that of the way
``roofline``  the least time that the machine could need by that of the way: for the multiplication at the
              rate of a large one, or for reading hidden states and head at that of a copy, which are measured
``extra_mb``  the peak of memory while it ran, less what stood before it was made, so workspaces count

Nothing is estimated: without a GPU there are no figures of one. ``--device cpu`` measures the path of the
CPU, at sizes that it can bear.
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
from cwm_kernels.paths import path
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


GEMM, NAIVE, NAIVE_FULL = "gemm alone", "naive: argmax, logprob", "naive: all"
OURS, OURS_FULL = "verify_head", "verify_head: all"

SPLIT_LIMIT = 16 << 20
"""Bytes of logits of the way that splits the vocabulary."""


def ways(weight: Tensor) -> dict[str, Callable[[], Way]]:
    """What is measured, by name."""
    return {
        GEMM: lambda: bare,
        NAIVE: lambda: naive,
        NAIVE_FULL: lambda: naive_full,
        "chunked: argmax, logprob": lambda: chunked,
        "chunked, torch.compile: argmax, logprob": lambda: torch.compile(chunked),
        "liger: logprob": liger,
        "cut cross-entropy: logprob": cut_cross_entropy,
        OURS: lambda: ours(weight, 0),
        OURS_FULL: lambda: ours(weight, 8),
        "verify_head in 16 MiB: all": lambda: ours(weight, 8, SPLIT_LIMIT),
    }


def measure(make: Callable[[], Way], case: tuple[Tensor, Tensor, Tensor], repeat: int) -> dict[str, object]:
    """Milliseconds of ``repeat`` runs, median and least; on a GPU the peak of memory, ``make`` included."""
    device = case[0].device
    before = _allocated(device)
    way = make()
    times = timed(lambda: way(*case), repeat, device)
    row: dict[str, object] = {"ms": round(statistics.median(times), 4), "least_ms": round(min(times), 4)}
    if device.type == "cuda":
        row["extra_mb"] = round((torch.cuda.max_memory_allocated(device) - before) / 1e6, 1)
    return row


def timed(run: Callable[[], object], repeat: int, device: torch.device) -> list[float]:
    """Milliseconds of each of ``repeat`` runs, after three that do not count."""
    times = []
    for number in range(repeat + 3):
        _finish(device)
        begin = time.perf_counter()
        run()
        _finish(device)
        if number >= 3:
            times.append((time.perf_counter() - begin) * 1e3)
    return times


def ceilings(device: torch.device, dtype: torch.dtype, size: int) -> dict[str, float]:
    """What the machine does at best: 10^12 operations a second of a product, 10^9 bytes of a copy."""
    square = torch.randn(size, size, device=device, dtype=dtype)
    product = torch.empty_like(square)
    multiplied = min(timed(lambda: torch.mm(square, square, out=product), 5, device)) / 1e3
    source = torch.empty(size * size * 8, device=device, dtype=dtype)
    copy = torch.empty_like(source)
    copied = min(timed(lambda: copy.copy_(source), 5, device)) / 1e3
    moved = 2 * source.numel() * source.element_size()
    return {"tflop_s": 2 * size**3 / multiplied / 1e12, "copy_gb_s": moved / copied / 1e9}


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
        "path": path(device).why,
        "threads": torch.get_num_threads(),
    }


def _driver() -> str | None:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    asked = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return said[0] if said else None


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
    parser.add_argument("--square", type=int, default=8192, help="side of what ceilings are measured with")
    chosen = parser.parse_args()
    if chosen.device == "cuda" and not torch.cuda.is_available():
        print(json.dumps({"measured": None, "why": "There is no GPU here, so there are no figures of one."}))
        return
    device = torch.device(chosen.device)
    sizes = {name: getattr(chosen, name) for name in ("rows", "width", "vocabulary", "dtype")}
    dtype = getattr(torch, chosen.dtype)
    best = ceilings(device, dtype, chosen.square)
    print(
        json.dumps({**machine(device), **sizes, **{name: round(best[name], 1) for name in best}}), flush=True
    )
    torch.manual_seed(0)
    hidden = torch.randn(chosen.rows, chosen.width, device=device, dtype=dtype)
    weight = torch.randn(chosen.vocabulary, chosen.width, device=device, dtype=dtype) / chosen.width**0.5
    targets = torch.randint(0, chosen.vocabulary, (chosen.rows,), device=device)
    print(json.dumps(aims(report((hidden, weight, targets), chosen.repeat, best))))


def report(
    case: tuple[Tensor, Tensor, Tensor], repeat: int, best: dict[str, float]
) -> dict[str, dict[str, object]]:
    """Measure each way on ``case``, print its line, and return those that ran."""
    hidden, weight, _ = case
    item = weight.element_size()
    read = (hidden.numel() + weight.numel()) * item
    moved = read + len(hidden) * len(weight) * item
    operations = 2 * hidden.numel() * len(weight)
    least = 1e3 * max(operations / best["tflop_s"] / 1e12, read / best["copy_gb_s"] / 1e9)
    rows: dict[str, dict[str, object]] = {}
    with torch.inference_mode():
        for name, make in ways(weight).items():
            try:
                row = measure(make, case, repeat)
            except Exception as error:  # not installed, out of memory, no compiler: what others raise
                why = (str(error).splitlines() or [type(error).__name__])[0]
                print(json.dumps({"way": name, "measured": None, "why": why}), flush=True)
                continue
            took = float(str(row["ms"]))
            gemm = float(str(rows[GEMM]["ms"])) if rows else took
            row |= {"gb_s": round(moved / took / 1e6, 1), "of_gemm": round(gemm / took, 3)}
            rows[name] = row | {"roofline": round(least / took, 3)}
            print(json.dumps({"way": name, **rows[name]}), flush=True)
    return rows


def aims(rows: dict[str, dict[str, object]]) -> dict[str, object]:
    """The ratios that are aimed at, of the ways that ran."""

    def ratio(one: str, other: str) -> float | None:
        if one not in rows or other not in rows:
            return None
        return round(float(str(rows[one]["ms"])) / float(str(rows[other]["ms"])), 3)

    return {
        "verify_head by gemm alone (aim 1.08 at most)": ratio(OURS, GEMM),
        "naive by verify_head: argmax, logprob (aim 1.3)": ratio(NAIVE, OURS),
        "naive by verify_head: all (aim 5)": ratio(NAIVE_FULL, OURS_FULL),
        "extra_mb of verify_head: all (aim 300 at most)": rows.get(OURS_FULL, {}).get("extra_mb"),
    }


if __name__ == "__main__":
    main()
