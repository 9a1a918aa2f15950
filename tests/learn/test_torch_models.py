"""Trained models as backends, as weights and back, and adapted: tiny ones with random weights."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from cwm_lsp.backend import registry
from cwm_lsp.backend.weights import read_manifest
from cwm_lsp.codec import vocabulary as v
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable
from cwm_lsp.learn.adapted import undo
from cwm_lsp.learn.own_runs import own_runs, split
from tests.learn.believing import trace_of

torch = pytest.importorskip("torch", reason="training needs the extra train")
pytest.importorskip("onnx", reason="export needs the extra train")

if TYPE_CHECKING:
    from cwm_lsp.learn.model import WorldModel

pytestmark = pytest.mark.full

TOKENS = tuple(np.random.default_rng(5).integers(0, v.SIZE, 60).tolist())


@pytest.fixture(scope="module")
def model() -> WorldModel:
    from cwm_lsp.learn.model import ModelShape, WorldModel

    torch.manual_seed(0)
    shape = ModelShape(v.SIZE, hidden=64, layers=2, heads=4, kv_heads=2, inner=96, context=2048)
    return WorldModel(shape).eval()


def plain(model: WorldModel, tokens: tuple[int, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Log-probabilities [T, V] from the training code, without any memory."""
    with torch.no_grad():
        logits = model.logits(model(torch.tensor([tokens])))
    found: np.ndarray[tuple[int, int], np.dtype[np.float32]] = logits.log_softmax(-1)[0].numpy()
    return found


async def test_the_backend_scores_as_the_training_code_does(model: WorldModel) -> None:
    from cwm_lsp.learn.torch_backend import model_backend

    backend = model_backend(model)
    prefix = await backend.open()
    parts = [await prefix.extend(TOKENS[start : start + 17]) for start in range(0, len(TOKENS), 17)]
    wanted = plain(model, TOKENS)
    logprob = np.concatenate([part.logprob for part in parts])[1:]
    assert np.allclose(logprob, wanted[np.arange(len(TOKENS) - 1), TOKENS[1:]], atol=1e-4)
    assert np.concatenate([part.best for part in parts])[1:].tolist() == wanted[:-1].argmax(1).tolist()
    await backend.close()


async def test_the_backend_writes_what_the_training_code_would(model: WorldModel) -> None:
    from cwm_lsp.learn.torch_backend import model_backend

    backend = model_backend(model)
    prefix = await backend.open(TOKENS[:9])
    branch = await prefix.fork()
    await branch.rewind(5)
    written = await branch.write(frozenset(), 8)
    tokens = TOKENS[:5]
    for token in written.tokens:
        assert token == plain(model, tokens)[-1].argmax()
        tokens = (*tokens, token)
    assert prefix.tokens == TOKENS[:9]
    await backend.close()


@pytest.mark.parametrize(("bits", "apart"), [(32, 0.0), (8, 0.01)])
def test_published_weights_come_back(model: WorldModel, tmp_path: Path, bits: int, apart: float) -> None:
    from cwm_lsp.learn.weights import publish, restore

    publish(model, tmp_path, "tiny", bits=bits, calibration={"threshold": 0.4})
    assert read_manifest(tmp_path).calibration == {"threshold": 0.4}
    restored = restore(tmp_path)
    assert restored.shape == model.shape
    for name, weight in model.state_dict().items():
        assert float((weight - restored.state_dict()[name]).abs().max()) <= apart, name


async def test_published_weights_run_as_the_checkpoint_does(model: WorldModel, tmp_path: Path) -> None:
    from cwm_lsp.learn.weights import publish

    publish(model, tmp_path, "tiny", bits=32)
    backend = registry.create("embedded", Settings(model=str(tmp_path), threads=1))
    prefix = await backend.open()
    scores = await prefix.extend(TOKENS)
    wanted = plain(model, TOKENS)
    assert np.allclose(scores.logprob[1:], wanted[np.arange(len(TOKENS) - 1), TOKENS[1:]], atol=1e-3)
    await backend.close()


async def test_a_checkpoint_is_a_backend(model: WorldModel, tmp_path: Path) -> None:
    from cwm_lsp.learn.progress import Progress, read_checkpoint, save_checkpoint
    from cwm_lsp.learn.torch_backend import checkpoint_backend

    path = tmp_path / "run" / "checkpoint.pt"
    save_checkpoint(path, model, [], Progress(step=3, tokens=99))
    backend = checkpoint_backend(path)
    assert backend.info.model == "run/checkpoint.pt"
    assert len(backend.info.digest) == 64
    assert read_checkpoint(path).progress == asdict(Progress(step=3, tokens=99))
    await backend.close()


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    from cwm_lsp.learn.progress import read_checkpoint

    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ModelUnavailable, match="no checkpoint"):
        read_checkpoint(path)


ASKING = "import platform\n\ndef g{number}(n):\n    return platform.python_implementation()\n"
"""A function whose value follows from nothing that the model is told."""


def test_adapting_learns_the_users_code_and_can_be_undone(model: WorldModel, tmp_path: Path) -> None:
    from cwm_lsp.learn.adapt import AdaptOptions, adapt
    from cwm_lsp.learn.weights import publish

    shipped, out = tmp_path / "shipped", tmp_path / "adapted"
    publish(model, shipped, "tiny")
    before = (shipped / "model.onnx").read_bytes()
    runs = [
        run
        for number in range(6)
        for n in range(4)
        for run in own_runs(trace_of(ASKING.format(number=number), f"g{number}({n})"))
    ]
    told: list[str] = []
    options = AdaptOptions(seconds=600, passes=40, rate=5e-3, own_share=0.9, general_runs=3, batch_tokens=512)
    made = asyncio.run(adapt(split(runs), shipped, out, options, lambda stage, done, of: told.append(stage)))
    assert made.steps > 5
    assert set(told) == {"Measuring", "Adapting"}
    assert (made.after.figures["frames_exact"] or 0) > (made.before.figures["frames_exact"] or 0)
    assert made.folder == out
    assert read_manifest(out).name == "tiny, adapted"
    assert (shipped / "model.onnx").read_bytes() == before
    assert undo(out)
    assert not out.exists()
    assert not undo(out)


def test_a_model_is_trained_exported_and_evaluated_by_three_commands(tmp_path: Path) -> None:
    from cwm_lsp.cli.learning import model as commands

    data, run, weights = tmp_path / "rows.jsonl", tmp_path / "run", tmp_path / "weights"
    data.write_text(json.dumps({"code": "def f(n):\n    return n\n", "input": "1"}))
    sizes = ["--hidden", "64", "--layers", "1", "--inner", "96", "--batch-tokens", "1024"]
    steps = (
        ["train", "--out", str(run), "--tokens", "2000", *sizes],
        ["export", str(run / "checkpoint.pt"), "--out", str(weights), "--name", "tiny"],
        ["eval", str(data), "--model", str(weights), "--json", "--free-events", "5"],
    )
    for words in steps:
        result = CliRunner().invoke(commands, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["model"], found["rows_evaluated"]) == ("tiny", 1)
    assert found["weights"] == read_manifest(weights).sha256
