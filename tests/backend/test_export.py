"""Exported weights against the model in torch that they came from."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cwm_lsp.backend import registry, weights
from cwm_lsp.backend.protocol import Scores
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable
from tests.backend import tiny
from tests.backend.pretrained import CONFIG

torch = pytest.importorskip("torch", reason="export needs the extra train")
pytest.importorskip("onnx", reason="export needs the extra train")
pytest.importorskip("transformers", reason="export needs the extra train")

if TYPE_CHECKING:
    from transformers import CwmForCausalLM

TOKENS = tuple(np.random.default_rng(3).integers(0, tiny.VOCABULARY, 600).tolist())
NEVER: frozenset[int] = frozenset()


def torch_model(**changes: Any) -> CwmForCausalLM:
    """The tiny model as transformers knows it, with ``changes`` of its configuration."""
    from transformers import CwmConfig, CwmForCausalLM

    model = CwmForCausalLM(CwmConfig(**CONFIG | changes))
    model.load_state_dict({n: torch.tensor(p) for n, p in tiny.parameters().items()}, strict=False)
    return model


def torch_scores(model: CwmForCausalLM, tokens: tuple[int, ...]) -> Scores:
    """What transformers says of ``tokens`` from the second on."""
    ids = torch.tensor([tokens])
    with torch.no_grad():
        logprob = model(ids).logits[0, :-1].log_softmax(-1)
    best = logprob.max(-1)
    given = logprob.gather(1, ids[0, 1:, None])[:, 0]
    return Scores(given.numpy(), best.indices.numpy(), best.values.numpy())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as training leaves it."""
    folder = tmp_path_factory.mktemp("checkpoint")
    torch_model().save_pretrained(folder)
    return folder


async def exported_scores(folder: Path, sizes: tuple[int, ...]) -> Scores:
    """What the embedded backend says of ``TOKENS`` from the second on, fed in runs of ``sizes``."""
    backend = registry.create("embedded", Settings(model=str(folder), threads=1))
    prefix = await backend.open(TOKENS[:1])
    parts, begin = [], 1
    for size in sizes:
        parts.append(await prefix.extend(TOKENS[begin : begin + size]))
        begin += size
    await backend.close()
    assert begin == len(TOKENS)
    return Scores(
        np.concatenate([part.logprob for part in parts]),
        np.concatenate([part.best for part in parts]),
        np.concatenate([part.best_logprob for part in parts]),
    )


@pytest.mark.parametrize(
    "sizes",
    [(599,), (256, 343), (1, 17, 256, 1, 324), (1,) * 599],
    ids=["at once", "in two", "in pieces", "token by token"],
)
async def test_float32_is_the_model(checkpoint: Path, tmp_path: Path, sizes: tuple[int, ...]) -> None:
    from cwm_lsp.learn.export import export_weights

    export_weights(checkpoint, tmp_path, bits=32)
    expected, got = torch_scores(torch_model(), TOKENS), await exported_scores(tmp_path, sizes)
    np.testing.assert_allclose(got.logprob, expected.logprob, atol=1e-4)
    np.testing.assert_allclose(got.best_logprob, expected.best_logprob, atol=1e-4)
    np.testing.assert_array_equal(got.best, expected.best)


