"""Building a corpus: resumable, reproducible, without evaluation data, and unharmed by programs that kill."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.errors import RunError, SettingsError, SourceError
from cwm_lsp.learn.corpus.build import Options, _by_processes, build_corpus
from cwm_lsp.learn.corpus.dedup import Exclusions
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.progress import bar, rate
from cwm_lsp.learn.corpus.shards import (
    Plan,
    ShardReport,
    make_shard,
    read_corpus,
    read_report,
    read_shard,
    shard_name,
    write_atomically,
)
from cwm_lsp.trace.model import EventKind, Trace

PLAN = Plan(seed=3, shards=2, size=60)


def contents(folder: Path) -> list[list[tuple[Program, int]]]:
    return [
        [(run.program, len(run.trace.events)) for run in read_shard(folder / shard_name(n))] for n in range(2)
    ]


def count_events(trace: Trace) -> list[int]:
    return [0] * len(trace.events)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("corpus")
    steps: list[tuple[int, int]] = []
    report = build_corpus(
        Options(out, PLAN, workers=2),
        encode=count_events,
        progress=lambda done, of, shard: steps.append((done, of)),
    )
    assert steps == [(0, 2), (1, 2), (2, 2)]
    assert (report.shards, report.made) == (2, 2)
    assert report.outcomes["kept"] > 90
    assert report.tokens == report.events > 400
    assert report.tokens_per_second_per_core > 0
    assert report.kept_per_second_per_core > 0
    assert json.loads(json.dumps(asdict(report)))["outcomes"] == report.outcomes
    return out


def test_a_stopped_build_goes_on_and_makes_the_same(built: Path) -> None:
    before = contents(built)
    kept = (built / shard_name(0)).read_bytes()
    (built / shard_name(1)).unlink()
    report = build_corpus(Options(built, PLAN, workers=1))
    assert report.made == 1
    assert (built / shard_name(0)).read_bytes() == kept
    assert contents(built) == before
    assert build_corpus(Options(built, PLAN)).made == 0
    assert not list(built.glob("*.part"))


def test_more_shards_extend_a_corpus(built: Path) -> None:
    before = contents(built)
    assert build_corpus(Options(built, Plan(seed=3, shards=3, size=60), workers=1)).made == 1
    assert contents(built) == before
    (built / shard_name(2)).unlink()


def test_another_plan_is_refused(built: Path) -> None:
    with pytest.raises(SettingsError, match="another plan"):
        build_corpus(Options(built, Plan(seed=4, shards=2, size=60)))


def test_runs_are_read_back_whole(built: Path) -> None:
    runs = list(read_corpus(built))
    assert len({run.key for run in runs}) == len(runs)
    assert {run.split for run in runs} <= {"train", "held_out"}
    assert all(run.trace.events[0].kind is EventKind.CALL for run in runs)
    assert all(run.trace.source.text == run.program.source for run in runs)
    assert all(run.split == "train" for run in read_corpus(built, "train"))


def test_real_functions_enter_and_evaluation_data_stays_out(tmp_path: Path) -> None:
    good = "def clean(text):\n    text = text.strip()\n    return text.upper()\n"
    leaked = (
        "def secret(nums):\n    total = 3\n    for n in nums:\n        total *= n - 1\n    return total\n"
    )
    rows = [{"source": good, "inputs": ["' a '"]}, {"source": leaked, "inputs": ["[1, 2]"]}]
    functions, evaluation = tmp_path / "functions.jsonl", tmp_path / "eval.jsonl"
    functions.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    renamed = leaked.replace("secret", "f").replace("nums", "xs").replace("total", "t")
    evaluation.write_text(json.dumps({"code": renamed, "input": "[1]", "output": "2"}), encoding="utf-8")
    plan = Plan(shards=1, size=12, weights={"generated": 0.0, "real": 1.0})
    out = tmp_path / "out"
    build_corpus(Options(out, plan, real=[functions], exclude=[evaluation], workers=1))
    assert {run.program.source for run in read_corpus(out)} == {good}


def test_excluded_programs_are_counted() -> None:
    program = Program("def f(x):\n    y = x + 1\n    return y\n", "f(1)", "real:test")
    plan = Plan(size=5, weights={"real": 1.0})
    made = make_shard(plan, 0, real=[program], exclusions=Exclusions([program.source]))
    assert make_shard(plan, 0, real=[program]) != made


def _deadly(number: int, *, started: Any, skipped: frozenset[int], hang: bool = False) -> bytes:
    for index in range(5):
        started(index)
        if index in (1, 3) and index not in skipped:
            os._exit(1)
    return make_shard(Plan(size=5), number, skipped=skipped)


def test_programs_that_take_the_process_down_are_left_out(tmp_path: Path) -> None:
    options = Options(tmp_path, Plan(shards=1, size=5), workers=1)
    assert list(_by_processes(options, partial(_deadly), [0])) == [0]
    assert read_report(tmp_path / shard_name(0)).outcomes["fatal"] == 2


def test_what_is_no_shard_is_named(tmp_path: Path) -> None:
    path = tmp_path / shard_name(0)
    write_atomically(path, b"nothing")
    with pytest.raises(SourceError, match="shard-00000"):
        read_report(path)


def test_the_bar_says_how_fast(capsys: pytest.CaptureFixture[str]) -> None:
    report = ShardReport(0, {"kept": 200}, {}, 10, 4000, 2.0)
    assert rate(report) == "100 traces/s/core, 2,000 tokens/s/core"
    assert rate(None) == ""
    with bar() as progress:
        progress(1, 2, report)
    assert "1/2" in capsys.readouterr().err


def test_a_ray_cluster_makes_the_same_shards(built: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    try:
        build_corpus(Options(tmp_path, PLAN, ray="local"))
    finally:
        ray.shutdown()
    assert contents(tmp_path) == contents(built)


def test_a_ray_cluster_that_is_not_there_is_said(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra ray")
    with pytest.raises(RunError, match="No Ray cluster answers at auto: "):
        build_corpus(Options(tmp_path, PLAN, ray="auto"))


def test_a_shard_that_fails_on_a_ray_cluster_is_named(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    try:
        with pytest.raises(RunError, match="Shard 0 could not be made on the Ray cluster"):
            build_corpus(Options(tmp_path, Plan(shards=1, size=5), ray="local"), encode=_failing)
    finally:
        ray.shutdown()


def _failing(trace: Trace) -> list[int]:
    raise ValueError(f"no tokens of {len(trace.events)} events")
