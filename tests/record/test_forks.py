"""A recording and the children that the program forks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cwm_lsp.record import (
    Limits,
)
from tests.golden.harness import found, versions_or_skip
from tests.record.programs import lines, quickly, traced, written


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("version", versions_or_skip())
async def test_a_forked_child_leaves_the_recording_alone(tmp_path: Path, version: str) -> None:
    source = """
        import os
        def f():
            pid = os.fork()
            if pid == 0:
                for i in range(100):
                    x = i
                os._exit(0)
            os.waitpid(pid, 0)
            return 1
    """
    trace = await quickly(written(tmp_path, source), interpreter=found()[version])
    assert trace.cut is None
    assert lines(trace) == [4, 5, 9, 10]


FORKS = """
    import os, sys

    def child_exits():
        pid = os.fork()
        if pid == 0:
            sys.exit(0)
        os.waitpid(pid, 0)
        total = 0
        for i in range(5):
            total += i
        return total

    def both_return():
        pid = os.fork()
        total = 0
        for i in range(5):
            total += i
        if pid:
            os.waitpid(pid, 0)
        return total

    def dive(n):
        return dive(n - 1) if n else 0

    def child_dives():
        pid = os.fork()
        if pid:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return dive(50)
"""
FORKED = {
    "child_exits": ([5, 6, 8, 9, *[10, 11] * 5, 10, 12], "10"),
    "both_return": ([15, 16, *[17, 18] * 5, 17, 19, 20, 21], "10"),
    "child_dives": ([27, 28, 29], "0"),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("function", FORKED)
@pytest.mark.parametrize("version", versions_or_skip())
async def test_a_forked_child_that_ends_as_usual_does_not_end_the_recording(
    tmp_path: Path, version: str, function: str
) -> None:
    path, limits = written(tmp_path, FORKS), Limits(depth=10, seconds=20)
    interpreter = found()[version]
    trace = await quickly(path, function, interpreter=interpreter, limits=limits)
    ran, result = FORKED[function]
    assert trace.cut is None
    assert lines(trace) == ran
    assert trace.events[-1].value is not None
    assert trace.events[-1].value.text == result


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("function", ["child_exits", "both_return"])
async def test_a_forked_child_under_debugpy(tmp_path: Path, function: str) -> None:
    trace = await traced(written(tmp_path, FORKS), function)
    assert trace.cut is None
    assert lines(trace) == FORKED[function][0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
async def test_a_child_forked_on_import_is_not_recorded(tmp_path: Path) -> None:
    source = """
        import os
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
        def f():
            return bool(pid)
    """
    trace = await quickly(written(tmp_path, source))
    assert trace.cut is None
    assert lines(trace) == [7]
    assert trace.events[-1].value is not None
    assert trace.events[-1].value.text == "True"
