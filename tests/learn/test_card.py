"""The model card says what was measured, and says so where it was measured with other weights."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.backend.weights import read_manifest
from cwm_lsp.errors import SourceError
from cwm_lsp.learn.calibrate import fit, store
from cwm_lsp.learn.card import TRAINING, card_plots, model_card, training_facts
from cwm_lsp.learn.metrics import FIGURES, summarise
from tests.backend import tiny
from tests.learn.test_calibrate import overconfident


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    weights = tmp_path / "weights"
    shutil.copytree(tiny.FOLDER, weights)
    curve = [
        {"step": 10 * n, "tokens": 1e5 * n, "seconds": 6.0 * n, "loss": 3.0 / n, "accuracy": 0.5, "rate": 1.0}
        for n in range(1, 101)
    ]
    facts = training_facts(
        shape={"hidden": 64},
        parameters=1234567,
        progress={"step": 1000, "tokens": 10_000_000, "seconds": 600.0, "curve": curve},
        device="2 CPU cores",
        data=["generated programs, Apache-2.0"],
    )
    (weights / TRAINING).write_text(json.dumps(facts))
    return weights


def measured(folder: Path, **changes: Any) -> Path:
    document = {
        "data": "rows.jsonl",
        "command": "cwm-lsp model eval rows.jsonl --json",
        "weights": read_manifest(folder).sha256,
        "python": "3.12.1",
        **summarise("tiny", overconfident(rows=20), 2.0).to_json(),
        **changes,
    }
    path = folder.parent / "evaluation.json"
    path.write_text(json.dumps(document))
    return path


def test_it_tells_model_training_and_every_figure_with_its_command(folder: Path) -> None:
    card = model_card(folder, [measured(folder)])
    manifest = read_manifest(folder)
    for fact in (manifest.sha256, "1,234,567", "10.0 million tokens", "10 minutes on 2 CPU cores"):
        assert fact in card
    assert "- generated programs, Apache-2.0" in card
    assert "cwm-lsp model eval rows.jsonl --json" in card
    assert all(f"| `{name}` |" in card for name in (*FIGURES, "ece", "coverage_at_95"))
    assert "other weights" not in card
    assert "None is stored" in card


def test_the_curve_is_thinned_and_ends_where_training_ended(folder: Path) -> None:
    facts = json.loads((folder / TRAINING).read_text())
    assert len(facts["curve"]) <= 40
    assert facts["curve"][-1]["tokens"] == 1e7


def test_figures_of_other_weights_are_marked(folder: Path) -> None:
    assert "Measured with other weights" in model_card(folder, [measured(folder, weights="0" * 64)])


def test_a_stored_calibration_is_told(folder: Path) -> None:
    store(folder, fit(overconfident()), "held-out functions")
    card = model_card(folder, [])
    assert "3,000 values of held-out functions" in card
    assert "cross-validated" in card


def test_weights_without_the_facts_of_their_training_have_no_card(folder: Path) -> None:
    (folder / TRAINING).unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        model_card(folder, [])


def test_every_plot_that_it_shows_is_made(folder: Path) -> None:
    evaluations = [measured(folder)]
    card = model_card(folder, evaluations, "card")
    plots = card_plots(folder, evaluations, "card")
    assert set(re.findall(r"\((\S+\.svg)\)", card)) == set(plots)
    assert len(plots) == 3
    assert all(plot.startswith("<svg") for plot in plots.values())
