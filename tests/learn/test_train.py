"""Training as its users start it: alone, by two processes, and on from a checkpoint."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.cli.main import run

torch = pytest.importorskip("torch")

SIZES = ("--hidden", "32", "--layers", "1", "--heads", "2", "--kv-heads", "1", "--inner", "32")
SHORT = ("--batch-tokens", "512", "--longest-start", "256")


ALONE = ("-m", "cwm_lsp")
TOGETHER = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *ALONE)


def words(out: Path, *options: str) -> list[str]:
    """A small ``cwm-lsp model train``."""
    return ["model", "train", "--out", str(out), *SIZES, *SHORT, *options]


def command(out: Path, *options: str, start: tuple[str, ...] = ALONE) -> dict[str, Any]:
    """How it is run as a process, as ``subprocess`` takes it."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return {"args": [sys.executable, *start, *words(out, *options)], "env": environment, "text": True}


def train(out: Path, *options: str) -> dict[str, Any]:
    """The checkpoint that it leaves in ``out``, run here: torch takes long to import."""
    assert run(words(out, *options)) == 0
    return checkpoint(out)


def checkpoint(out: Path) -> dict[str, Any]:
    return dict(torch.load(out / "checkpoint.pt", weights_only=True))


@pytest.mark.full
def test_two_processes_share_a_run_and_another_stage_goes_on_from_it(tmp_path: Path) -> None:
    together = command(tmp_path / "first", "--tokens", "40000", start=TOGETHER)
    ended = subprocess.run(**together, capture_output=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    first = checkpoint(tmp_path / "first")
    progress = first["progress"]
    assert progress["tokens"] >= 40000
    # Both count: a step of one process has at most 512 tokens, or one example.
    assert progress["tokens"] / progress["step"] > 512
    assert progress["curve"] == json.loads((tmp_path / "first" / "curve.json").read_text())

    second = train(
        tmp_path / "second", "--tokens", "3000", "--init", str(tmp_path / "first" / "checkpoint.pt")
    )
    went = second["progress"]
    assert went["stage_tokens"] == progress["tokens"]
    assert went["tokens"] >= progress["tokens"] + 3000
    assert any(not torch.equal(weight, first["model"][name]) for name, weight in second["model"].items())


@pytest.mark.full
def test_ctrl_c_leaves_a_checkpoint_and_the_same_command_goes_on_from_it(tmp_path: Path) -> None:
    running = command(tmp_path, "--tokens", "5000000")
    with subprocess.Popen(**running, stderr=subprocess.PIPE, start_new_session=True) as process:
        assert process.stderr is not None
        told = process.stderr.readline()  # the first line of the curve
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read()
    assert told.startswith("step 50:")
    assert process.returncode == 130
    assert "Stopped after" in rest
    assert "Traceback" not in rest
    stopped = checkpoint(tmp_path)["progress"]
    assert stopped["step"] >= 50
    went = train(tmp_path, "--tokens", str(stopped["tokens"] + 3000))["progress"]
    assert went["step"] > stopped["step"]
    assert went["curve"][0] == stopped["curve"][0]
    assert not list(tmp_path.glob("*.partial"))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A run that has ended, its rates having fallen to next to nothing."""
    from cwm_lsp.codec import vocabulary as v
    from cwm_lsp.learn.model import ModelShape, WorldModel
    from cwm_lsp.learn.progress import CHECKPOINT, Progress, save_checkpoint
    from cwm_lsp.learn.train import TrainOptions, make_optimizers

    model = WorldModel(ModelShape(v.SIZE, hidden=32, layers=1, heads=2, kv_heads=1, inner=32))
    optimizers = make_optimizers(model, TrainOptions(tmp_path, muon_rate=1e-9, adam_rate=1e-9))
    save_checkpoint(tmp_path / CHECKPOINT, model, optimizers, Progress(step=7, tokens=500))
    return tmp_path


@pytest.mark.full
def test_a_run_that_goes_on_learns_at_the_rates_that_are_given(saved: Path) -> None:
    again = train(saved, "--tokens", "1500", "--rate", "0.01", "--decay-share", "0")
    assert again["progress"]["step"] > 7
    warm = again["progress"]["step"] / 100  # the rates rise over the first hundred steps
    rates = [group["lr"] for one in again["optimizers"] for group in one["param_groups"]]
    assert rates == pytest.approx([0.01 * warm, 0.0015 * warm])


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (["--layers", "2"], "holds a model of other sizes: vocabulary"),
        (["--heads", "3"], "hidden 32 is not 3 heads of an even width"),
        (["--layers", "0"], "layers is 0"),
    ],
)
def test_sizes_that_do_not_fit_are_said(
    saved: Path, sizes: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words(saved, "--tokens", "900", *sizes)) in (2, 4)
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_checkpoint_that_was_cut_is_said(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-100])
    assert run(["model", "train", "--out", str(saved), "--tokens", "900", *SIZES]) == 4
    assert "is no checkpoint of `cwm-lsp model train`" in " ".join(capsys.readouterr().err.split())


def test_a_folder_that_cannot_be_written_is_known_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(["model", "train", "--out", str(tmp_path / "file" / "run"), "--tokens", "900", *SIZES]) == 2
    assert "cannot be written" in " ".join(capsys.readouterr().err.split())
