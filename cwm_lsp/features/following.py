"""The model's own run beside a real one: asked for ahead, and held on to for as long as it comes true."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice

from cwm_lsp.features.checking import Checked
from cwm_lsp.features.foresight import MOST_EVENTS, Foresight, doubted, waits
from cwm_lsp.predict import Predictor, certainty, weighted
from cwm_lsp.predict.standing import Standing, premise
from cwm_lsp.trace.model import Event, EventKind
from cwm_lsp.trace.predicted import PredictedStep


class Following:
    """While a run goes as foreseen, the model need not be told of it anew.

    An asynchronous context, which ends the asking.
    """

    def __init__(self, predictor: Predictor, threshold: float) -> None:
        self._predictor = predictor
        self._threshold = threshold
        self._ahead: AsyncGenerator[PredictedStep] | None = None
        self._unsure: frozenset[int] = frozenset()
        self._expected: deque[PredictedStep] = deque()

    async def course(
        self, standing: Standing, most: int, patience: float = math.inf
    ) -> tuple[PredictedStep, ...]:
        """What the lines from ``standing`` on are to do, ``most`` of them; nothing where that is unknown.

        After ``patience`` seconds it is what there is by then, the first line at least. Of a line that makes
        a call it is the call. Each but the last leads to another line of the frame. Probabilities are those
        of the line, given that all went as expected before it. Raises ``BackendError``.
        """
        if self._ahead is None:
            await self._begin(standing)
        until = time.monotonic() + patience
        await self._foresee(standing, most, lambda: bool(self._expected) and time.monotonic() >= until)
        if not self._expected:
            await self._stop()
        return tuple(islice(self._expected, most))

    @asynccontextmanager
    async def onward(self, standing: Standing, most: int) -> AsyncGenerator[None]:
        """Beside what the caller does meanwhile, foresee what comes after the course, ``most`` lines of it.

        ``standing`` is where the course begins. Raises ``BackendError``.
        """
        over = False
        beside = asyncio.create_task(self._foresee(standing, len(self._expected) + most, lambda: over))
        try:
            yield
        finally:
            over = True
            await beside

    async def _foresee(self, standing: Standing, most: int, over: Callable[[], bool]) -> None:
        """Let the model go on until ``most`` lines are expected, it is ``over``, or no more is known."""
        expected = self._expected
        at = expected[-1].line if expected else standing.statement
        while (
            len(expected) < most
            and at not in self._unsure
            and (not expected or is_plain(expected[-1]))
            and not over()
        ):
            step = await anext(self._ahead, None) if self._ahead is not None else None
            if step is None:
                break
            if waits(step, at, standing.source.text):
                self._unsure |= {at}
                break
            expected.append(doubted(step))
            at = step.line

    @property
    def foreseen(self) -> int:
        """How many lines are expected, those beyond the last course among them."""
        return len(self._expected)

    async def came(self, checked: Checked | None) -> None:
        """The first line of the course has done something, held against what was expected of it."""
        if checked is not None and checked.as_foreseen and self._expected:
            self.passed()
        else:
            await self._stop()

    def passed(self) -> None:
        """The first line of the course has done what was expected of it."""
        self._expected.popleft()

    def foresight(self, standing: Standing, expected: PredictedStep) -> Foresight:
        """``expected`` as what is foreseen at ``standing``."""
        return Foresight(standing, (expected,), self._threshold, self._predictor.backend.info.model)

    async def __aenter__(self) -> Following:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def reaching(self, foresight: Foresight, came: Event) -> Foresight:
        """``foresight``, the last of the course, as far as it takes to judge what came.

        Where that is not the call which was expected, it is what the line does after it. Raises
        ``BackendError``.
        """
        if came.kind is EventKind.CALL or foresight.following is not None or not foresight.steps:
            return foresight
        steps = list(foresight.steps)
        path = math.prod(certainty(step) for step in steps)
        while self._ahead is not None and steps[-1].depth and len(steps) < MOST_EVENTS:
            step = await anext(self._ahead, None)
            if step is None:
                break
            steps.append(weighted(step, path))
            path *= certainty(step)
        return replace(foresight, steps=tuple(steps))

    async def _stop(self) -> None:
        ahead, self._ahead = self._ahead, None
        self._expected.clear()
        if ahead is not None:
            await ahead.aclose()

    async def _begin(self, standing: Standing) -> None:
        await self._stop()
        if not standing.unforeseen:
            given = premise(standing)
            self._unsure = given.unsure
            self._ahead = self._predictor.ahead(given.trace)


def is_plain(expected: PredictedStep) -> bool:
    """Whether a line makes no call and leads to another line of its frame."""
    return expected.kind is EventKind.LINE and expected.depth == 0
