"""``docs/evaluation.md`` names every figure, status and part of a report."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from cwm_lsp.learn.judging import Status
from cwm_lsp.learn.metrics import FIGURES, Evaluation

TEXT = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def test_it_defines_every_figure_and_key() -> None:
    named = set(re.findall(r"`([a-z_0-9 ]+)`", TEXT))
    keys = {field.name for field in fields(Evaluation)} - {"figures"}
    assert set(FIGURES) | keys | {str(status) for status in Status} | {"ece", "coverage_at_95"} <= named


def test_its_table_of_figures_has_no_other() -> None:
    table = TEXT.partition("| figure | share of | that |")[2].partition("A frame is **right**")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(FIGURES)
