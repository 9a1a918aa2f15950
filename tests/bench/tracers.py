"""The workload under a tracer without a debugger, in a process of its own: ``tracers.py NAME TURNS``.

Prints the seconds that the call took. Each tracer writes every changed value of every line.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from cwm_lsp.trace.render import Renderer
from tests.bench.workload import loop


def plain_settrace(turns: int) -> float:
    """``sys.settrace`` and our rendering of all locals at each line, changes written to a file."""
    render = Renderer().render
    with tempfile.TemporaryFile("w") as file:
        last: dict[str, Any] = {}

        def trace(frame: FrameType, event: str, arg: Any) -> Any:
            if frame.f_code is not loop.__code__:
                return None
            shown = {name: render(value) for name, value in frame.f_locals.items()}
            changed = {name: value[0] for name, value in shown.items() if last.get(name) != value}
            last.update(shown)
            file.write(f"{event} {frame.f_lineno} {changed}\n")
            return trace

        start = time.perf_counter()
        sys.settrace(trace)
        loop(turns)
        sys.settrace(None)
        return time.perf_counter() - start


def pysnooper(turns: int) -> float:
    """PySnooper, which writes each line and each changed variable."""
    import pysnooper as snooper

    with tempfile.TemporaryDirectory() as folder:
        snooped = snooper.snoop(os.path.join(folder, "log"))(loop)
        start = time.perf_counter()
        snooped(turns)
        return time.perf_counter() - start


def viztracer(turns: int) -> float:
    """VizTracer logging every variable of the workload, its report saved as it would be used."""
    from viztracer import VizTracer
    from viztracer.code_monkey import CodeMonkey

    path = Path(__file__).with_name("workload.py")
    monkey = CodeMonkey(str(path))
    monkey.add_instrument("log_var", {"varnames": [".*"]})
    tree = monkey.compile(path.read_bytes(), str(path), "exec")
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "result.json")
        tracer = VizTracer(output_file=output, verbose=0, tracer_entries=10_000_000)
        names: dict[str, Any] = {"__name__": "workload", "__viz_tracer__": tracer}
        exec(tree, names)
        start = time.perf_counter()
        tracer.start()
        names["loop"](turns)
        tracer.stop()
        tracer.save()
        return time.perf_counter() - start


TRACERS = {"settrace": plain_settrace, "pysnooper": pysnooper, "viztracer": viztracer}

if __name__ == "__main__":
    print(TRACERS[sys.argv[1]](int(sys.argv[2])))
