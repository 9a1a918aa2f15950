"""How fast a run is recorded under debugpy, against stepping it and against other tracers.

Every figure is line events of the same workload per second, the best of several rounds: what is left then
is the tracer and not the machine's other work. All take their turn in each round, so that a busy minute
does not fall on one of them alone.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from cwm_lsp.record import FunctionTarget, Limits, Options, record
from tests.bench.registry import Row, benchmark
from tests.bench.stepping import STOCK, Look, everything, snapshot, steps_a_second
from tests.bench.workload import LINES_A_TURN
from tests.golden.harness import VERSIONS, found

UNIT = "events/s"
TURNS = 20_000
FEWER = 4_000
ROUNDS = 3
STOCK_STEPS, BEST_STEPS = 20, 300
_HERE = Path(__file__).parent
_OURS = "{}.{}".format(*sys.version_info[:2])


def recorded(version: str, core: str = "auto", turns: int = TURNS) -> float:
    """Events per second of our recorder under debugpy, changed values written; one run."""
    target = FunctionTarget(str(_HERE / "workload.py"), "loop", str(turns))
    limits = Limits(events=10_000_000, bytes=1 << 30, seconds=120)
    options = Options(interpreter=found()[version], recorder=core, limits=limits)
    trace = asyncio.run(record(target, options))
    return len(trace.events) / trace.seconds


def traced(tracer: str, turns: int) -> float:
    """Line events per second of a tracer without a debugger; one run in a process of its own."""
    command = [sys.executable, str(_HERE / "tracers.py"), tracer, str(turns)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return turns * LINES_A_TURN / float(ended.stdout.splitlines()[-1])


def stepped(adapter: tuple[str, ...], look: Look, steps: int) -> float:
    """Steps per second through debugpy."""
    return asyncio.run(steps_a_second(adapter, look, steps))


RIVALS: dict[str, Callable[[], float]] = {
    "stepping stock debugpy with stack and variables": lambda: stepped(STOCK, everything, STOCK_STEPS),
    "the best that stepping can do": lambda: stepped((), snapshot, BEST_STEPS),
    "plain sys.settrace with the same rendering, no debugger": lambda: traced("settrace", TURNS),
    "PySnooper, no debugger": lambda: traced("pysnooper", FEWER),
    "VizTracer with variable logging, no debugger": lambda: traced("viztracer", TURNS),
}


@benchmark("record")
def record_speed() -> Iterator[Row]:
    """Our recorder on this Python and what it is held against, in one run."""
    best = dict.fromkeys(("", *RIVALS), 0.0)
    for _ in range(ROUNDS):
        best[""] = max(best[""], recorded(_OURS))
        for rival, measure in RIVALS.items():
            best[rival] = max(best[rival], measure())
    name = f"recording under debugpy, Python {_OURS}"
    yield Row(name, best[""], UNIT)
    for rival in RIVALS:
        yield Row(f"{name}, against {rival}", best[""], UNIT, best[rival])


@benchmark("record-versions")
def record_versions() -> Iterator[Row]:
    """Our recorder on every other Python here, and by probe breakpoints."""
    for version in VERSIONS:
        if version != _OURS and version in found():
            best = max(recorded(version) for _ in range(ROUNDS))
            yield Row(f"recording under debugpy, Python {version}", best, UNIT)
    best = max(recorded(_OURS, "probe", FEWER) for _ in range(ROUNDS))
    yield Row(f"recording by probe breakpoints, Python {_OURS}", best, UNIT)
