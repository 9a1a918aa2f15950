"""The folder of weights that the embedded model runs on: ``model.onnx`` and ``model.json``.

Reading the manifest is cheap and needs no onnxruntime; the weights are read once, and what is
hashed is what is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable

MODEL = "model.onnx"
MANIFEST = "model.json"
FORMAT = 5
"""Of the folder and of what the codec gives the model: weights learn from one and are wrong about another."""

_REINSTALL = "Install cwm-lsp again, or point the setting `model` at a folder of weights."


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``model.json`` says.

    ``layers``, ``kv_heads`` and ``head_dim`` are the sizes of the key/value memory; ``context`` and
    ``vocabulary`` count tokens; ``bits`` are those of a weight; ``sha256`` is of ``model.onnx``.
    ``calibration`` is whatever the predictor stored with the weights, ``provenance`` the versions
    that made the file.
    """

    name: str
    codec: str
    context: int
    vocabulary: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    rope_theta: float
    bits: int
    sha256: str
    calibration: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def info(self) -> BackendInfo:
        """Who answers when these weights run."""
        return BackendInfo(
            "embedded", self.name, self.codec, self.context, self.vocabulary, "cpu", self.sha256
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """A manifest and the bytes of the model, whose checksum is the manifest's."""

    manifest: Manifest
    model: bytes


def locate(folder: str = "") -> Path:
    """The folder of weights: ``folder`` where given, otherwise the one shipped with the package."""
    found = Path(folder).expanduser() if folder else Path(str(resources.files("cwm_lsp") / "weights"))
    if (found / MANIFEST).is_file():
        return found
    if folder:
        raise ModelUnavailable(
            f"{found} has no {MANIFEST}.", "The setting `model` names a folder of weights."
        )
    raise ModelUnavailable("No weights are installed with cwm-lsp.", _REINSTALL)


def read_manifest(folder: Path) -> Manifest:
    """``model.json`` of ``folder``, checked. Raises ``ModelUnavailable``."""
    path = folder / MANIFEST
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"{path} cannot be read: {error}.", _REINSTALL) from error
    if not isinstance(document, dict):
        raise ModelUnavailable(f"{path} holds no JSON object.", _REINSTALL)
    if document.get("format") != FORMAT:
        raise ModelUnavailable(
            f"{path} has format {document.get('format')!r} and this version reads {FORMAT}.",
            "Take weights and cwm-lsp of the same release.",
        )
    return _manifest(path, document)


def load(folder: Path) -> Weights:
    """Manifest and model of ``folder``. Raises ``ModelUnavailable``, also where the checksum differs."""
    manifest, path = read_manifest(folder), folder / MODEL
    try:
        model = path.read_bytes()
    except OSError as error:
        raise ModelUnavailable(f"{path} cannot be read: {error}.", _REINSTALL) from error
    digest = hashlib.sha256(model).hexdigest()
    if digest != manifest.sha256:
        raise ModelUnavailable(
            f"{path} is damaged: its SHA-256 begins {digest[:12]} and should begin {manifest.sha256[:12]}.",
            _REINSTALL,
        )
    return Weights(manifest, model)


def save(folder: Path, manifest: Manifest, model: bytes) -> None:
    """Write both files; ``manifest.sha256`` must be that of ``model``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_bytes(model)
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def describe(settings: Settings) -> BackendInfo:
    """Who would answer, without loading the model. Raises ``ModelUnavailable``."""
    return read_manifest(locate(settings.model)).info


def _manifest(path: Path, document: dict[str, Any]) -> Manifest:
    known = {entry.name for entry in fields(Manifest)}
    try:
        manifest = Manifest(**{key: value for key, value in document.items() if key in known})
    except TypeError as error:
        raise ModelUnavailable(f"{path} is incomplete: {error}.", _REINSTALL) from error
    for entry in fields(Manifest):
        value = getattr(manifest, entry.name)
        if not _fits(entry.type, value):
            raise ModelUnavailable(f"{path} is damaged: {entry.name} is {value!r}.", _REINSTALL)
    return manifest


def _fits(annotation: object, value: object) -> bool:
    if annotation == "int":
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    if annotation == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str if annotation == "str" else dict)
