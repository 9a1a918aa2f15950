"""The replay backend believes its scripts, and in nothing where they end."""

from __future__ import annotations

import numpy as np
import pytest

from cwm_lsp.backend import registry
from cwm_lsp.backend.replay import Script, mistaken, replay
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable

TRUTH = (1, 2, 3, 4, 5, 6, 7, 8)
NEVER: frozenset[int] = frozenset()


async def test_it_predicts_its_script() -> None:
    prefix = await replay([Script(TRUTH)], vocabulary=10).open()
    scores = await prefix.extend(TRUTH)
    assert scores.best.tolist() == list(TRUTH)
    np.testing.assert_allclose(np.exp(scores.logprob[1:]), 0.91, rtol=1e-5)


async def test_it_makes_the_mistake_and_returns_to_the_truth() -> None:
    backend = replay([Script(TRUTH), mistaken(TRUTH, 4, (9, 9))], vocabulary=10)
    prefix = await backend.open()
    scores = await prefix.extend(TRUTH)
    assert scores.best.tolist() == [1, 2, 3, 4, 9, 6, 7, 8]
    assert np.exp(scores.logprob[4]) == pytest.approx(0.9 * 0.1 + 0.01, rel=1e-5)
    assert np.exp(scores.best_logprob[4]) == pytest.approx(0.9 * 0.9 + 0.01, rel=1e-5)
    await prefix.rewind(4)
    assert (await prefix.write(NEVER, 2)).tokens == (9, 9)


async def test_off_its_scripts_it_is_clueless() -> None:
    prefix = await replay([Script(TRUTH)], vocabulary=10).open((1, 2, 9))
    written = await prefix.write(NEVER, 1)
    assert np.exp(written.logprob[0]) == pytest.approx(0.1)


@pytest.mark.parametrize("content", [None, "", "[]", '{"vocabulary": 3}'])
def test_a_bad_file_is_named(content: str | None, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("scripts") / "scripts.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="scripts"):
        registry.create("replay", Settings(model=str(path)))
