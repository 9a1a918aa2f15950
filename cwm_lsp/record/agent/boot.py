"""The program that debugpy launches: it loads the agent under a private name and hands over.

Nothing of ours becomes importable for the user's program, and nothing of the user's can stand in for
ours: the private packages know their own folders only.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Any

PRIVATE = "_cwm_agent"


def load(root: str) -> Any:
    """The agent's ``run`` module, ``root`` being the folder of the ``cwm_lsp`` package."""
    for name in ("", "record", "record.agent", "trace"):
        module = ModuleType(f"{PRIVATE}.{name}".rstrip("."))
        module.__path__ = [os.path.join(root, *name.split("."))]
        sys.modules[module.__name__] = module
    return importlib.import_module(f"{PRIVATE}.record.agent.run")


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]
    load(os.path.dirname(os.path.dirname(here))).main(sys.argv[1])
