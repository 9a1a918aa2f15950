"""The model of this process: chosen, started and closed in one place, with the codec that it speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cwm_lsp.backend.choose import Choice, choose
from cwm_lsp.backend.protocol import Backend, BackendInfo
from cwm_lsp.backend.weights import locate, read_manifest
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.cwm import CwmCodec
from cwm_lsp.codec.cwm_tokens import HuggingFaceTokenizer
from cwm_lsp.codec.protocol import Codec
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable, SettingsError
from cwm_lsp.predict import Calibration, Predictor

CWM_WINDOW = 6_000
"""Tokens of a run that CWM is shown behind the source: with it about the 8,192 that it attends to in full."""

CWM_EVENT = 2_000
"""Tokens that CWM may write for one event: all locals after a call, and the frames of comprehensions."""


class Model:
    """A chosen backend and its predictor. Nothing is started before something is asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._choice: Choice | None = None
        self._predictor: Predictor | None = None

    @property
    def choice(self) -> Choice:
        """Which backend answers, and why. Raises ``ModelUnavailable``."""
        if self._choice is None:
            self._choice = choose(self._settings)
        return self._choice

    @property
    def predictor(self) -> Predictor:
        """What predicts. Raises ``ModelUnavailable`` where there is no model."""
        if self._predictor is None:
            if self.choice.backend is None:
                raise ModelUnavailable(self.choice.reason, "`cwm-lsp doctor` says what is missing.")
            calibrated = calibration(self.choice.model, self.choice.name)
            self._predictor = predictor_for(self.choice.backend, calibrated)
        return self._predictor

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
        if self._choice is not None and self._choice.backend is not None:
            await self._choice.backend.close()


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
