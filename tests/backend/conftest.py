"""The backends that every one of them must behave like, and what they are asked."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from cwm_lsp.backend import registry
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.protocol import Backend
from cwm_lsp.backend.vllm import IN_PROCESS
from cwm_lsp.config import Settings
from tests.backend import pretrained, served, tiny
from tests.conftest import FULL


@dataclass(frozen=True, slots=True)
class Subject:
    """A backend under the contract, whose model has ``vocabulary`` tokens and holds ``context`` of them.

    ``tolerance`` is on log-probabilities computed another way; ``at_once`` prefixes are written behind
    together.
    """

    backend: Backend
    tokens: tuple[int, ...]
    tolerance: float
    vocabulary: int = tiny.VOCABULARY
    context: int = tiny.CONTEXT
    at_once: int = 21


HEAVY = all(find_spec(name) for name in ("safetensors", "torch", "transformers"))
VLLM = FULL and served.INSTALLED

STARTING = pytest.mark.timeout(1800)
"""vLLM starts for a minute on two cores, and for many where others are busy."""

_SERVED, _HOSTED = (pytest.param(kind, marks=STARTING) for kind in ("vllm", "vllm hosted"))

SUBJECTS = (
    "replay",
    "embedded",
    "replay hosted",
    "embedded hosted",
    *("transformers", "transformers hosted") * HEAVY,
    *(_SERVED, _HOSTED) * VLLM,
)
"""A backend whose extra is not installed is left out; ``FULL=1`` is not content with that.

``vllm`` is a server of the real one, ``vllm hosted`` the real one in a model host.
"""

ENDED = tuple(kind for kind in SUBJECTS if kind is not _HOSTED)
"""Those that are also started to be closed at once. One in a host is closed as any other in a host is."""

# Eight-bit kernels round a batch of rows and a single row differently.
TOLERANCE = {"replay": 1e-6, "embedded": 0.1, "transformers": 1e-4, "vllm": 1e-3}

Maker = Callable[[str], Subject]


@pytest.fixture(scope="module")
def make_subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Makes a backend of one of the ``SUBJECTS``, which the caller closes."""

    def make(kind: str) -> Subject:
        if kind.startswith("vllm"):
            return _vllm_subject(kind, request)
        return _tiny_subject(kind, tmp_path_factory.mktemp("subject"))

    return make


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SUBJECTS)
async def subject(request: pytest.FixtureRequest, make_subject: Maker) -> AsyncIterator[Subject]:
    """Each backend in turn, one for a whole module: tests also meet what others left in its cache."""
    made = make_subject(request.param)
    yield made
    await made.backend.close()


def _tiny_subject(kind: str, folder: Path) -> Subject:
    """A backend that answers with the tiny model, or with a script."""
    name, _, hosted = kind.partition(" ")
    tokens = _random_tokens(tiny.VOCABULARY)
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


def _vllm_subject(kind: str, request: pytest.FixtureRequest) -> Subject:
    """The real vLLM with the embedded model's own weights."""
    folder: Path = request.getfixturevalue("vllm_folder")
    settings = served.settings(folder, IN_PROCESS)
    info = registry.describe("vllm", settings)
    backend: Backend
    if kind == "vllm hosted":
        backend = served.hosted(settings)
    else:
        backend = registry.create("vllm", served.settings(folder, request.getfixturevalue("vllm_server")))
    tokens = _random_tokens(info.vocabulary)
    return Subject(backend, tokens, TOLERANCE["vllm"], info.vocabulary, served.CONTEXT, 8)


def _random_tokens(vocabulary: int) -> tuple[int, ...]:
    return tuple(np.random.default_rng(7).integers(0, vocabulary, 400).tolist())


@pytest.fixture(scope="session")
def vllm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model's own weights, as vLLM reads them."""
    base = tmp_path_factory.getbasetemp()
    together = "PYTEST_XDIST_WORKER" in os.environ
    return served.written((base.parent if together else base) / "vllm")


@pytest.fixture(scope="session")
def vllm_server(vllm_folder: Path) -> Iterator[str]:
    """The endpoint of a real vLLM server of these weights, one for all tests."""
    with served.serving(vllm_folder) as endpoint:
        yield endpoint


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