async def test_float32_writes_what_transformers_generates(checkpoint: Path, tmp_path: Path) -> None:
    from cwm_lsp.learn.export import export_weights

    export_weights(checkpoint, tmp_path, bits=32)
    backend = registry.create("embedded", Settings(model=str(tmp_path), threads=1))
    written = await (await backend.open(TOKENS[:50])).write(NEVER, 40)
    await backend.close()
    model: Any = torch_model()
    prompt = torch.tensor([TOKENS[:50]])
    limits = {"max_new_tokens": 40, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    expected = model.generate(prompt, attention_mask=torch.ones_like(prompt), **limits)
    assert written.tokens == tuple(expected[0, 50:].tolist())


@pytest.mark.parametrize("tied", [True, False])
async def test_eight_bits_agree_with_the_model(tmp_path: Path, tied: bool) -> None:
    from cwm_lsp.learn.export import agreement, export_weights

    model = torch_model(tie_word_embeddings=tied)
    if not tied:
        model.lm_head.weight.data.normal_(0, 0.25, generator=torch.Generator().manual_seed(5))
    model.save_pretrained(tmp_path / "checkpoint")
    export_weights(tmp_path / "checkpoint", tmp_path / "out")
    backend = registry.create("embedded", Settings(model=str(tmp_path / "out"), threads=1))
    found = await agreement(model, backend, [TOKENS[:300], TOKENS[300:]])
    await backend.close()
    # Random weights are the worst case: what the model prefers is often a near tie.
    assert found.tokens == 598
    assert found.best > 0.85
    assert found.probability_mean < 0.002
    assert found.probability_max < 0.05


async def test_the_tiny_folder_is_the_tiny_model() -> None:
    got = await exported_scores(tiny.FOLDER, (599,))
    expected = torch_scores(torch_model(), TOKENS)
    assert np.mean(got.best == expected.best) > 0.85
    assert np.abs(np.exp(got.logprob) - np.exp(expected.logprob)).mean() < 0.002


def test_the_manifest_says_what_was_exported(checkpoint: Path, tmp_path: Path) -> None:
    from cwm_lsp.learn.export import export_weights

    manifest = export_weights(checkpoint, tmp_path, codec="cwm", calibration={"a": 1}, name="small")
    assert weights.load(tmp_path).manifest == manifest
    kept = dataclasses.asdict(weights.read_manifest(tiny.FOLDER))
    told = dataclasses.asdict(manifest)
    assert (manifest.name, manifest.codec, manifest.calibration) == ("small", "cwm", {"a": 1})
    varying = {"name", "codec", "calibration", "provenance", "sha256"}
    assert {key: told[key] for key in told.keys() - varying} == {
        key: kept[key] for key in kept.keys() - varying
    }
    assert set(manifest.provenance) == {"cwm-lsp", "onnx", "torch", "transformers"}


def test_eight_bits_take_a_quarter_of_the_room(checkpoint: Path, tmp_path: Path) -> None:
    from cwm_lsp.learn.export import export_weights

    export_weights(checkpoint, tmp_path / "8")
    export_weights(checkpoint, tmp_path / "32", bits=32)
    tables = 2 * tiny.CONTEXT * tiny.HEAD_DIM // 2 * 4
    small, large = ((tmp_path / bits / weights.MODEL).stat().st_size - tables for bits in ("8", "32"))
    assert small < 0.4 * large


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hidden_act": "gelu"}, "gelu"),
        ({"mlp_bias": True}, "biases"),
        ({"head_dim": 24}, "head_dim 24"),
        ({"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 128}, "window of 128"),
        ({"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}}, "RoPE is dynamic"),
    ],
)
def test_what_the_graph_cannot_express_is_refused(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    from transformers import CwmConfig, CwmForCausalLM

    from cwm_lsp.learn.export import export_weights

    config = torch_model().config.to_dict() | changes
    CwmForCausalLM(CwmConfig(**config)).save_pretrained(tmp_path / "checkpoint")
    with pytest.raises(ModelUnavailable, match=reason):
        export_weights(tmp_path / "checkpoint", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_agreement_is_not_blind(checkpoint: Path, tmp_path: Path) -> None:
    from cwm_lsp.learn.export import agreement, export_weights

    export_weights(checkpoint, tmp_path)
    other = torch_model()
    with torch.no_grad():
        other.model.layers[0].mlp.down_proj.weight.zero_()

    async def compare() -> float:
        backend = registry.create("embedded", Settings(model=str(tmp_path), threads=1))
        found = await agreement(other, backend, [TOKENS])
        await backend.close()
        return found.best

    assert asyncio.run(compare()) < 0.5
