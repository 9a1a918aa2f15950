"""Functions of the classic kind, right as they stand, and the arguments they are tried with.

Bugs are seeded into them by mutation; what the right function gives is the specification.
"""

from __future__ import annotations

from tests.repair.functions_structures import STRUCTURES
from tests.repair.functions_values import VALUES

FUNCTIONS = {**VALUES, **STRUCTURES}
