"""How much of what is foreseen can run at one go, without a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.helper import Helper
from cwm_lsp.dap.observer import Desk
from cwm_lsp.dap.probes import Probes
from cwm_lsp.predict.standing import Standing
from cwm_lsp.trace.model import EventKind, SourceFile
from cwm_lsp.trace.predicted import PredictedStep
from cwm_lsp.wire.dap import Json, Request

PATH = "/home/me/shop.py"
SOURCE = """\
def f(n):
    a = n
    b = (a +
         1)
    c = b; d = c
    import json
    e = d
    return e
"""


def step(line: int, kind: EventKind = EventKind.LINE, depth: int = 0) -> PredictedStep:
    return PredictedStep(kind, line, "f", depth, 0.9)


def reach(line: int, *course: PredictedStep, own: Json | None = None) -> int:
    nobody = cast("Desk", None)
    breakpoints = Breakpoints(nobody)
    given: Mapping[str, object] = {"source": {"path": PATH}, "breakpoints": [own] if own else []}
    breakpoints.request(Request(1, "setBreakpoints", given))
    standing = Standing(SourceFile(PATH, SOURCE), "f", 1, line, {})
    return Probes(Helper(nobody), breakpoints).reach(standing, course)


@pytest.mark.parametrize(
    ("line", "course", "at_one_go"),
    [
        (7, [step(8), step(8, EventKind.RETURN)], 2),
        (7, [step(1, EventKind.CALL, 1)], 1),
        (2, [step(3), step(5)], 0),
        (3, [step(5)], 0),
        (4, [step(5)], 0),
        (5, [step(6)], 0),
        (6, [step(7), step(8)], 0),
    ],
)
def test_statements_that_share_lines_and_imports_are_stepped(
    line: int, course: list[PredictedStep], at_one_go: int
) -> None:
    assert reach(line, *course) == at_one_go


@pytest.mark.parametrize(
    ("own", "at_one_go"),
    [({"line": 8}, 2), ({"line": 8, "logMessage": "e"}, 0), ({"line": 8, "hitCondition": "2"}, 0)],
)
def test_a_line_at_which_nothing_of_ours_is_asked_is_stepped_to(own: Json, at_one_go: int) -> None:
    assert reach(7, step(8), step(8, EventKind.RETURN), own=own) == at_one_go
