"""A model's proposals for one search: asked in the background while the search goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from cwm_lsp.repair.llm.client import Server
from cwm_lsp.repair.llm.prompt import Form, State, Task
from cwm_lsp.repair.llm.propose import Proposals, propose

SUSPECTS = 5
"""Lines whose states are told."""

Predict = Callable[[str, Sequence[int]], Sequence[State]]
"""States that a model of the code predicts at some lines of a failing check, of which the text is given."""


@dataclass(frozen=True, slots=True)
class Model:
    """A language model to ask: where, in which form, how many candidates, and what else it may be told."""

    server: Server
    form: Form = Form.PLAIN
    count: int = 4
    predict: Predict | None = None


class Consultation:
    """The conversations of one search, in a thread of their own."""

    def __init__(self, model: Model, task: Task, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._pool = ThreadPoolExecutor(1)
        self._found: Future[Proposals] = self._pool.submit(
            propose, model.server, task, model.form, model.count, self._until
        )

    def result(self, patience: float) -> Proposals:
        """What came of it, waited for no longer than one answer beyond the time; then nothing, and why."""
        try:
            return self._found.result(max(0.0, self._until - time.monotonic()) + patience)
        except TimeoutError:
            late = Proposals()
            late.problem("The model did not answer in time.")
            return late
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)


def states(noted: Sequence[dict[str, object]]) -> tuple[State, ...]:
    """Recorded states as they come from a child."""
    found = []
    for one in noted:
        line, values = one["line"], one["values"]
        assert isinstance(line, int)
        assert isinstance(values, dict)
        found.append(State(line, tuple((str(name), str(text)) for name, text in values.items())))
    return tuple(found)


def notes(found: Proposals) -> tuple[str, ...]:
    """What is said about the conversations that led to nothing."""
    asked = f"The language model was asked {found.asked} times and made {len(found.candidates)} candidates."
    return (asked, *(f"Model, {count} times: {reason}" for reason, count in found.problems.items()))
