"""Asking a model about a run: score a real one, or run ahead without it."""

from cwm_lsp.predict.calibration import Calibration
from cwm_lsp.predict.entry import entry_trace
from cwm_lsp.predict.predictor import Prediction, Predictor, certainty, weighted

__all__ = ["Calibration", "Prediction", "Predictor", "certainty", "entry_trace", "weighted"]
