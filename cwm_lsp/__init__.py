"""A world-model debugger for Python: what the code will do, beside what it did."""

__version__ = "0.1.0"
