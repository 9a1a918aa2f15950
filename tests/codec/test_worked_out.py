"""Of everyday scripts nearly everything is worked out, and nothing wrongly."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from cwm_lsp.learn.corpus.stream import stream
from cwm_lsp.learn.data import run
from cwm_lsp.record.session import record
from cwm_lsp.record.target import ScriptTarget
from cwm_lsp.trace.normalise import normalise
from tests.codec.worked import Fact, facts_of, verdicts

SCRIPTS = Path(__file__).parents[1] / "data" / "scripts"

LEAST_KNOWN = {
    "bank": 0.98,
    "calc": 1.0,
    "failures": 0.90,
    "generators": 0.91,
    "graph": 1.0,
    "links": 0.98,
    "lru": 1.0,
    "matrix": 0.99,
    "mixed": 0.86,
    "roman": 1.0,
    "rows": 0.99,
    "shapes": 0.93,
    "shop": 0.88,
    "stack": 1.0,
    "tasks": 0.93,
    "texts": 0.94,
    "vectors": 1.0,
    "waiting": 0.85,
    "words": 0.85,
}
"""The share of what a run of each script tells that is known before it happens."""


def facts_in(name: str) -> list[Fact]:
    trace = asyncio.run(record(ScriptTarget(str(SCRIPTS / f"{name}.py"))))
    assert trace.cut is None
    return facts_of(normalise(trace))


@pytest.mark.parametrize("name", LEAST_KNOWN)
def test_what_a_script_does_is_worked_out(name: str) -> None:
    found = facts_in(name)
    assert [fact for fact in found if fact.verdict == "wrong"] == []
    counts = verdicts(found)
    assert counts["right"] >= LEAST_KNOWN[name] * counts.total(), counts
    assert counts.total() > 100


def test_every_script_is_held() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(LEAST_KNOWN)


def test_of_generated_programs_next_to_nothing_is_worked_out_wrongly() -> None:
    counts: Counter[str] = Counter()
    for program in islice(stream(3), 150):
        trace = run(program)
        if trace is not None:
            counts += verdicts(facts_of(trace))
    assert counts["right"] > 2000
    assert counts["wrong"] <= counts.total() / 1000, counts
