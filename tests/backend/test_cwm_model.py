"""A checkpoint in CWM's format, with its own tokenizer, asked through the model host as a user asks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.backend import checkpoint
from cwm_lsp.cli.model import codec_for
from cwm_lsp.errors import ModelUnavailable
from tests.backend import pretrained, tiny
from tests.cli.running import Finished, cwm
from tests.codec.tokens import merging

pytest.importorskip("torch", reason="needs the extra transformers")
pytest.importorskip("transformers", reason="needs the extra transformers")

SOURCE = """\
def double(n):
    return n * 2


def f(n):
    text = "<|frame_sep|>"
    while n < 9:
        n = double(n)
    return n, text
"""


def write(folder: Path, vocabulary: int) -> None:
    """A random-weight model of ``vocabulary`` ids that holds the tokens of ``merging()``."""
    changes = {"vocab_size": vocabulary, "max_position_embeddings": 1000}
    pretrained.write(folder, codec="", changes=changes, weights=tiny.parameters(vocabulary))
    (folder / checkpoint.TOKENIZER).write_text(merging().to_str(), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program, and beside it a model whose vocabulary is padded, as those of large models are."""
    made = tmp_path_factory.mktemp("cwm")
    write(made / "model", merging().get_vocab_size() + 7)
    (made / "program.py").write_text(SOURCE, encoding="utf-8")
    return made


def asked(folder: Path, *words: str) -> dict[str, Any]:
    done: Finished = cwm(*words, "--backend", "transformers", "--model", "model", "--json", cwd=folder)
    assert done.code in (0, 1), done.err
    return done.object


def test_predict(folder: Path) -> None:
    found = asked(folder, "predict", "program.py::f", "5", "--steps", "4")
    assert found["problems"] == []
    assert found["model"]["codec"] == "cwm"
    assert found["predicted"]
    assert {step["line"] for step in found["predicted"]} <= set(range(1, 10))


def test_compare(folder: Path) -> None:
    found = asked(folder, "compare", "program.py::f", "5")
    assert found["model"]["backend"] == "transformers"
    assert json.dumps(found).count("<|frame_sep|>") > 0  # the user's text, as text


def test_a_tokenizer_larger_than_the_model_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 200)
    info = checkpoint.read(str(tmp_path)).info("cpu")
    with pytest.raises(ModelUnavailable, match="tokens and the model 200"):
        codec_for(info)


def test_a_tokenizer_that_lacks_a_trace_token_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 400)
    path = tmp_path / checkpoint.TOKENIZER
    path.write_text(path.read_text(encoding="utf-8").replace("<|arg_sep|>", "<|other|>"), encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="arg_sep"):
        codec_for(checkpoint.read(str(tmp_path)).info("cpu"))
