"""What measures large random models on a GPU goes the same way with a tiny one on the CPU."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra transformers")
pytest.importorskip("transformers", reason="needs the extra transformers")


@pytest.mark.full
def test_a_random_model_is_measured() -> None:
    from tests.bench.bench_random import Shape, rows_of

    torch.set_num_threads(1)
    tiny = Shape(hidden=64, layers=2, inner=96, vocabulary=500, head=16)
    rows = list(rows_of(tiny, torch.device("cpu"), torch.bfloat16, (64, 100)))
    assert [row.unit for row in rows] == ["tokens/s"] * 3
    assert all(row.value > 0 and row.baseline and row.ratio for row in rows)
    assert all("random CWM of 0.00012 billion parameters on cpu, bfloat16: " in row.name for row in rows)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_there_are_no_figures(capsys: pytest.CaptureFixture[str]) -> None:
    from tests.bench.bench_random import random

    assert not list(random())
    assert "There is no GPU here" in capsys.readouterr().out
