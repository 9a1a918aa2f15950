"""How far a recording goes before it is cut."""

from __future__ import annotations

from typing import NamedTuple

from ...trace.render import DEFAULT, RenderLimits


class Limits(NamedTuple):
    """The bounds of one recording; reaching any of them cuts the trace and ends the program.

    ``events``: recorded events; ``bytes``: size of the recording; ``depth``: calls within each
    other, counted over recorded frames; ``seconds``: wall time from the first recorded event;
    ``output``: characters kept of each of the program's two streams; ``render``: of one value.
    """

    events: int = 100_000
    bytes: int = 64 << 20
    depth: int = 1000
    seconds: float = 30.0
    output: int = 1 << 20
    render: RenderLimits = DEFAULT
