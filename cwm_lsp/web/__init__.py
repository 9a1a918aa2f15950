"""The trace page: a run, a prediction, both compared or two side by side, in a browser on this machine."""
