"""Benchmarks by name: what is measured, by whom, and how the table is written.

A benchmark is a function that yields :class:`Row` values, registered by :func:`benchmark`. A module
``tests/bench/bench_*.py`` is found by its name.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure. ``baseline`` is what it is held against, in the same ``unit``.

    ``better`` says which way is good, so that ``ratio`` above 1 always means better than the baseline.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    better: str = "higher"

    @property
    def ratio(self) -> float | None:
        """How many times better than the baseline."""
        if self.baseline is None or not self.baseline or not self.value:
            return None
        return self.value / self.baseline if self.better == "higher" else self.baseline / self.value


Benchmark = Callable[[], Iterator[Row]]
BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(name: str) -> Callable[[Benchmark], Benchmark]:
    """Register a benchmark, to be run by ``python -m tests.bench NAME``."""

    def register(function: Benchmark) -> Benchmark:
        BENCHMARKS[name] = function
        return function

    return register


def run(names: list[str]) -> dict[str, dict[str, Any]]:
    """Run the named benchmarks, or all; return their rows as they stand in ``measurements.json``."""
    measured: dict[str, dict[str, Any]] = {}
    for name in names or list(BENCHMARKS):
        for row in BENCHMARKS[name]():
            print(f"{row.name}: {_number(row.value)} {row.unit}{_against(row)}", flush=True)
            measured[row.name] = {
                "value": _rounded(row.value),
                "unit": row.unit,
                "baseline": None if row.baseline is None else _rounded(row.baseline),
                "ratio": None if row.ratio is None else _rounded(row.ratio),
                "machine": machine(),
                "date": datetime.now(UTC).date().isoformat(),
                "command": f"python -m tests.bench {name}",
            }
    return measured


def save(measured: dict[str, dict[str, Any]]) -> None:
    """Put rows into ``docs/measurements.json`` and ``.md``; rows that were not measured stay."""
    path = DOCS / "measurements.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known.update(measured)
    path.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (DOCS / "measurements.md").write_text(table(known), encoding="utf-8")


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        "# Measurements",
        "",
        "Written by `make bench`; do not edit. The same as JSON: [measurements.json](measurements.json).",
        "A ratio above 1 means better than the baseline. Timings on shared machines vary by about a quarter.",
        "",
        "| what | value | unit | baseline | ratio | date | machine | command |",
        "|---|---:|---|---:|---:|---|---|---|",
    ]
    for name, row in rows.items():
        cells = [name, _number(row["value"]), row["unit"], _number(row["baseline"])]
        ratio = "" if row["ratio"] is None else f"{_number(row['ratio'])} ×"
        cells += [ratio, row["date"], row["machine"], f"`{row['command']}`"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Processor, cores, system, our Python and how busy the machine is, in words."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if "model name" in line), name)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}{load}"


def _against(row: Row) -> str:
    if row.baseline is None or row.ratio is None:
        return ""
    return f" ({_number(row.ratio)} x {_number(row.baseline)})"


def _rounded(value: float) -> float:
    """Four significant digits: no more was measured."""
    return float(f"{value:.4g}")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
