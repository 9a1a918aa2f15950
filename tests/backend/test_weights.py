"""The folder of weights: found, checked, and refused with its cause."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.backend import registry, weights
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable
from tests.backend import tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the tiny model."""
    return Path(shutil.copytree(tiny.FOLDER, tmp_path / "weights"))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / weights.MANIFEST
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_good_weights_are_loaded(folder: Path) -> None:
    loaded = weights.load(weights.locate(str(folder)))
    assert loaded.model == (folder / weights.MODEL).read_bytes()
    assert loaded.manifest.info.digest == loaded.manifest.sha256
    assert registry.describe("embedded", Settings(model=str(folder))) == loaded.manifest.info


def test_a_manifest_survives_being_saved(folder: Path) -> None:
    loaded = weights.load(folder)
    manifest = dataclasses.replace(loaded.manifest, calibration={"threshold": 0.5}, provenance={"a": "é"})
    weights.save(folder / "deeper" / "still", manifest, loaded.model)
    assert weights.load(folder / "deeper" / "still") == weights.Weights(manifest, loaded.model)


def test_unknown_entries_are_allowed(folder: Path) -> None:
    edit(folder, lambda document: document.update(later="thing"))
    assert weights.load(folder).manifest.name == "tiny"


def test_one_flipped_bit_is_noticed(folder: Path) -> None:
    data = bytearray((folder / weights.MODEL).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / weights.MODEL).write_bytes(data)
    with pytest.raises(ModelUnavailable, match=r"model\.onnx is damaged"):
        registry.create("embedded", Settings(model=str(folder)))


def test_weights_that_onnxruntime_refuses_are_reported(folder: Path) -> None:
    manifest = dataclasses.replace(weights.read_manifest(folder), sha256=_digest(b"no model"))
    weights.save(folder, manifest, b"no model")
    with pytest.raises(ModelUnavailable, match="cannot run the weights tiny"):
        registry.create("embedded", Settings(model=str(folder)))


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"nowhere has no model\.json"):
        weights.locate(str(tmp_path / "nowhere"))


def test_a_missing_model_is_named(folder: Path) -> None:
    (folder / weights.MODEL).unlink()
    with pytest.raises(ModelUnavailable, match=r"model\.onnx cannot be read"):
        weights.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff"])
def test_a_manifest_that_is_no_object_is_refused(folder: Path, text: str) -> None:
    (folder / weights.MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelUnavailable, match=r"model\.json"):
        weights.read_manifest(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("layers", 0),
        ("layers", "2"),
        ("layers", True),
        ("name", None),
        ("rope_theta", "x"),
        ("calibration", []),
    ],
)
def test_a_manifest_of_nonsense_is_refused(folder: Path, key: str, value: object) -> None:
    edit(folder, lambda document: document.update({key: value}))
    with pytest.raises(ModelUnavailable, match=key):
        weights.read_manifest(folder)


def test_an_incomplete_manifest_is_refused(folder: Path) -> None:
    edit(folder, lambda document: document.pop("head_dim"))
    with pytest.raises(ModelUnavailable, match="head_dim"):
        weights.read_manifest(folder)


@pytest.mark.parametrize("other", [weights.FORMAT - 1, weights.FORMAT + 1])
def test_another_format_is_refused(folder: Path, other: int) -> None:
    edit(folder, lambda document: document.update(format=other))
    with pytest.raises(ModelUnavailable, match=f"format {other}"):
        weights.read_manifest(folder)
