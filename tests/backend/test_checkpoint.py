"""Which folders are a model that can be run, and what is said of the others. Needs no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.choose import choose
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable
from tests.backend import pretrained, tiny


def changed(**changes: Any) -> Callable[[Path], None]:
    """Write the tiny model with ``changes`` of its configuration."""
    return lambda folder: pretrained.write(folder, changes=changes)


def test_what_a_folder_says(tmp_path: Path) -> None:
    pretrained.write(tmp_path / "mine")
    found = checkpoint.read(str(tmp_path / "mine"))
    found.verify()
    info = found.info("cpu")
    assert (info.name, info.model, info.codec) == ("transformers", "mine", "compact")
    assert (info.context, info.vocabulary) == (tiny.CONTEXT, tiny.VOCABULARY)
    assert info.digest == checkpoint.sha256(tmp_path / "mine" / checkpoint.SINGLE)
    assert {name: tensor.shape for name, tensor in found.tensors.items()} == {
        name: array.shape for name, array in tiny.parameters().items()
    }


def test_it_is_chosen_by_name_and_loads_nothing(tmp_path: Path) -> None:
    pretrained.write(tmp_path)
    program = (
        "import sys; from cwm_lsp.backend.choose import choose; from cwm_lsp.config import Settings;"
        f"choice = choose(Settings(backend='transformers', model={str(tmp_path)!r}));"
        "heavy = {'torch', 'transformers', 'safetensors'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy or choice.name != 'transformers' else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    choice = choose(Settings(backend="transformers", model=str(tmp_path)))
    assert f"{tmp_path.name} on {checkpoint.DEVICES}" in choice.reason


def test_weights_in_several_files(tmp_path: Path) -> None:
    pretrained.write(tmp_path, codec="")
    whole = tiny.parameters()
    (tmp_path / checkpoint.SINGLE).unlink()
    names = sorted(whole)
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, held in parts.items():
        (tmp_path / file).write_bytes(pretrained.safetensors({name: whole[name] for name in held}))
    placed = {name: file for file, held in parts.items() for name in held}
    (tmp_path / checkpoint.INDEX).write_text(json.dumps({"weight_map": placed}), encoding="utf-8")
    checkpoint.mark(tmp_path, "compact")
    found = checkpoint.read(str(tmp_path))
    found.verify()
    assert set(found.tensors) == set(whole)
    assert len(found.digest) == 64
    (tmp_path / "b.safetensors").write_bytes(pretrained.safetensors({names[1]: whole[names[1]]}))
    with pytest.raises(ModelUnavailable, match=rf"lacks \d+ tensors, {names[3]} the first"):
        checkpoint.read(str(tmp_path))


def test_a_model_of_cwm_is_known_by_its_tokenizer(tmp_path: Path) -> None:
    pretrained.write(tmp_path, codec="", changes=pretrained.LLAMA)
    pretrained.write_tokenizer(tmp_path, checkpoint.CWM_TOKENS)
    found = checkpoint.read(str(tmp_path))
    assert (found.codec, found.digest) == ("cwm", "")
    found.verify()


def test_a_vocabulary_that_is_neither_is_refused(tmp_path: Path) -> None:
    pretrained.write(tmp_path, codec="")
    with pytest.raises(ModelUnavailable, match=r"does not say .* has no tokenizer\.json"):
        checkpoint.read(str(tmp_path))
    pretrained.write_tokenizer(tmp_path, ("<|eot|>", checkpoint.CWM_TOKENS[0]))
    with pytest.raises(ModelUnavailable, match=r"tokenizer\.json has no <\|frame_sep\|>, <\|action_sep\|>"):
        checkpoint.read(str(tmp_path))


@pytest.mark.parametrize("codec", ["gpt", "", 7, ["compact"]])
def test_a_vocabulary_that_is_not_known_is_refused(tmp_path: Path, codec: object) -> None:
    pretrained.write(tmp_path, codec="", changes={checkpoint.OURS: {"codec": codec}})
    with pytest.raises(ModelUnavailable, match="which this version does not know"):
        checkpoint.read(str(tmp_path))


@pytest.mark.parametrize("ours", [7, {"codec": "compact", "sha256": [1]}, {"sha256": {"a": 1}}])
def test_damaged_facts_of_ours_are_refused(tmp_path: Path, ours: object) -> None:
    pretrained.write(tmp_path, codec="", changes={checkpoint.OURS: ours})
    with pytest.raises(ModelUnavailable, match="is damaged: cwm_lsp is"):
        checkpoint.read(str(tmp_path))


def test_files_without_weights_are_refused(tmp_path: Path) -> None:
    pretrained.write(tmp_path)
    (tmp_path / checkpoint.SINGLE).write_bytes(pretrained.safetensors({}))
    with pytest.raises(ModelUnavailable, match="holds no weights"):
        checkpoint.read(str(tmp_path))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (changed(model_type="gpt2"), "model_type is 'gpt2'"),
        (changed(auto_map={"AutoModel": "evil.Model"}), "code of its own"),
        (changed(quantization_config={"quant_method": "awq"}), "quantized"),
        (changed(rope_parameters={"rope_type": "dynamic"}), "'dynamic', which depend on the length"),
        (changed(rope_parameters="absent", rope_scaling={"type": "longrope"}), "'longrope'"),
        (changed(vocab_size="many"), "vocab_size is 'many'"),
        (changed(max_position_embeddings="absent"), "max_position_embeddings is None"),
        (changed(num_hidden_layers=0), "num_hidden_layers is 0"),
    ],
)
def test_what_cannot_be_run_is_refused(tmp_path: Path, write: Callable[[Path], None], said: str) -> None:
    write(tmp_path)
    with pytest.raises(ModelUnavailable, match=said):
        checkpoint.read(str(tmp_path))


def test_only_safetensors_are_read(tmp_path: Path) -> None:
    pretrained.write(tmp_path)
    (tmp_path / checkpoint.SINGLE).rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match="no weights in safetensors; no other format is read"):
        checkpoint.read(str(tmp_path))


@pytest.mark.parametrize("name", ["../a.safetensors", "/etc/passwd", 7, "sub/a.safetensors"])
def test_an_index_does_not_lead_out_of_the_folder(tmp_path: Path, name: object) -> None:
    pretrained.write(tmp_path)
    (tmp_path / checkpoint.INDEX).write_text(json.dumps({"weight_map": {"w": name}}), encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="places no weights"):
        checkpoint.read(str(tmp_path))


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="No checkpoint is named"):
        checkpoint.read("")
    with pytest.raises(ModelUnavailable, match=r"config\.json cannot be read"):
        checkpoint.read(str(tmp_path))
    (tmp_path / checkpoint.CONFIG).write_text("[1]", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="no JSON object"):
        checkpoint.read(str(tmp_path))


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    pretrained.write(tmp_path)
    path = tmp_path / checkpoint.SINGLE
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelUnavailable, match="is damaged: its SHA-256 begins"):
        checkpoint.read(str(tmp_path)).verify()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_cut_file_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    pretrained.write(tmp_path, weights={"w": np.zeros(9, np.float32)})
    path = tmp_path / checkpoint.SINGLE
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ModelUnavailable, match="is damaged"):
        checkpoint.read(str(tmp_path))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_rubbish_is_no_weights(tmp_path: Path, rubbish: bytes) -> None:
    pretrained.write(tmp_path, weights={"w": np.zeros(9, np.float32)})
    (tmp_path / checkpoint.SINGLE).write_bytes(rubbish)
    with pytest.raises(ModelUnavailable, match="is damaged"):
        checkpoint.read(str(tmp_path))
