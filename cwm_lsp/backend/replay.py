"""A backend that answers from what it was told to believe. For tests, and for nothing else.

It is given *scripts*: whole token sequences. After any prefix, the scripts that begin with it say
what comes next; together they get ``certainty`` of the probability, shared by weight, and all tokens
of the vocabulary share the rest. A prefix that no script begins with leaves the model clueless:
every token is as likely as any other. So the true continuation is one script, and each mistake of
the model is another that leaves the true one where the mistake is made (:func:`mistaken`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cwm_lsp.backend.engine import HostEngine
from cwm_lsp.backend.local import LocalBackend
from cwm_lsp.backend.protocol import BackendInfo, Ids, Logs
from cwm_lsp.backend.scoring import HostLogits
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class Script:
    """One continuation that the model believes in, as a whole sequence from the prompt on."""

    tokens: tuple[int, ...]
    weight: float = 1.0


def mistaken(truth: Sequence[int], position: int, wrong: Sequence[int], weight: float = 9.0) -> Script:
    """The belief that at ``position`` of ``truth`` comes ``wrong``, ``weight`` times likelier than it."""
    return Script((*truth[:position], *wrong), weight)


class ReplayMemory:
    """The tokens themselves."""

    def __init__(self, tokens: tuple[int, ...] = ()) -> None:
        self.tokens = tokens

    @property
    def length(self) -> int:
        """Tokens held."""
        return len(self.tokens)

    @property
    def size(self) -> int:
        """Bytes held."""
        return 8 * len(self.tokens)

    def fork(self, length: int) -> ReplayMemory:
        """A second memory of the first ``length`` tokens."""
        return ReplayMemory(self.tokens[:length])

    def rewind(self, length: int) -> None:
        """Keep the first ``length`` tokens."""
        self.tokens = self.tokens[:length]

    def free(self) -> None:
        """Forget everything."""
        self.tokens = ()


class ReplayEngine(HostEngine[ReplayMemory]):
    """Computes logits from scripts. ``certainty`` lies between 0 and 1, both excluded."""

    chunk = 64

    def __init__(self, scripts: Sequence[Script], info: BackendInfo, certainty: float = 0.9) -> None:
        self.info = info
        self._scripts = tuple(scripts)
        self._certainty = certainty

    def memory(self) -> ReplayMemory:
        """An empty memory."""
        return ReplayMemory()

    def rows(self) -> ReplayRows:
        """Rows for passes behind several prefixes."""
        return ReplayRows(self)

    def forward(self, memory: ReplayMemory, tokens: Ids, first_row: int) -> Logs:
        """Append ``tokens`` [T]; logits [T - first_row, V], which are log-probabilities here."""
        before = memory.length
        memory.tokens = (*memory.tokens, *tokens.tolist())
        lengths = range(before + first_row + 1, memory.length + 1)
        return np.stack([self.after(memory.tokens[:length]) for length in lengths])

    def after(self, prefix: tuple[int, ...]) -> Logs:
        """Log-probabilities [V] of what follows ``prefix``."""
        count, mass = self.info.vocabulary, np.zeros(self.info.vocabulary)
        for script in self._scripts:
            if len(script.tokens) > len(prefix) and script.tokens[: len(prefix)] == prefix:
                mass[script.tokens[len(prefix)]] += script.weight
        total = mass.sum()
        certainty = self._certainty if total else 0.0
        share = mass / total if total else mass
        return np.log(share * certainty + (1 - certainty) / count).astype(np.float32)


class ReplayRows:
    """Tokens side by side."""

    most = 8

    def __init__(self, engine: ReplayEngine) -> None:
        self._engine = engine
        self._rows: list[tuple[int, ...]] = []

    @property
    def lengths(self) -> list[int]:
        """Tokens of each row."""
        return [len(row) for row in self._rows]

    def takes(self, lengths: Sequence[int]) -> bool:
        """Whether they are few and short enough."""
        return len(lengths) <= self.most and max(lengths) < self._engine.info.context

    def join(self, memory: ReplayMemory, length: int) -> None:
        """Copy the first ``length`` tokens of ``memory`` into a further row."""
        self._rows.append(memory.tokens[:length])

    def memory(self, row: int, joined: ReplayMemory) -> ReplayMemory:
        """What ``row`` holds."""
        return ReplayMemory(self._rows[row])

    def leave(self, row: int) -> None:
        """Give up ``row``; the last row takes its place."""
        self._rows[row] = self._rows[-1]
        self._rows.pop()

    def clear(self) -> None:
        """Give up all rows."""
        self._rows.clear()

    def follow(self, tokens: Ids) -> list[HostLogits]:
        """Append one of ``tokens`` [B] to each row; what comes next in each."""
        self._rows = [(*row, int(token)) for row, token in zip(self._rows, tokens, strict=True)]
        return [HostLogits(self._engine.after(row)) for row in self._rows]


def replay(
    scripts: Sequence[Script],
    *,
    vocabulary: int,
    codec: str = "compact",
    context: int = 4096,
    certainty: float = 0.9,
) -> LocalBackend[ReplayMemory]:
    """A backend in this process that believes in ``scripts``."""
    info = BackendInfo("replay", "replay", codec, context, vocabulary)
    return LocalBackend(ReplayEngine(scripts, info, certainty))


def create(settings: Settings) -> LocalBackend[ReplayMemory]:
    """The backend that the JSON file ``settings.model`` holds. Raises ``ModelUnavailable``.

    ``{"vocabulary": 100, "scripts": [{"tokens": [1, 2], "weight": 1.0}]}``, and optionally ``codec``,
    ``context`` and ``certainty``.
    """
    document = _document(settings)
    scripts = [Script(tuple(script["tokens"]), script.get("weight", 1.0)) for script in document["scripts"]]
    return LocalBackend(ReplayEngine(scripts, _info(document), document.get("certainty", 0.9)))


def describe(settings: Settings) -> BackendInfo:
    """Who would answer. Raises ``ModelUnavailable``."""
    return _info(_document(settings))


def _info(document: dict[str, Any]) -> BackendInfo:
    codec, context = document.get("codec", "compact"), document.get("context", 4096)
    return BackendInfo("replay", "replay", codec, context, document["vocabulary"])


def _document(settings: Settings) -> dict[str, Any]:
    try:
        document = json.loads(Path(settings.model).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"The scripts in {settings.model!r} cannot be read: {error}.") from error
    if not isinstance(document, dict) or not {"vocabulary", "scripts"} <= document.keys():
        raise ModelUnavailable(f"{settings.model!r} names no vocabulary and scripts.")
    return document
