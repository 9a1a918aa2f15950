"""Repair with a real language model on a real server: what one says that knows no chat is never offered."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cwm_lsp.repair.llm.client import Server
from cwm_lsp.repair.llm.consult import Model
from cwm_lsp.repair.llm.prompt import Form
from cwm_lsp.repair.llm.propose import KIND
from cwm_lsp.repair.model import Status
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call
from tests.backend import served
from tests.backend.conftest import STARTING

pytestmark = [pytest.mark.full, STARTING]

ASKED = 1
PATIENT = 600.0


@pytest.mark.parametrize("form", Form)
def test_what_a_small_model_proposes_is_refused_and_the_search_goes_on(
    tmp_path: Path, vllm_server: str, form: Form
) -> None:
    source = "def add(a, b):\n    return a - b\n"
    file = tmp_path / "shop.py"
    file.write_text(source)
    checks = tuple(call(f"add({a}, {b})", str(a + b)) for a, b in ((1, 2), (5, 0), (7, 7), (0, 9)))
    model = Model(Server(f"{vllm_server}/v1", served.SERVED, timeout=PATIENT), form, ASKED)
    outcome = repair(file, source, Specification(checks), python=sys.executable, budget=30.0, model=model)
    said = " ".join(outcome.notes)
    assert "The language model was asked" in said
    # It is named where it fails: a conversation of several turns fills so small a context.
    assert vllm_server not in said or "status 400" in said
    assert all(fix.candidate.kind != KIND for fix in outcome.fixes)
    assert outcome.status is Status.VERIFIED
    assert "a + b" in outcome.fixes[0].text
    assert file.read_text() == source
