"""``cwm-lsp view``: saved runs read back as they were, the address printed, a run shown as it grows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from cwm_lsp.align.compare import compare
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.cli import payload
from cwm_lsp.cli.saved import load
from cwm_lsp.errors import SourceError
from cwm_lsp.features.results import Call, Compared, Predicted, Recorded
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace import json as trace_json
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.web.sheet import Sheet
from cwm_lsp.web.tables import Shown, table_of
from cwm_lsp.wire.loopback import SUBPROTOCOL
from tests.cli.running import COMMAND, cwm, environment
from tests.features.world import forced

MODEL = BackendInfo("embedded", "small", "compact", 4096, 900)
SOURCE = """\
class Bare:
    __slots__ = ()

def halves(xs, bare=None):
    found = []
    for x in sorted(x // 2 for x in xs):
        found.append(x)
    many = list(range(1000))
    if not found:
        raise ValueError("nothing")
    return found
"""
SLOW = """\
import sys

def steps(gate):
    for n in range(5):
        seen = n * 2
    with open(gate) as file:
        file.read()
    return seen
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def ran(shop: Path, call: str = "halves([4, 9, 2], Bare())") -> Trace:
    return normalise(trace_call(SOURCE, call, Limits(), path=str(shop)))


def saved(folder: Path, data: object) -> Path:
    path = folder / "run.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def texts(result: Recorded | Compared | Predicted) -> list[Any]:
    """All that the page would say of a result, but for the sizes and types that ``--json`` leaves out."""
    table = table_of(Shown("", result))
    steps = range(len(table.events))
    return [
        [one.text.partition("…")[0] for one in (*table.values(step), *table.outcome(step))] for step in steps
    ]


# --- saved runs ----------------------------------------------------------------------------------


def test_an_exact_trace_is_read_back_exactly(shop: Path, tmp_path: Path) -> None:
    trace = ran(shop)
    found = load(saved(tmp_path, trace_json.dumps(trace)))
    assert isinstance(found, Recorded)
    assert found.trace == trace


@pytest.mark.parametrize("call", ["halves([4, 9, 2], Bare())", "halves([])"])
def test_what_record_prints_is_shown_as_the_run_was(shop: Path, tmp_path: Path, call: str) -> None:
    trace = ran(shop, call)
    found = load(saved(tmp_path, payload.recorded(trace)))
    assert isinstance(found, Recorded)
    assert found.trace.files == trace.files
    assert texts(found) == texts(Recorded(Call("halves", ""), trace))


def test_what_compare_prints_is_compared_again_with_the_same_end(shop: Path, tmp_path: Path) -> None:
    trace = ran(shop)
    steps = forced(trace, {5: {"x": ("7", 0.8)}, 7: {"found": ("[7]", 0.2)}})
    comparison = compare(trace, steps, threshold=0.5, model="small")
    found = load(saved(tmp_path, payload.compared(comparison, steps, MODEL)))
    assert isinstance(found, Compared)
    assert found.comparison.divergence == comparison.divergence
    assert found.comparison.values == comparison.values
    assert found.comparison.threshold == 0.5
    assert texts(found) == texts(Compared(Call("halves", ""), comparison))


def test_what_predict_prints_is_shown_with_its_states(shop: Path, tmp_path: Path) -> None:
    trace = ran(shop)
    steps = forced(trace, {5: {"x": ("7", 0.3)}})
    start = Trace(trace.files, trace.events[:1], trace.entry, trace.python)
    made = Predicted(Call("halves", ""), start, steps, (), True, 0.5, "small")
    found = load(saved(tmp_path, payload.predicted(made, MODEL)))
    assert isinstance(found, Predicted)
    assert texts(found) == texts(made)
    names = [one.fragment.name for one in table_of(Shown("", found)).variables(len(steps))]
    assert names == ["xs", "bare", "found", "x", "many"]


def test_a_file_that_has_changed_is_not_shown_as_what_ran(shop: Path, tmp_path: Path) -> None:
    path = saved(tmp_path, payload.recorded(ran(shop)))
    shop.write_text("x = 1\n", encoding="utf-8")
    table = table_of(Shown("", load(path)))
    assert table.text(3) == ""
    assert list(table.notes) == [f"{shop} is not what it was in this run, so its lines are not shown."]


def test_cut_and_opaque_values_stay_uncompared_when_read_back(shop: Path, tmp_path: Path) -> None:
    one, other = ran(shop), ran(shop, "halves([4, 9, 2], object())")
    left = table_of(Shown("", load(saved(tmp_path, payload.recorded(one)))))
    right = table_of(Shown("", load(saved(tmp_path, payload.recorded(other)))))
    assert Sheet(left, right).differences == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        '{"events": 3}',
        '{"events": [{}], "files": [], "entry": "f"}',
        '{"observed": [], "files": [], "entry": "f"}',
        '{"given": [], "files": [], "entry": "f"}',
        '{"format": "cwm-lsp trace"}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_saved_run_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError):
        load(saved(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = cwm("view", "gone.json", "--no-open", cwd=tmp_path)
    assert done.code == 2
    assert "gone.json cannot be read" in done.err


# --- the command ---------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def viewing(folder: Path, *words: str) -> AsyncIterator[str]:
    """The address that the command prints; it is stopped at the end, and ends as one that was."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "view", *words, "--no-open", cwd=folder, env=environment(), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    yield (await asyncio.wait_for(process.stdout.readline(), 120)).decode().strip()
    process.terminate()
    code = await asyncio.wait_for(process.wait(), 60)
    assert sys.platform == "win32" or code == 143


async def head(socket: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 120))
    return found


async def test_saved_runs_are_served_side_by_side_at_the_printed_address(shop: Path, tmp_path: Path) -> None:
    for name, call in (("one.json", "halves([4, 9, 2])"), ("two.json", "halves([4, 8, 2])")):
        (tmp_path / name).write_text(json.dumps(payload.recorded(ran(shop, call))), encoding="utf-8")
    async with viewing(tmp_path, "one.json", "two.json") as url:
        address, _, token = url.partition("/#")
        assert address.startswith("http://127.0.0.1:")
        offered = [Subprotocol(SUBPROTOCOL + token)]
        async with connect(f"ws://{address.removeprefix('http://')}/live", subprotocols=offered) as socket:
            found = await head(socket)
            assert [run["title"] for run in found["runs"]] == ["one.json", "two.json"]
            assert found["beside"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are POSIX's")
async def test_a_run_is_shown_while_it_goes_on(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    words = ("slow.py::steps", repr(str(gate)), "--backend", "off", "--json")
    async with viewing(tmp_path, *words) as line:
        address, _, token = str(json.loads(line)["url"]).partition("/#")
        offered = [Subprotocol(SUBPROTOCOL + token)]
        async with connect(f"ws://{address.removeprefix('http://')}/live", subprotocols=offered) as socket:
            found = await head(socket)
            while not (found["runs"] and found["runs"][0]["steps"] > 10):
                found = await head(socket)
            # The program waits at the pipe, so what is shown was recorded while it runs.
            assert found["status"]["stage"] == "recording"
            await asyncio.to_thread(gate.write_text, "go")
            while found["status"]["stage"] != "ready":
                found = await head(socket)
            assert found["runs"][0]["kind"] == "observed"
            assert "off" in found["status"]["words"]
