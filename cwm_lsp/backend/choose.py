"""Which backend answers, and why: the one place that decides."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from cwm_lsp.backend import registry
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.protocol import Backend
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ServerLost

logger = logging.getLogger(__name__)

SERVER = "vllm"
"""What ``auto`` takes where the setting `endpoint` names a server that answers."""

ON_THIS_MACHINE = ("embedded",)
"""What ``auto`` tries, in this order, after the servers of the setting `endpoint` where there is one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The backend, or ``None`` for a debugger without a model; ``reason`` is for the user.

    ``model`` is the setting of this name that the backend goes by: ``auto`` may fall back to our weights.
    ``missed`` says what is wrong with those that were wanted more, "" where this is the first.
    """

    backend: Backend | None
    name: str
    reason: str
    model: str = ""
    missed: str = ""


OnLost = Callable[[ServerLost], None]


def choose(settings: Settings, on_lost: OnLost | None = None) -> Choice:
    """The backend that ``settings.backend`` asks for, in a process of its own that starts when first asked.

    ``auto`` goes without a model where none can be had. One asked for by name that cannot be had
    raises ``ModelUnavailable``. ``on_lost`` hears of a chosen server that does not answer any more.
    """
    choice = _automatic(settings, on_lost) if settings.backend == "auto" else _named(settings)
    logger.info("backend %s: %s", choice.name, choice.reason)
    return choice


def stand_in(settings: Settings, lost: BackendError) -> Choice:
    """What answers while the chosen server does not. Raises ``BackendError`` where nothing can."""
    here = replace(settings, endpoint="", model="")
    choice = _automatic(here)
    if choice.backend is None:
        raise lost
    return replace(choice, reason=f"It stands in for a server: {lost.message} {choice.reason}")


def _named(settings: Settings) -> Choice:
    if settings.backend == "off":
        return Choice(None, "off", "The setting `backend` is off.")
    return _hosted(settings.backend, settings, "The setting `backend` asks for it")


def _automatic(settings: Settings, on_lost: OnLost | None = None) -> Choice:
    failures: list[tuple[str, BackendError]] = []
    for name, wanted in _wanted(settings):
        try:
            wrong = registry.present(name, wanted)
            choice = _hosted(name, wanted, "It is the first that can be had", on_lost)
        except BackendError as error:
            failures.append((name, error))
        else:
            said = [choice.reason, *_named_failures(failures), *map(str, wrong)]
            missed = " ".join(error.message for _, error in failures)
            return replace(choice, reason=" ".join(said), missed=missed)
    return Choice(None, "off", " ".join(["No model can be had.", *_named_failures(failures)]))


def _named_failures(failures: Iterable[tuple[str, BackendError]]) -> Iterator[str]:
    return (f"{name}: {error}" for name, error in failures)


def _wanted(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """What ``auto`` tries. With an endpoint, `model` describes what is served there, and not our weights."""
    here = settings
    if settings.endpoint:
        yield SERVER, settings
        here = replace(settings, model="")
    for name in ON_THIS_MACHINE:
        yield name, here


def _hosted(name: str, settings: Settings, reason: str, on_lost: OnLost | None = None) -> Choice:
    info = registry.describe(name, settings)
    backend = HostedBackend(name, settings, info, start_within=registry.load_within(name), on_lost=on_lost)
    return Choice(backend, name, f"{reason}: {info.model} on {info.device}.", settings.model)
