"""What can be recorded under the real debugpy: functions, scripts, modules, tests, breakpoints working."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path

import pytest

from cwm_lsp.record import (
    Breakpoint,
    FunctionTarget,
    Limits,
    ModuleTarget,
    Options,
    Progress,
    PytestTarget,
    ScriptTarget,
    Stop,
    record,
)
from cwm_lsp.record.session import _PIECE
from cwm_lsp.trace.model import CutReason, EventKind
from tests.golden.harness import bare_trace, cores, found, versions_or_skip
from tests.record.programs import lines, quickly, traced, written

LOOP = """
    def f(n):
        total = 0
        for i in range(n):
            total += i
        return total
"""


@pytest.mark.parametrize("version", versions_or_skip())
async def test_breakpoints_stop_while_the_recorder_records(tmp_path: Path, version: str) -> None:
    path = written(tmp_path, LOOP)
    for core in cores(version):
        stops: list[Stop] = []

        async def on_stop(stop: Stop, stops: list[Stop] = stops) -> None:
            stops.append(stop)

        trace = await record(
            FunctionTarget(path, "f", "4"),
            Options(
                interpreter=found()[version],
                recorder=core,
                breakpoints=(Breakpoint(path, 5, "i % 2 == 1"), Breakpoint(path, 6)),
            ),
            on_stop=on_stop,
        )
        assert [(stop.reason, stop.line, stop.function) for stop in stops] == [
            ("breakpoint", 5, "f"),
            ("breakpoint", 5, "f"),
            ("breakpoint", 6, "f"),
        ]
        assert trace.recorder == core
        assert trace.cut is None
        assert lines(trace) == [3, *[4, 5] * 4, 4, 6]
        assert [e.locals["total"].text for e in trace.events if e.line == 5] == ["0", "0", "1", "3"]


@pytest.mark.parametrize("version", versions_or_skip())
async def test_probe_breakpoints_record_lines_and_leave_the_users_breakpoints(
    tmp_path: Path, version: str
) -> None:
    path = written(tmp_path, LOOP)
    stops: list[Stop] = []

    async def on_stop(stop: Stop) -> None:
        stops.append(stop)

    trace = await record(
        FunctionTarget(path, "f", "2"),
        Options(interpreter=found()[version], recorder="probe", breakpoints=(Breakpoint(path, 6),)),
        on_stop=on_stop,
    )
    assert lines(trace) == [3, 4, 5, 4, 5, 4, 6]
    assert trace.events[-1].locals["total"].text == "1"
    assert [stop.line for stop in stops] == [6]


async def test_script_with_arguments(tmp_path: Path) -> None:
    path = written(
        tmp_path, "import sys\nif __name__ == '__main__':\n    args = sys.argv[1:]\n    where = __file__\n"
    )
    trace = await bare_trace(ScriptTarget(path, ("a b", "ü")), Options())
    assert trace.entry == "<module>"
    assert trace.events[-1].locals["args"].text == "['a b', 'ü']"
    assert trace.events[-1].locals["where"].text == repr(path)


async def test_module_in_a_package(tmp_path: Path) -> None:
    written(tmp_path, "BASE = 2\n", "pack/__init__.py")
    path = written(tmp_path, "from . import BASE\nx = BASE + 1\n", "pack/tool.py")
    trace = await bare_trace(ModuleTarget("pack.tool"), Options(cwd=str(tmp_path)))
    assert os.path.samefile(trace.source.path, path)
    assert trace.events[-1].locals["x"].text == "3"


async def test_function_of_a_package_with_relative_imports(tmp_path: Path) -> None:
    written(tmp_path, "BASE = 2\n", "pack/__init__.py")
    path = written(tmp_path, "from . import BASE\ndef f():\n    return BASE\n", "pack/tool.py")
    trace = await quickly(path)
    assert trace.events[-1].value is not None
    assert trace.events[-1].value.text == "2"


async def test_nothing_is_left_beside_the_file_of_a_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    path = written(tmp_path, "def f():\n    return 2\n")
    await bare_trace(FunctionTarget(path, "f"), Options())
    assert [one.name for one in tmp_path.iterdir()] == [Path(path).name]


async def test_pytest_node_with_the_project_around_it(tmp_path: Path) -> None:
    written(tmp_path, "def double(n):\n    return n * 2\n", "lib.py")
    source = """
        import pytest
        from lib import double

        @pytest.fixture
        def three():
            return 3

        @pytest.mark.parametrize("extra", [1, 2])
        def test_double(three, extra):
            assert double(three) + extra == 7
    """
    path = written(tmp_path, source, "test_lib.py")
    trace = await record(PytestTarget(f"{path}::test_double[1]"), Options(cwd=str(tmp_path)))
    assert trace.entry == "test_double"
    assert [Path(file.path).name for file in trace.files] == ["test_lib.py", "lib.py"]
    assert [event.function for event in trace.events if event.kind is EventKind.CALL] == [
        "test_double",
        "double",
    ]
    assert dict(trace.events[0].locals).keys() == {"three", "extra"}
    assert trace.events[-1].value is not None


async def test_our_package_is_not_visible_to_the_program(tmp_path: Path) -> None:
    source = """
        import sys
        def f():
            try:
                import cwm_lsp
            except ImportError:
                ours = None
            agent = [p for p in sys.path if "agent" in p]
            return agent
    """
    other = next(
        (path for version, path in found().items() if not version.endswith(f".{sys.version_info[1]}")), None
    )
    if other is None:
        pytest.skip("no second interpreter on this machine")
    trace = await traced(written(tmp_path, source), interpreter=other)
    assert trace.events[-1].locals["ours"].text == "None"
    assert trace.events[-1].value is not None
    assert trace.events[-1].value.text == "[]"


async def test_sets_have_one_order_and_hashes_one_seed(tmp_path: Path) -> None:
    path = written(tmp_path, "def f():\n    s = {'a', 'b', 'c'}\n    h = hash('x')\n    return list(s)\n")
    first, second = [await traced(path) for _ in range(2)]
    assert first.events == second.events


async def test_what_on_stop_raises_comes_out_of_record(tmp_path: Path) -> None:
    async def on_stop(stop: Stop) -> None:
        raise LookupError(stop.line)

    path = written(tmp_path, LOOP)
    options = Options(breakpoints=(Breakpoint(path, 3),))
    with pytest.raises(LookupError):
        await record(FunctionTarget(path, "f", "3"), options, on_stop=on_stop)


@pytest.mark.parametrize("version", versions_or_skip())
async def test_a_recorder_that_was_displaced_says_so(tmp_path: Path, version: str) -> None:
    source = "import sys\ndef f():\n    sys.settrace(None)\n    return g()\n\ndef g():\n    return 1\n"
    options = {"interpreter": found()[version], "recorder": "settrace"}
    trace = await quickly(written(tmp_path, source), **options)
    assert trace.cut is not None
    assert trace.cut.reason is CutReason.DISPLACED
    assert "g" not in [event.function for event in trace.events]


@pytest.mark.parametrize("version", versions_or_skip())
async def test_what_locals_gave_and_finalisers_before_3_13(tmp_path: Path, version: str) -> None:
    """Reading a frame's locals changes the program's own view of them until 3.13 made that a copy."""
    source = """
        class Thing:
            def __del__(self):
                pass

        def f():
            x = 1
            names = locals()
            thing = Thing()
            thing = x = 2
            return names["x"]
    """
    trace = await quickly(written(tmp_path, source), interpreter=found()[version])
    copied = version >= "3.13"
    assert trace.events[-1].value is not None
    assert trace.events[-1].value.text == ("1" if copied else "2")
    assert ("__del__" in [event.function for event in trace.events]) is copied


@pytest.mark.parametrize("version", versions_or_skip())
async def test_bodies_of_modules_and_classes_give_nothing_back(tmp_path: Path, version: str) -> None:
    source = """
        class Base:
            def __init_subclass__(cls):
                pass

        class Derived(Base):
            def who(self):
                return __class__

        def f():
            return Derived

        f()
    """
    path = written(tmp_path, source)
    for core in cores(version):
        trace = await bare_trace(ScriptTarget(path), Options(interpreter=found()[version], recorder=core))
        ends = [event for event in trace.events if event.kind is EventKind.RETURN]
        gave = {event.function: event.value.text if event.value else None for event in ends}
        assert gave.keys() == {"Base", "Derived", "__init_subclass__", "f", "<module>"}
        assert {name for name, text in gave.items() if text is None} == {"Base", "Derived", "<module>"}
        assert not any(event.unwinding for event in ends)


@pytest.mark.parametrize("version", versions_or_skip())
async def test_recursion_to_the_end_is_recorded_or_said_to_be_cut(tmp_path: Path, version: str) -> None:
    source = """
        def f():
            try:
                dive(0)
            except RecursionError:
                caught = True
            after = 1
            return after

        def dive(n):
            return dive(n + 1)
    """
    limits = Limits(depth=5000)
    trace = await quickly(written(tmp_path, source), interpreter=found()[version], limits=limits)
    whole = trace.events[-1].function == "f" and trace.events[-1].value is not None
    assert whole or (trace.cut is not None and trace.cut.reason is CutReason.DISPLACED)
    assert len(trace.events) > 1000


async def test_progress_tells_stages_in_order(tmp_path: Path) -> None:
    told: list[Progress] = []
    await record(FunctionTarget(written(tmp_path, LOOP), "f", "3"), progress=told.append)
    stages = list(dict.fromkeys(progress.stage for progress in told))
    assert stages == ["starting", "running", "reading"]
    assert told[-1].events == 11


async def test_a_program_that_outruns_its_reader_holds_nothing_else_up(tmp_path: Path) -> None:
    told: list[Progress] = []
    trace = await record(FunctionTarget(written(tmp_path, LOOP), "f", "40_000"), progress=told.append)
    counts = [progress.events for progress in told]
    most = max(after - before for before, after in itertools.pairwise(counts))
    assert len(trace.events) == counts[-1] > 80_000
    # The loop gets its turn after each piece; an event has eight bytes at the least.
    assert most <= _PIECE / 8


@pytest.mark.skipif(sys.platform == "win32", reason="looks for processes with os.kill(pid, 0)")
async def test_cancelling_leaves_no_process(tmp_path: Path) -> None:
    source = f"""
        import os, subprocess, sys
        def f():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            with open({str(tmp_path / "pids")!r}, "w") as file:
                file.write(f"{{os.getpid()}} {{child.pid}}")
            os.rename({str(tmp_path / "pids")!r}, {str(tmp_path / "ready")!r})
            while True:
                pass
    """
    target = FunctionTarget(written(tmp_path, source), "f")
    running = asyncio.create_task(record(target, Options(limits=Limits(events=10**9, seconds=60))))
    while not (tmp_path / "ready").exists():
        await asyncio.sleep(0.02)
        assert not running.done(), running.exception()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    pids = [int(pid) for pid in (tmp_path / "ready").read_text().split()]
    while any(map(_alive, pids)):
        await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    """Whether a process still runs; one that nobody has waited for yet does not."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc/self").exists()
