"""Of everyday scripts nearly everything is worked out, and nothing wrongly."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from cwm_lsp.learn.corpus.stream import stream
from cwm_lsp.learn.data import run
from tests.codec.worked import facts_of, recorded, ruled_out, verdicts

SCRIPTS = Path(__file__).parents[1] / "data" / "scripts"

LEAST_KNOWN = {
    "alike": 0.57,
    "balanced": 1.0,
    "bank": 1.0,
    "calc": 1.0,
    "cells": 0.99,
    "draws": 0.75,
    "failures": 0.92,
    "folders": 0.95,
    "generators": 0.97,
    "graph": 1.0,
    "inventory": 0.94,
    "links": 0.98,
    "lru": 1.0,
    "matrix": 0.99,
    "memory": 1.0,
    "mixed": 0.95,
    "pipes": 0.96,
    "registers": 1.0,
    "roman": 1.0,
    "rows": 0.99,
    "shapes": 0.98,
    "shop": 0.92,
    "stack": 1.0,
    "stored": 0.95,
    "tasks": 0.96,
    "texts": 0.94,
    "tokens": 0.97,
    "vectors": 1.0,
    "waiting": 0.85,
    "words": 0.9,
    "written": 0.79,
}
"""The share of what a run of each script tells that is known before it happens."""


MOST_RULED_OUT = 1 / 50
"""The share of what happens that the state before it may rule out: raising where nothing says so, mostly."""


@pytest.mark.parametrize("name", LEAST_KNOWN)
def test_what_a_script_does_is_worked_out(name: str) -> None:
    trace = asyncio.run(recorded(SCRIPTS / f"{name}.py"))
    found = facts_of(trace)
    assert [fact for fact in found if fact.verdict == "wrong"] == []
    counts = verdicts(found)
    assert counts["right"] >= LEAST_KNOWN[name] * counts.total(), counts
    assert counts.total() >= 80
    missed, told = ruled_out(trace)
    assert len(missed) <= told * MOST_RULED_OUT, missed


def test_every_script_is_held() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(LEAST_KNOWN)


def test_of_generated_programs_next_to_nothing_is_worked_out_wrongly() -> None:
    counts: Counter[str] = Counter()
    missed = told = 0
    for program in islice(stream(3), 150):
        trace = run(program)
        if trace is not None:
            counts += verdicts(facts_of(trace))
            found, seen = ruled_out(trace)
            missed, told = missed + len(found), told + seen
    assert counts["right"] > 2000
    assert counts["wrong"] <= counts.total() / 1000, counts
    assert missed <= told / 200
