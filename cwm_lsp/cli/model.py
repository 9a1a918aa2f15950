"""The model of this process: chosen, started and closed in one place, with the codec that it speaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from cwm_lsp.backend.choose import SERVER, Choice, choose, stand_in
from cwm_lsp.backend.protocol import Backend, BackendInfo
from cwm_lsp.backend.weights import locate, read_manifest
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.cwm import CwmCodec
from cwm_lsp.codec.cwm_tokens import HuggingFaceTokenizer
from cwm_lsp.codec.protocol import Codec
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError, ModelUnavailable, ServerLost, SettingsError
from cwm_lsp.predict import Calibration, Predictor

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MISSING = "`cwm-lsp doctor` says what is missing."
_OFF = "Set it to auto; `cwm-lsp record` needs no model."

LOOK_AGAIN = 10.0
"""Seconds between two looks for a server that does not answer."""

CWM_WINDOW = 6_000
"""Tokens of a run that CWM is shown behind the source: with it about the 8,192 that it attends to in full."""

CWM_EVENT = 2_000
"""Tokens that CWM may write for one event: all locals after a call, and the frames of comprehensions."""


class Model:
    """A chosen backend and its predictor. Nothing is started before something is asked.

    Where the setting `backend` is auto, a model of this machine stands in for a server that does not answer,
    until it does again; :attr:`notice` says so. ``look_again`` are the seconds between two looks for it.
    """

    def __init__(self, settings: Settings, look_again: float = LOOK_AGAIN) -> None:
        self._settings = settings
        self._look_again = look_again
        self._choice: Choice | None = None
        self._predictor: Predictor | None = None
        self._watch: asyncio.Task[None] | None = None
        self.notice = ""

    @property
    def choice(self) -> Choice:
        """Which backend answers, and why. Raises ``ModelUnavailable``."""
        if self._choice is None:
            self._choice = choice = choose(self._settings, self._lost)
            if choice.missed and choice.backend is not None:
                self._stands_in(choice.missed, choice.backend.info)
        return self._choice

    @property
    def predictor(self) -> Predictor:
        """What predicts. Raises ``ModelUnavailable`` where there is no model."""
        if self._predictor is None:
            if self.choice.backend is None:
                raise ModelUnavailable(
                    self.choice.reason, _OFF if self._settings.backend == "off" else _MISSING
                )
            calibrated = calibration(self.choice.model, self.choice.name)
            self._predictor = predictor_for(self.choice.backend, calibrated)
        return self._predictor

    def require(self) -> None:
        """Raises ``ModelUnavailable`` where there is no model to ask."""
        _ = self.predictor

    async def ask(self, work: Callable[[Predictor], Awaitable[T]]) -> T:
        """What ``work`` makes of the predictor, or of the one that has come to stand in for it meanwhile."""
        if self._served and self.choice.name != SERVER and self._watch is None:
            self._watch = asyncio.create_task(self._until_back(self.choice))  # it was down from the start
        asked = self.predictor
        try:
            return await work(asked)
        except BackendError:
            if self.predictor is asked:
                raise
        return await work(self.predictor)

    @property
    def info(self) -> BackendInfo:
        """Who answers. Raises ``ModelUnavailable``."""
        return self.predictor.backend.info

    @property
    def threshold(self) -> float:
        """The probability under which a value is withheld."""
        wanted = self._settings.threshold
        return self.predictor.calibration.threshold if wanted is None else wanted

    async def warm(self) -> None:
        """Start the model's process, so that it loads while something else is waited for."""
        prefix = await self.predictor.backend.open()
        await prefix.close()

    async def close(self) -> None:
        """End the model's process, if one was started."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._choice is not None and self._choice.backend is not None:
            await self._choice.backend.close()

    # A server that comes and goes.

    @property
    def _served(self) -> bool:
        """Whether a server is wanted where there is one."""
        return self._settings.backend == "auto" and bool(self._settings.endpoint)

    def _lost(self, error: ServerLost) -> None:
        """The chosen server does not answer: let another model stand in for it."""
        server = self._choice
        if not self._served or server is None or server.name != SERVER:
            return
        self._change(stand_in(self._settings, error))
        self._stands_in(error.message, self.info)
        self._watch = asyncio.create_task(self._until_back(server))

    def _stands_in(self, missed: str, instead: BackendInfo) -> None:
        self.notice = f"{missed} {instead.model} answers until it is back."
        logger.warning("%s", self.notice)

    async def _until_back(self, left: Choice) -> None:
        """Look for the server from time to time, and ask it from when it is back; ``left`` is closed."""
        if left.name == SERVER and left.backend is not None:
            await left.backend.close()
        while True:
            await asyncio.sleep(self._look_again)
            found = await asyncio.to_thread(choose, self._settings, self._lost)
            if found.name == SERVER:
                break
        instead = self._choice
        self._change(found)
        self.notice, self._watch = "", None
        logger.warning("The model server is back: %s", found.reason)
        if instead is not None and instead.backend is not None:
            await instead.backend.close()

    def _change(self, choice: Choice) -> None:
        self._choice, self._predictor = choice, None


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Model]:
    """A model that is closed at the end, whatever happens."""
    model = Model(settings)
    try:
        yield model
    finally:
        await model.close()


def codec_for(info: BackendInfo) -> Codec:
    """The codec that a model was trained on. Raises ``ModelUnavailable``."""
    if info.codec == CompactCodec.name:
        if info.vocabulary != CompactCodec.vocabulary:
            raise ModelUnavailable(
                f"The model {info.model} knows {info.vocabulary} tokens; "
                f"this version's format has {CompactCodec.vocabulary}.",
                "Export or adapt it again with this version.",
            )
        return CompactCodec()
    if info.codec == CwmCodec.name:
        return _cwm(info)
    raise ModelUnavailable(f"The model {info.model} speaks {info.codec!r}, which this version does not read.")


def _cwm(info: BackendInfo) -> CwmCodec:
    try:
        codec = CwmCodec(HuggingFaceTokenizer.load(info.tokenizer), info.context)
    except SettingsError as error:
        raise ModelUnavailable(error.message, error.hint) from error
    if codec.vocabulary > info.vocabulary:
        raise ModelUnavailable(
            f"The tokenizer of {info.model} has {codec.vocabulary} tokens and the model {info.vocabulary}.",
            "Take tokenizer and weights of the same checkpoint.",
        )
    return codec


def predictor_for(backend: Backend, calibrated: Calibration) -> Predictor:
    """What predicts with ``backend``, with the lengths that suit its format. Raises ``ModelUnavailable``."""
    info = backend.info
    codec = codec_for(info)
    if info.codec == CompactCodec.name:
        return Predictor(backend, codec, calibrated)
    window, longest = min(CWM_WINDOW, info.context // 2), min(CWM_EVENT, info.context // 4)
    return Predictor(backend, codec, calibrated, window, longest)


def calibration(model: str, backend: str) -> Calibration:
    """What was stored with the embedded weights in the folder ``model``; the identity for other models."""
    if backend != "embedded":
        return Calibration()
    return Calibration.from_json(read_manifest(locate(model)).calibration)
