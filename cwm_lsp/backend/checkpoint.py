"""A folder in the layout of Hugging Face: ``config.json`` beside weights in safetensors.

Read without torch, so that the server can say who would answer and what is wrong with a folder
before anything heavy is loaded. Only headers of the weights are read; whether a file is as long as
its header says is known from them, so a download that was cut is noticed here.

Which tokens the model speaks is never guessed. A checkpoint of ours says so in its ``config.json``
(:func:`mark`): ``{"cwm_lsp": {"codec": "compact", "sha256": {"model.safetensors": "..."}}}``. Any
other must have a ``tokenizer.json`` with the trace tokens of CWM.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
OURS = "cwm_lsp"
"""The key of our facts in ``config.json``."""

COMPACT, CWM = "compact", "cwm"
"""The vocabularies that there are: ours, and the one of the published models."""

CWM_TOKENS = ("<|trace_context_start|>", "<|frame_sep|>", "<|action_sep|>", "<|line_sep|>")
"""Tokens that only a vocabulary of CWM's has. The codec asks for the rest by name."""

DEVICES = "cuda, else cpu"
"""Where a model will run, as far as that is known without torch."""

FAMILIES = ("cwm", "llama")
ROTATIONS = ("default", "linear", "llama3", "yarn")
"""Kinds of rotary position whose angles do not depend on how long the prompt has become."""

_MAX_HEADER = 100 << 20
_HINT = "The setting `model` names a folder with config.json and weights in safetensors."
_OUTLINED = "The setting `model` names a folder with the config.json and tokenizer.json of the served model."
_AGAIN = "Copy or download the checkpoint again."


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies. ``dtype`` is as safetensors names it: ``F32``, ``BF16``, ..."""

    file: Path
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of a folder before it is loaded. ``checksums`` are SHA-256 of files by name."""

    folder: Path
    config: Mapping[str, Any]
    codec: str
    tensors: Mapping[str, Tensor]
    checksums: Mapping[str, str]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold weights."""
        return tuple(sorted({tensor.file for tensor in self.tensors.values()}))

    @property
    def dtype(self) -> str:
        """The type of the largest tensor."""
        return max(self.tensors.values(), key=lambda tensor: math.prod(tensor.shape)).dtype

    @property
    def digest(self) -> str:
        """The SHA-256 of the weights where the checkpoint states it; "" otherwise.

        Of several files it is that of their checksums, one a line, in the order of their names.
        """
        stated = [self.checksums.get(file.name, "") for file in self.files]
        if not all(stated):
            return ""
        return stated[0] if len(stated) == 1 else hashlib.sha256("\n".join(stated).encode()).hexdigest()

    def info(self, device: str) -> BackendInfo:
        """Who answers when these weights run on ``device``."""
        context, vocabulary = self.config["max_position_embeddings"], self.config["vocab_size"]
        name = self.folder.resolve().name
        tokenizer = str(self.folder / TOKENIZER) if self.codec == CWM else ""
        return BackendInfo(
            "transformers", name, self.codec, context, vocabulary, device, self.digest, tokenizer
        )

    def verify(self) -> None:
        """Compare every file with its stated checksum. Raises ``ModelUnavailable``."""
        for file in self.files:
            stated = self.checksums.get(file.name)
            if stated is not None and (found := sha256(file)) != stated:
                raise ModelUnavailable(
                    f"{file} is damaged: its SHA-256 begins {found[:12]} and should begin {stated[:12]}.",
                    _AGAIN,
                )


def read(folder: str) -> Checkpoint:
    """The checkpoint in ``folder``. Raises ``ModelUnavailable``, saying what it lacks."""
    if not folder:
        raise ModelUnavailable("No checkpoint is named.", _HINT)
    place = Path(folder).expanduser()
    _check(place, _object(place / CONFIG, _HINT))
    return whole(folder)


def describe(settings: Settings) -> BackendInfo:
    """Who would answer, without loading the model. Raises ``ModelUnavailable``."""
    return read(settings.model).info(DEVICES)


def outline(folder: str, backend: str, device: str) -> BackendInfo:
    """Who answers where another program holds the weights: only configuration and tokenizer are read.

    Raises ``ModelUnavailable``, saying what ``folder`` lacks.
    """
    if not folder:
        raise ModelUnavailable("No model is named.", _OUTLINED)
    place = Path(folder).expanduser()
    config = _object(place / CONFIG, _OUTLINED)
    context, vocabulary = config.get("max_position_embeddings"), config.get("vocab_size")
    if not (isinstance(context, int) and isinstance(vocabulary, int) and min(context, vocabulary) > 0):
        raise ModelUnavailable(f"{place / CONFIG} names no context and vocabulary.", _OUTLINED)
    ours = config.get(OURS, {})
    codec = _codec(place, ours if isinstance(ours, dict) else {})
    tokenizer = str(place / TOKENIZER) if codec == CWM else ""
    return BackendInfo(backend, place.resolve().name, codec, context, vocabulary, device, "", tokenizer)


def whole(folder: str) -> Checkpoint:
    """:func:`read` for an engine that loads weights of whatever kind. Raises ``ModelUnavailable``."""
    place = Path(folder).expanduser()
    config = _object(place / CONFIG, _HINT)
    sums = _checksums(place, config)
    return Checkpoint(place, config, _codec(place, config.get(OURS, {})), _tensors(place), sums)


def mark(folder: Path, codec: str) -> None:
    """Write into ``config.json`` of ``folder`` which vocabulary it speaks, and the checksums of its weights.

    ``folder`` is as ``save_pretrained`` leaves it. Raises ``ModelUnavailable`` where it cannot be read.
    """
    config = _object(folder / CONFIG, _HINT)
    files = {tensor.file for tensor in _tensors(folder).values()}
    config[OURS] = {"codec": codec, "sha256": {file.name: sha256(file) for file in sorted(files)}}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8", newline="\n")


def sha256(file: Path) -> str:
    """The checksum of ``file``. Raises ``ModelUnavailable`` where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(f"{file} cannot be read: {error}.", _AGAIN) from error


