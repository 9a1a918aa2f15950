"""Asking a model about a run: score a real one, or run ahead without it."""

from cwm_lsp.predict.calibration import Calibration, ProbabilityMap, log_odds
from cwm_lsp.predict.entry import entry_trace
from cwm_lsp.predict.history import Track, Trust
from cwm_lsp.predict.predictor import Prediction, Predictor, certainty, weighted

__all__ = [
    "Calibration",
    "Prediction",
    "Predictor",
    "ProbabilityMap",
    "Track",
    "Trust",
    "certainty",
    "entry_trace",
    "log_odds",
    "weighted",
]
