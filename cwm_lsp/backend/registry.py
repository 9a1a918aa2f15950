"""The backends by name, loaded when they are asked for.

The one list of concrete backends. The model host and the chooser look a name up here, so that
neither the server nor a user of one backend imports another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cwm_lsp.backend.protocol import Backend, BackendInfo
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelUnavailable


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a backend is made. Both functions, named ``module:function``, take the settings.

    ``describe`` says who would answer and must be cheap: it runs in the server. ``create`` loads the
    model: it runs in the model host. ``extra`` is what must be installed for it, ``load_within`` how
    many seconds loading may take. ``present``, where there is one, raises if what is described cannot
    be had just now, and returns what is wrong with a part of it; it takes a moment and is asked before
    ``auto`` chooses.
    """

    describe: str
    create: str
    extra: str = ""
    load_within: float = 60.0
    present: str = ""


KINDS = {
    "embedded": Kind("cwm_lsp.backend.weights:describe", "cwm_lsp.backend.embedded:create"),
    "transformers": Kind(
        "cwm_lsp.backend.checkpoint:describe",
        "cwm_lsp.backend.transformers:create",
        "transformers",
        load_within=900.0,  # 65 GB from a disk
    ),
    "vllm": Kind(
        "cwm_lsp.backend.vllm:describe",
        "cwm_lsp.backend.vllm:create",
        "vllm",
        load_within=900.0,  # where it runs in the model host
        present="cwm_lsp.backend.vllm:present",
    ),
    "replay": Kind("cwm_lsp.backend.replay:describe", "cwm_lsp.backend.replay:create"),
}


def describe(name: str, settings: Settings) -> BackendInfo:
    """Who would answer. Raises ``ModelUnavailable``."""
    info: BackendInfo = _function(name, _kind(name).describe)(settings)
    return info


def present(name: str, settings: Settings) -> list[BackendError]:
    """What is wrong with a part of the backend: one of its servers.

    Raises ``ModelUnavailable`` where it cannot be had just now, as far as that is known soon.
    """
    if not _kind(name).present:
        return []
    wrong: list[BackendError] = _function(name, _kind(name).present)(settings)
    return wrong


def create(name: str, settings: Settings) -> Backend:
    """The backend, in this process. Raises ``ModelUnavailable``."""
    backend: Backend = _function(name, _kind(name).create)(settings)
    return backend


def load_within(name: str) -> float:
    """Seconds that the backend may take to load. Raises ``ModelUnavailable``."""
    return _kind(name).load_within


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise ModelUnavailable(
            f"This version of cwm-lsp has no backend {name!r}.", f"It has {', '.join(KINDS)}."
        )
    return KINDS[name]


def _function(name: str, path: str) -> Callable[[Settings], Any]:
    module, _, function = path.partition(":")
    try:
        found: Callable[[Settings], Any] = getattr(import_module(module), function)
    except ImportError as error:
        extra = KINDS[name].extra
        hint = f"Install it with: pip install 'cwm-lsp[{extra}]'" if extra else "Install cwm-lsp again."
        raise ModelUnavailable(f"The backend {name} cannot be loaded: {error}.", hint) from error
    return found
