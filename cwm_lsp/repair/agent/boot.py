"""Started as a script: imports the package it lies in under a private name and serves until stdin ends."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

_NAME = "_cwm_lsp_repair_agent"


def main() -> None:
    """Load the agent and serve."""
    folder = os.path.dirname(os.path.abspath(__file__))
    # Started by its path, this folder would be the first place for the user's imports.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != folder]
    spec = importlib.util.spec_from_file_location(
        _NAME, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    spec.loader.exec_module(package)
    importlib.import_module(_NAME + ".serve").serve()


if __name__ == "__main__":
    main()
