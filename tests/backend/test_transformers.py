"""The transformers backend against the library itself and against the embedded engine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cwm_lsp.backend import checkpoint, registry
from cwm_lsp.backend.choose import choose
from cwm_lsp.backend.protocol import Backend, Continuation, Scores
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelUnavailable
from tests.backend import pretrained, tiny

torch = pytest.importorskip("torch", reason="needs the extra transformers")
pytest.importorskip("transformers", reason="needs the extra transformers")

TOKENS = tuple(np.random.default_rng(3).integers(0, tiny.VOCABULARY, 600).tolist())
NEVER: frozenset[int] = frozenset()
WINDOWED = {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 50}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 1e4,
    "factor": 16.0,
    "high_freq_factor": 4.0,
    "low_freq_factor": 1.0,
    "original_max_position_embeddings": 64,
}


def opened(folder: Path) -> Backend:
    return registry.create("transformers", Settings(model=str(folder), threads=1))


def library_scores(folder: Path) -> Scores:
    """What the library's own model says of ``TOKENS`` from the second on."""
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    ids = torch.tensor([TOKENS])
    with torch.no_grad():
        logprob = model(ids).logits[0, :-1].log_softmax(-1)
    best = logprob.max(-1)
    given = logprob.gather(1, ids[0, 1:, None])[:, 0]
    return Scores(given.numpy(), best.indices.numpy(), best.values.numpy())


async def scores_of(backend: Backend, sizes: tuple[int, ...]) -> Scores:
    """What a backend says of ``TOKENS`` from the second on, fed in runs of ``sizes``; it is closed then."""
    prefix = await backend.open(TOKENS[:1])
    parts, begin = [], 1
    for size in sizes:
        parts.append(await prefix.extend(TOKENS[begin : begin + size]))
        begin += size
    await backend.close()
    assert begin == len(TOKENS)
    return Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in Scores.__slots__))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        WINDOWED,
        {"rope_parameters": LLAMA3},
        pretrained.LLAMA | {"layer_types": "absent"},
        pretrained.LLAMA | {"layer_types": "absent", "head_dim": "absent"},
    ],
    ids=["cwm", "with a window", "stretched positions", "llama", "llama as of old"],
)
@pytest.mark.parametrize("sizes", [(599,), (1, 17, 256, 1, 324)], ids=["at once", "in pieces"])
async def test_it_computes_what_the_library_does(
    tmp_path: Path, changes: dict[str, Any], sizes: tuple[int, ...]
) -> None:
    pretrained.write(tmp_path, changes=changes)
    got, expected = await scores_of(opened(tmp_path), sizes), library_scores(tmp_path)
    np.testing.assert_allclose(got.logprob, expected.logprob, atol=1e-4)
    np.testing.assert_allclose(got.best_logprob, expected.best_logprob, atol=1e-4)
    np.testing.assert_array_equal(got.best, expected.best)


async def test_a_gpu_that_is_full_is_said_and_what_stood_before_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    pretrained.write(tmp_path)
    backend: Any = opened(tmp_path)
    prefix = await backend.open(TOKENS[:20])
    forks = [await prefix.fork() for _ in range(2)]
    with monkeypatch.context() as patched:
        patched.setattr(backend.engine._model.model.norm, "forward", full)
        with pytest.raises(BackendError, match="The GPU has no room for 10 more tokens behind 20 of"):
            await prefix.extend(TOKENS[20:30])
        at_once = (fork.write(NEVER, 3) for fork in forks)
        for failed in await asyncio.gather(*at_once, return_exceptions=True):
            assert isinstance(failed, BackendError)
            assert "The GPU has no room" in failed.message
    assert {one.tokens for one in (prefix, *forks)} == {TOKENS[:20]}
    expected = await (await backend.open(TOKENS[:20])).extend(TOKENS[20:30])
    found = await prefix.extend(TOKENS[20:30])
    np.testing.assert_allclose(found.logprob, expected.logprob, atol=1e-5)
    one, other = await asyncio.gather(*(fork.write(NEVER, 3) for fork in forks))
    assert one == other
    await backend.close()


async def test_a_head_of_its_own(tmp_path: Path) -> None:
    head = np.random.default_rng(5).normal(0, 0.25, (tiny.VOCABULARY, tiny.HIDDEN)).astype(np.float32)
    weights = {**tiny.parameters(), "lm_head.weight": head}
    pretrained.write(tmp_path, changes={"tie_word_embeddings": False}, weights=weights)
    got, expected = await scores_of(opened(tmp_path), (599,)), library_scores(tmp_path)
    np.testing.assert_allclose(got.logprob, expected.logprob, atol=1e-4)
    np.testing.assert_array_equal(got.best, expected.best)


async def test_going_back_behind_a_window(tmp_path: Path) -> None:
    pretrained.write(tmp_path, changes=WINDOWED)
    backend, expected = opened(tmp_path), library_scores(tmp_path)
    prefix = await backend.open(TOKENS[:400])
    fork = await prefix.fork()
    await prefix.rewind(100)
    for asked, begin in ((prefix, 100), (fork, 400)):
        scores = await asked.extend(TOKENS[begin : begin + 150])
        np.testing.assert_allclose(scores.logprob, expected.logprob[begin - 1 : begin + 149], atol=1e-4)
    await backend.close()


async def test_half_precision_stays_near(tmp_path: Path) -> None:
    pretrained.write(tmp_path / "32")
    half = {name: array.astype(np.float16) for name, array in tiny.parameters().items()}
    pretrained.write(tmp_path / "16", weights=half)
    backend = opened(tmp_path / "16")
    got, expected = await scores_of(backend, (599,)), library_scores(tmp_path / "32")
    assert np.mean(got.best == expected.best) > 0.95
    assert np.abs(np.exp(got.logprob) - np.exp(expected.logprob)).max() < 0.02


