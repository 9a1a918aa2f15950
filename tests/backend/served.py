"""The embedded model's own weights as a checkpoint for vLLM: ``python -m tests.backend.served FOLDER``.

Two folders describe it: ``embedded`` holds the weights and speaks ``compact``; ``cwm/embedded`` is the same
model as one that speaks CWM's format, which asks for its tokenizer alone and says nothing sensible.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cwm_lsp.backend import checkpoint
from cwm_lsp.backend.weights import locate
from tests.codec.tokens import merging

SERVED = "embedded"


def write(folder: Path) -> None:
    """Write both folders. Needs the extra ``train``."""
    from cwm_lsp.learn.model import to_cwm
    from cwm_lsp.learn.weights import restore

    model = to_cwm(restore(locate()))
    compact, other = folder / SERVED, folder / "cwm" / SERVED
    model.save_pretrained(compact)
    other.mkdir(parents=True)
    for place in (compact, other):
        (place / checkpoint.TOKENIZER).write_text(merging().to_str(), encoding="utf-8")
        facts = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end_of_text|>"}
        (place / "tokenizer_config.json").write_text(json.dumps(facts), encoding="utf-8")
    checkpoint.mark(compact, "compact")
    config: dict[str, Any] = json.loads((compact / checkpoint.CONFIG).read_text(encoding="utf-8"))
    del config[checkpoint.OURS]
    (other / checkpoint.CONFIG).write_text(json.dumps(config), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
