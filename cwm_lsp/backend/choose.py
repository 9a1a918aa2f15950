"""Which backend answers, and why: the one place that decides."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from cwm_lsp.backend import registry
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.protocol import Backend
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable

logger = logging.getLogger(__name__)

AUTOMATIC = ("embedded",)
"""What ``auto`` tries, in this order."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The backend, or ``None`` for a debugger without a model; ``reason`` is one sentence for the user."""

    backend: Backend | None
    name: str
    reason: str


def choose(settings: Settings) -> Choice:
    """The backend that ``settings.backend`` asks for, in a process of its own that starts when first asked.

    ``auto`` goes without a model where none can be had. One asked for by name that cannot be had
    raises ``ModelUnavailable``.
    """
    choice = _automatic(settings) if settings.backend == "auto" else _named(settings)
    logger.info("backend %s: %s", choice.name, choice.reason)
    return choice


def _named(settings: Settings) -> Choice:
    if settings.backend == "off":
        return Choice(None, "off", "The setting `backend` is off.")
    return _hosted(settings.backend, settings, "The setting `backend` asks for it")


def _automatic(settings: Settings) -> Choice:
    failures = []
    for name in AUTOMATIC:
        try:
            return _hosted(name, settings, "It is the first that can be had")
        except ModelUnavailable as error:
            failures.append(f"{name}: {error}")
    return Choice(None, "off", f"No model can be had. {' '.join(failures)}")


def _hosted(name: str, settings: Settings, reason: str) -> Choice:
    info = registry.describe(name, settings)
    backend = HostedBackend(name, settings, info, start_within=registry.load_within(name))
    return Choice(backend, name, f"{reason}: {info.model} on {info.device}.")