async def test_our_own_model_agrees_with_the_embedded_engine(tmp_path: Path) -> None:
    """The same weights in float32, in onnxruntime and in torch: one argmax, probabilities within 1e-4."""
    pytest.importorskip("onnx", reason="export needs the extra train")
    from cwm_lsp.learn.export import export_weights
    from cwm_lsp.learn.model import ModelShape, WorldModel, to_cwm

    torch.manual_seed(8)
    shape = ModelShape(tiny.VOCABULARY, hidden=64, layers=2, heads=4, kv_heads=2, inner=96, context=640)
    to_cwm(WorldModel(shape)).save_pretrained(tmp_path / "checkpoint")
    export_weights(tmp_path / "checkpoint", tmp_path / "onnx", bits=32)
    checkpoint.mark(tmp_path / "checkpoint", "compact")
    embedded = registry.create("embedded", Settings(model=str(tmp_path / "onnx"), threads=1))
    ours, theirs = (
        await scores_of(opened(tmp_path / "checkpoint"), (300, 299)),
        await scores_of(embedded, (599,)),
    )
    np.testing.assert_array_equal(ours.best, theirs.best)
    np.testing.assert_allclose(np.exp(ours.logprob), np.exp(theirs.logprob), atol=1e-4)
    np.testing.assert_allclose(np.exp(ours.best_logprob), np.exp(theirs.best_logprob), atol=1e-4)


async def test_it_writes_what_the_library_generates(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    pretrained.write(tmp_path)
    backend = opened(tmp_path)
    written = await (await backend.open(TOKENS[:50])).write(NEVER, 40)
    await backend.close()
    model: Any = AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    prompt = torch.tensor([TOKENS[:50]])
    limits = {"max_new_tokens": 40, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    expected = model.generate(prompt, attention_mask=torch.ones_like(prompt), **limits)
    assert written.tokens == tuple(expected[0, 50:].tolist())


@pytest.mark.parametrize("changes", [{}, WINDOWED], ids=["cwm", "with a window"])
async def test_what_is_written_side_by_side_is_what_is_written_alone(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    pretrained.write(tmp_path, changes=changes)
    backend = opened(tmp_path)
    trunk = await backend.open(TOKENS[:200])
    lengths = (1, 30, 49, 50, 51, 120, 199, 200)

    async def written(length: int) -> Continuation:
        return await (await trunk.fork(length)).write(NEVER, 12)

    together = await asyncio.gather(*map(written, lengths))
    for length, got in zip(lengths, together, strict=True):
        alone = await written(length)
        assert got.tokens == alone.tokens
        np.testing.assert_allclose(got.logprob, alone.logprob, atol=1e-4)
    await backend.close()


async def test_weights_that_are_no_numbers_are_an_error_and_no_prediction(tmp_path: Path) -> None:
    weights = tiny.parameters()
    weights["model.norm.weight"][3] = np.nan
    pretrained.write(tmp_path, weights=weights)
    backend = opened(tmp_path)
    prefix = await backend.open()
    with pytest.raises(BackendError, match="computed what is no number"):
        await prefix.extend(TOKENS[:20])
    assert tuple(prefix.tokens) == ()
    with pytest.raises(BackendError, match="computed what is no number"):  # noqa: PT012 - on a GPU the second
        asked = await backend.open(TOKENS[:5])
        await asked.write(NEVER, 3)
    await backend.close()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "has no place for 1, model.more.weight the first"),
        ("model.layers.1.mlp.up_proj.weight", "lacks 1, model.layers.1.mlp.up_proj.weight the first"),
    ],
)
def test_weights_of_another_model_are_refused(tmp_path: Path, name: str, said: str) -> None:
    weights = tiny.parameters()
    if name:
        del weights[name]
    else:
        weights["model.more.weight"] = np.zeros(4, np.float32)
    pretrained.write(tmp_path, weights=weights)
    with pytest.raises(ModelUnavailable, match=said):
        opened(tmp_path)


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    pretrained.write(tmp_path, changes={"intermediate_size": 128})
    with pytest.raises(ModelUnavailable, match="size mismatch"):
        opened(tmp_path)


def test_weights_in_whole_numbers_are_refused(tmp_path: Path) -> None:
    weights = {name: array.astype(np.int32) for name, array in tiny.parameters().items()}
    pretrained.write(tmp_path, weights=weights)
    with pytest.raises(ModelUnavailable, match="are I32, not one of F32"):
        opened(tmp_path)


def test_damage_found_while_loading_reaches_the_user(tmp_path: Path) -> None:
    pretrained.write(tmp_path)
    path = tmp_path / checkpoint.SINGLE
    data = bytearray(path.read_bytes())
    data[-1] ^= 0x40
    path.write_bytes(data)

    async def ask() -> None:
        backend = choose(Settings(backend="transformers", model=str(tmp_path))).backend
        assert backend is not None
        try:
            with pytest.raises(ModelUnavailable, match="is damaged: its SHA-256"):
                await backend.open()
        finally:
            await backend.close()

    asyncio.run(ask())


async def test_the_host_says_where_it_runs(tmp_path: Path) -> None:
    pretrained.write(tmp_path)
    backend = choose(Settings(backend="transformers", model=str(tmp_path))).backend
    assert backend is not None
    await backend.open()
    assert backend.info.device in ("cpu", "cuda")
    await backend.close()
