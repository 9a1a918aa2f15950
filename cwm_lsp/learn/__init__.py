"""Making the embedded model: corpus, training, export, evaluation, calibration and adaptation."""
