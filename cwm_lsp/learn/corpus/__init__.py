"""The training corpus: small Python programs, each with one call, whose execution is worth predicting."""
