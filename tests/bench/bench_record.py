"""How fast a run is recorded under debugpy, against stepping it and against other tracers.

Every figure is line events of the same workload per second. Each is the best of several runs: what is
left then is the tracer and not the machine's other work.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cwm_lsp.record import FunctionTarget, Limits, Options, record
from tests.bench.registry import Row, benchmark
from tests.bench.stepping import STOCK, everything, snapshot, steps_a_second
from tests.bench.workload import LINES_A_TURN
from tests.golden.harness import found

UNIT = "events/s"
TURNS = 20_000
FEWER = 4_000
RUNS = 3
STOCK_STEPS, BEST_STEPS = 40, 400
_HERE = Path(__file__).parent
_OURS = "{}.{}".format(*sys.version_info[:2])


def recorded(version: str, core: str = "auto", turns: int = TURNS) -> float:
    """Events per second of our recorder under debugpy, changed values written."""
    target = FunctionTarget(str(_HERE / "workload.py"), "loop", str(turns))
    limits = Limits(events=10_000_000, bytes=1 << 30, seconds=120)
    options = Options(interpreter=found()[version], recorder=core, limits=limits)
    traces = [asyncio.run(record(target, options)) for _ in range(RUNS)]
    return max(len(trace.events) / trace.seconds for trace in traces)


def traced(tracer: str, turns: int) -> float:
    """Line events per second of a tracer without a debugger."""
    command = [sys.executable, str(_HERE / "tracers.py"), tracer, str(turns)]
    seconds = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        for _ in range(RUNS)
    ]
    return turns * LINES_A_TURN / min(seconds)


@benchmark("record")
def record_speed() -> Iterator[Row]:
    """Our recorder on this Python, then what it is held against, in one run."""
    ours = recorded(_OURS)
    name = f"recording under debugpy, Python {_OURS}"
    yield Row(name, ours, UNIT)
    stock = asyncio.run(steps_a_second(STOCK, everything, STOCK_STEPS))
    yield Row(f"{name}, against stepping stock debugpy with stack and variables", ours, UNIT, stock)
    best = asyncio.run(steps_a_second((), snapshot, BEST_STEPS))
    yield Row(f"{name}, against the best that stepping can do", ours, UNIT, best)
    for tracer, words, turns in (
        ("settrace", "plain sys.settrace with the same rendering, no debugger", TURNS),
        ("pysnooper", "PySnooper, no debugger", FEWER),
        ("viztracer", "VizTracer with variable logging, no debugger", TURNS),
    ):
        yield Row(f"{name}, against {words}", ours, UNIT, traced(tracer, turns))


@benchmark("record-versions")
def record_versions() -> Iterator[Row]:
    """Our recorder on every Python here, and by probe breakpoints."""
    for version in sorted(found()):
        if version != _OURS and version in ("3.10", "3.11", "3.12", "3.13"):
            yield Row(f"recording under debugpy, Python {version}", recorded(version), UNIT)
    yield Row(f"recording by probe breakpoints, Python {_OURS}", recorded(_OURS, "probe", FEWER), UNIT)
