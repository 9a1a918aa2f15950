"""Golden traces: small programs, on every Python here, under every recorder core.

The fast tests run the agent alone; the same agent under debugpy is run with two programs on each Python, and
with ``FULL=1`` with every program on the oldest and the newest, which have different recorder cores.
"""

from __future__ import annotations

import asyncio

import pytest

from cwm_lsp.record import Options, record
from tests.golden.harness import (
    PROGRAMS,
    VERSIONS,
    cores,
    expected,
    found,
    picture,
    run_bare,
    target,
)

CASES = [(name, version, core) for name in PROGRAMS for version in VERSIONS for core in cores(version)]
DIFFERS_UNDER_SETTRACE = {"generators", "comprehensions", "containers"}
"""On 3.12 and later ``sys.settrace`` reports a line again for each turn of a comprehension or generator
expression; recorded traces are compared after normalising, which folds these."""


@pytest.mark.parametrize(("name", "version", "core"), CASES)
def test_agent(name: str, version: str, core: str) -> None:
    if version not in found():
        pytest.skip(f"no Python {version} on this machine")
    reader = run_bare(target(name), Options(interpreter=found()[version], recorder=core))
    assert reader.problems == 0
    assert reader.header["recorder"] == core
    lines = picture(reader.events)
    if version >= "3.12" and core == "settrace" and name in DIFFERS_UNDER_SETTRACE:
        missing = set(expected(name, version)) - set(lines)
        assert all(" | " in line for line in missing)
    else:
        assert lines == expected(name, version)


QUICK = ("classes", "exceptions")
OTHERS = [name for name in PROGRAMS if name not in QUICK]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", QUICK)
def test_under_debugpy(name: str, version: str) -> None:
    check_under_debugpy(name, version)


@pytest.mark.full
@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
@pytest.mark.parametrize("name", OTHERS)
def test_every_program_under_debugpy(name: str, version: str) -> None:
    check_under_debugpy(name, version)


def check_under_debugpy(name: str, version: str) -> None:
    if version not in found():
        pytest.skip(f"no Python {version} on this machine")
    trace = asyncio.run(record(target(name), Options(interpreter=found()[version])))
    assert trace.cut is None
    assert trace.recorder == cores(version)[0]
    assert trace.python.startswith(version + ".")
    assert picture(trace.events) == expected(name, version)
