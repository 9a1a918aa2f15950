"""Debug sessions put together: the model that predicts in them, and what runs a call that they ask about."""

from __future__ import annotations

from cwm_lsp.cli.engines import LocalEngines
from cwm_lsp.cli.model import Model
from cwm_lsp.config import Loaded
from cwm_lsp.dap.observer import Desk, Observer
from cwm_lsp.dap.predicting import Predicting
from cwm_lsp.dap.really import Recorder
from cwm_lsp.dap.session import Services
from cwm_lsp.features.results import Call
from cwm_lsp.trace.model import SourceFile, Trace


def services(
    loaded: Loaded, model: Model, adapter: tuple[str, ...] = (), *, ghost: bool = False, token: str = ""
) -> Services:
    """Sessions with ``model``; those of the real debugpy are watched and predicted."""

    def predicting(desk: Desk) -> Observer:
        return Predicting(desk, lambda: model)

    return Services(lambda: model, adapter, ghost, (predicting,), recorder(loaded, model), token)


def recorder(loaded: Loaded, model: Model) -> Recorder:
    """What runs a call that a ghost session was asked about, with the interpreter of its file."""
    engines = LocalEngines(loaded, model)

    async def run(source: SourceFile, call: Call) -> Trace:
        return await engines.record(source, call, lambda words, share: None)

    return run
