"""The model as debug sessions see it."""

from __future__ import annotations

from typing import Protocol

from cwm_lsp.predict import Predictor


class World(Protocol):
    """The model that predicts. Attributes raise ``ModelUnavailable`` where there is none."""

    @property
    def predictor(self) -> Predictor:
        """What predicts."""
        ...

    @property
    def threshold(self) -> float:
        """The probability under which a value is withheld."""
        ...
