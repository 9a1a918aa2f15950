"""The canonical model of a run: values, events, traces, and their one normal form."""
