"""``cwm-lsp model``: the commands on a model whose beliefs are known."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.embedded import EmbeddedEngine
from cwm_lsp.backend.weights import load, locate
from cwm_lsp.cli.console import Shell, Spoken
from cwm_lsp.cli.learning import model
from cwm_lsp.cli.learning_commands import _stage_by_stage, calibrate, evaluate, train
from cwm_lsp.cli.learning_models import installed, rows
from cwm_lsp.cli.main import run
from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.errors import ArgumentsError, ModelUnavailable, SourceError, TargetError, UserError
from tests.backend.scripted import scripted
from tests.learn.believing import SUM, trace_of


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    """What ``model eval`` is given for two rows, the second of which cannot be run."""
    data = tmp_path / "rows.jsonl"
    lines = [{"code": SUM, "input": "[4, 9]", "output": "13", "id": "sum"}, {"code": "def f(:", "input": "1"}]
    data.write_text("\n".join(map(json.dumps, lines)))
    beliefs = tmp_path / "replay.json"
    tokens = CompactCodec().encode(trace_of(SUM, "f([4, 9])")).tokens
    beliefs.write_text(json.dumps({"vocabulary": v.SIZE, "scripts": [{"tokens": tokens}]}))
    return {
        "data": (data,),
        "as_json": True,
        "limit": None,
        "calls": 2,
        "split": None,
        "jobs": 1,
        "threads": 1,
        "backend": "replay",
        "model": beliefs,
        "checkpoint": None,
        "free_events": 400,
        "raw": False,
        "unaided": False,
        "output": tmp_path / "found.json",
        "precision": 0.9,
    }


def test_eval_prints_one_object_with_the_promised_keys(
    options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(options) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    promised = (
        "rows rows_evaluated format_valid frames_exact changed_exact next_line_exact return_forced "
        "final_free ece coverage_at_95 seconds"
    )
    assert set(promised.split()) <= set(found)
    assert (found["rows"], found["rows_evaluated"], found["frames_exact"]) == (2, 1, 1.0)
    assert found["all_rows"]["frames_exact"] == 0.5
    assert found["command"] == "cwm-lsp model eval rows.jsonl --json --backend replay"
    assert json.loads(options["output"].read_text()) == found
    assert "rows.jsonl 2: failed" in captured.err


async def test_eval_asks_the_server_that_is_named(options: dict[str, Any], tmp_path: Path) -> None:
    engine = EmbeddedEngine(load(locate("")))
    facts = {"max_position_embeddings": engine.info.context, "vocab_size": engine.info.vocabulary}
    folder = tmp_path / engine.info.model
    folder.mkdir()
    config = {**facts, checkpoint.OURS: {"codec": "compact"}}
    (folder / checkpoint.CONFIG).write_text(json.dumps(config), encoding="utf-8")
    async with scripted(model=folder.name, context=engine.info.context, engine=engine) as server:
        words = ["eval", str(options["data"][0]), "--json", "--free-events", "0", "--backend", "vllm"]
        words += ["--unaided", "--model", str(folder), "--endpoint", server.url]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cwm_lsp", "model", *words), stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert server.requests
    found = json.loads(output)
    assert found["model"] == folder.name
    assert "--backend vllm" in found["command"]


def test_an_output_that_cannot_be_written_is_known_before_the_work(options: dict[str, Any]) -> None:
    blocked = options["output"].parent / "file" / "found.json"
    blocked.parent.touch()
    with pytest.raises(UserError, match="cannot be written"):
        evaluate({**options, "output": blocked, "data": ()})


def test_eval_shows_a_table_and_limits_rows(
    options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate({**options, "as_json": False, "limit": 1, "output": None}) == 0
    captured = capsys.readouterr()
    assert "1 of 1 rows (1 done)" in captured.out
    assert "changed_exact" in captured.out
    assert "failed" not in captured.err


def test_several_jobs_give_the_same_figures(
    options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for jobs in (1, 2):
        evaluate({**options, "jobs": jobs})
        printed.append({**json.loads(capsys.readouterr().out), "seconds": 0})
    assert printed[0] == printed[1]


def test_a_folder_of_documented_functions_gives_rows(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        'def total(prices):\n    """\n    >>> total([1, 2])\n    3\n    >>> total([])\n    0\n    """\n'
        "    return sum(prices)\n\n\n# cwm: twice(4)\ndef twice(n):\n    return 2 * n\n"
    )
    found = rows([tmp_path], "", 1, None)
    assert [row.program.call for row in found] == ["total([1, 2])", "twice(4)"]


def test_what_in_a_folder_is_not_its_own_or_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    text = "# cwm: twice(4)\ndef twice(n):\n    return 2 * n\n"
    for name in ("shop.py", "sub/shop.py", "env9/lib/a.py", ".hidden/a.py", "node_modules/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "env9" / "pyvenv.cfg").touch()
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "latin.py").write_bytes(b"x = '\xff'\n")
    said: list[str] = []
    found = rows([tmp_path], "", 1, None, said.append)
    assert [row.name for row in found] == [
        f"{tmp_path / name}::twice(4)" for name in ("shop.py", "sub/shop.py")
    ]
    assert [line.startswith(f"Left out: {tmp_path / 'latin.py'}: not utf-8") for line in said] == [True]
    with pytest.raises(SourceError, match="not utf-8"):
        rows([tmp_path / "latin.py"], "", 1, None)


def test_stages_are_told_by_their_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Spoken, "FIRST", 0.0)
    with ExitStack() as stages:
        tell = _stage_by_stage(Shell(), stages)
        tell("Measuring", 21, 42)
        tell("Adapting", 0.25, 1.0)
        tell("Measuring", 42, 42)
    said = [line.partition(" after")[0] for line in capsys.readouterr().err.splitlines()]
    assert said == ["Measuring: 50 of 100 %", "Adapting: 25 of 100 %", "Measuring: 100 of 100 %"]


def test_what_is_missing_is_known_before_anything_is_recorded() -> None:
    installed("train", "json")
    with pytest.raises(ModelUnavailable, match=r"needs not_there_at_all, .* 'cwm-lsp\[train\]'"):
        installed("train", "json", "not_there_at_all")


def test_a_folder_without_inputs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="nothing to run"):
        rows([tmp_path], "", 1, None)


def test_calibrate_refuses_what_is_too_little(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="too few"):
        calibrate(options)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "{folder}/file/corpus"], "cannot be written"),
        (["--out", "{folder}/damaged"], "corpus.json is damaged"),
        (["--out", "{folder}/corpus", "--ray", "auto"], "pip install 'cwm-lsp[ray]'"),
    ],
)
def test_a_corpus_that_cannot_be_made_is_said(
    tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "corpus.json").write_text("{")
    given = [word.format(folder=tmp_path) for word in words]
    assert run(["model", "corpus", "--json", "--shards", "1", "--size", "1", *given]) != 0
    error = json.loads(capsys.readouterr().out)["error"]
    assert said in f"{error['message']} {error['hint']}"


def test_training_needs_an_end() -> None:
    with pytest.raises(ArgumentsError, match="needs an end"):
        train({"tokens": 0, "seconds": 0.0})


@pytest.mark.parametrize("command", ["eval", "calibrate", "corpus", "train", "export", "adapt", "card"])
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(model, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_a_corpus_is_recorded(tmp_path: Path) -> None:
    arguments = [
        "corpus",
        "--out",
        str(tmp_path / "corpus"),
        "--shards",
        "1",
        "--size",
        "20",
        "--workers",
        "1",
        "--json",
    ]
    result = CliRunner().invoke(model, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["outcomes"]["kept"] > 0
    assert found["tokens"] > 0