def _checksums(folder: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """The SHA-256 of files by name, as far as ``config`` states them."""
    ours = config.get(OURS, {})
    sums = ours.get("sha256", {}) if isinstance(ours, dict) else None
    if not isinstance(sums, dict) or not all(isinstance(value, str) for value in sums.values()):
        raise ModelUnavailable(f"{folder / CONFIG} is damaged: {OURS} is {ours!r}.", _AGAIN)
    return sums


def _check(folder: Path, config: Mapping[str, Any]) -> None:
    """Refuse what would be computed wrongly, or not at all."""
    family, rope = config.get("model_type"), _rotation(config)
    refusals = {
        f"its model_type is {family!r}, not one of {', '.join(FAMILIES)}": family not in FAMILIES,
        "it brings code of its own, which is not run": "auto_map" in config,
        "its weights are quantized, which is for a vLLM server": "quantization_config" in config,
        f"its rotary positions are {rope!r}, which depend on the length": rope not in ROTATIONS,
    }
    for size in ("vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers"):
        value = config.get(size)
        refusals[f"its {size} is {value!r}"] = not isinstance(value, int) or value <= 0
    reasons = [reason for reason, holds in refusals.items() if holds]
    if reasons:
        raise ModelUnavailable(f"The checkpoint {folder} cannot be run: {'; '.join(reasons)}.")


def _rotation(config: Mapping[str, Any]) -> object:
    """The kind of rotary positions, under the names of transformers 5 and before."""
    facts = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if not isinstance(facts, dict):
        return facts
    return facts.get("rope_type", facts.get("type", "default"))


def _codec(folder: Path, ours: Mapping[str, Any]) -> str:
    stated = ours.get("codec", CWM)
    if stated == COMPACT:
        return COMPACT
    if stated != CWM:
        raise ModelUnavailable(
            f"{folder} speaks the vocabulary {stated!r}, which this version does not know.",
            f"It knows {COMPACT} and {CWM}.",
        )
    lacks = f"{folder} does not say that it speaks a vocabulary of cwm-lsp"
    if not (folder / TOKENIZER).is_file():
        raise ModelUnavailable(
            f"{lacks}, and has no {TOKENIZER} with the trace tokens of CWM.",
            "Take a CWM checkpoint, or one that `cwm-lsp model` wrote.",
        )
    added = _object(folder / TOKENIZER, _AGAIN).get("added_tokens")
    known = (
        [token.get("content") for token in added if isinstance(token, dict)]
        if isinstance(added, list)
        else []
    )
    missing = [token for token in CWM_TOKENS if token not in known]
    if missing:
        raise ModelUnavailable(
            f"{lacks}, and its {TOKENIZER} has no {', '.join(missing)}.",
            "Take a model that was trained on CWM traces.",
        )
    return CWM


def _tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors by name, every file being whole."""
    if (folder / INDEX).is_file():
        placed = _object(folder / INDEX, _AGAIN).get("weight_map")
        if not isinstance(placed, dict) or not all(_plain(name) for name in placed.values()):
            raise ModelUnavailable(f"{folder / INDEX} is damaged: it places no weights.", _AGAIN)
        names = sorted(set(placed.values()))
    elif (folder / SINGLE).is_file():
        placed, names = {}, [SINGLE]
    else:
        raise ModelUnavailable(f"{folder} has no weights in safetensors; no other format is read.", _HINT)
    found: dict[str, Tensor] = {}
    for name in names:
        found |= _header(folder / name)
    if not found:
        raise ModelUnavailable(f"{folder} holds no weights: {', '.join(names)} is empty.", _AGAIN)
    missing = [tensor for tensor in placed if tensor not in found]
    if missing:
        raise ModelUnavailable(f"{folder} lacks {len(missing)} tensors, {missing[0]} the first.", _AGAIN)
    return found


def _plain(name: object) -> bool:
    """Whether ``name`` names a file of the folder itself."""
    return isinstance(name, str) and Path(name).name == name


def _header(file: Path) -> dict[str, Tensor]:
    """The tensors of ``file``, which must be as long as they say."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = stream.read(length) if 8 + length <= min(size, _MAX_HEADER) else b""
        entries = json.loads(header)
        tensors = {name: facts for name, facts in entries.items() if name != "__metadata__"}
        end = max((int(facts["data_offsets"][1]) for facts in tensors.values()), default=0)
        found = {
            name: Tensor(file, str(facts["dtype"]), tuple(map(int, facts["shape"])))
            for name, facts in tensors.items()
        }
    except OSError as error:
        raise ModelUnavailable(f"{file} cannot be read: {error}.", _AGAIN) from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelUnavailable(f"{file} is damaged: its header cannot be read.", _AGAIN) from error
    if 8 + length + end != size:
        raise ModelUnavailable(
            f"{file} is damaged: it has {size} bytes and needs {8 + length + end}.", _AGAIN
        )
    return found


def _object(path: Path, hint: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"{path} cannot be read: {error}.", hint) from error
    if not isinstance(document, dict):
        raise ModelUnavailable(f"{path} holds no JSON object.", hint)
    return document
