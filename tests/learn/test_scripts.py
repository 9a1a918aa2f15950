"""The shipped model on everyday scripts."""

from __future__ import annotations

import pytest

from cwm_lsp.cli.learning_models import ModelSource
from tests.learn.scripts import followed


@pytest.mark.parametrize("name", ["graph", "links", "stack"])
async def test_the_shipped_model_follows_a_script(name: str) -> None:
    flow, right = await followed(name, ModelSource().predictor())
    assert sum(flow) / len(flow) > 0.97
    assert sum(right) / len(right) > 0.9
