"""The backends that every one of them must behave like, and what they are asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from cwm_lsp.backend import registry
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.protocol import Backend
from cwm_lsp.config import Settings
from tests.backend import pretrained, tiny


@dataclass(frozen=True, slots=True)
class Subject:
    """A backend under the contract. ``tolerance`` is on log-probabilities computed another way."""

    backend: Backend
    tokens: tuple[int, ...]
    tolerance: float


HEAVY = all(find_spec(name) for name in ("safetensors", "torch", "transformers"))

SUBJECTS = (
    "replay",
    "embedded",
    "replay hosted",
    "embedded hosted",
    *("transformers", "transformers hosted") * HEAVY,
)
"""A backend whose extra is not installed is left out."""

# Eight-bit kernels round a batch of rows and a single row differently.
TOLERANCE = {"replay": 1e-6, "embedded": 0.1, "transformers": 1e-4}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SUBJECTS)
async def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Subject]:
    """Each backend in turn, one for a whole module: tests also meet what others left in its cache."""
    made = make_subject(request.param, tmp_path_factory.mktemp("subject"))
    yield made
    await made.backend.close()


def make_subject(kind: str, folder: Path) -> Subject:
    """A backend of one of the ``SUBJECTS``, which the caller closes."""
    name, _, hosted = kind.partition(" ")
    tokens = tuple(np.random.default_rng(7).integers(0, tiny.VOCABULARY, 400).tolist())
    makers: dict[str, Callable[[], Settings]] = {
        "embedded": embedded_settings,
        "replay": lambda: replay_settings(folder, tokens),
        "transformers": lambda: transformers_settings(folder),
    }
    settings = makers[name]()
    backend: Backend
    if hosted:
        backend = HostedBackend(name, settings, registry.describe(name, settings))
    else:
        backend = registry.create(name, settings)
    return Subject(backend, tokens, TOLERANCE[name])


def embedded_settings() -> Settings:
    """The embedded backend on the tiny model."""
    return Settings(backend="embedded", model=str(tiny.FOLDER), threads=1)


def transformers_settings(folder: Path) -> Settings:
    """The transformers backend on the tiny model, written to ``folder``."""
    pretrained.write(folder / "tiny")
    return Settings(backend="transformers", model=str(folder / "tiny"), threads=1)


def replay_settings(folder: Path, tokens: tuple[int, ...], context: int = tiny.CONTEXT) -> Settings:
    """A replay backend that believes in ``tokens`` and in one mistake at their 20th."""
    mistake = (*tokens[:20], (tokens[20] + 1) % tiny.VOCABULARY, 5, 6, 7)
    scripts = [{"tokens": tokens}, {"tokens": mistake, "weight": 3}]
    path = folder / "replay.json"
    document = {"vocabulary": tiny.VOCABULARY, "context": context, "scripts": scripts}
    path.write_text(json.dumps(document), encoding="utf-8")
    return Settings(backend="replay", model=str(path))
