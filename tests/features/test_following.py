"""A search asks for one line after the other; while it goes as foreseen, the model is told of it once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from cwm_lsp.backend.local import LocalBackend
from cwm_lsp.backend.protocol import BackendInfo, Prefix
from cwm_lsp.backend.replay import ReplayMemory, Script, replay
from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.features.checking import Checked, check
from cwm_lsp.features.following import Following
from cwm_lsp.predict import Predictor
from cwm_lsp.predict.standing import Standing, premise, stepped
from cwm_lsp.trace.model import Event, Trace, Value
from tests.features.world import run

SUM = "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total\n"
HEAD = 2
"""The event at which the loop is about to begin."""


@dataclass
class Counted:
    """A backend that counts how often it is given a prompt."""

    inner: LocalBackend[ReplayMemory]
    opened: list[int] = field(default_factory=list)

    @property
    def info(self) -> BackendInfo:
        return self.inner.info

    async def open(self, tokens: Sequence[int] = ()) -> Prefix:
        self.opened.append(len(tokens))
        return await self.inner.open(tokens)

    async def close(self) -> None:
        await self.inner.close()


def standing(trace: Trace, event: Event) -> Standing:
    return Standing(trace.source, "f", 1, event.line, event.locals, frame=event.frame)


def knowing(trace: Trace) -> Counted:
    """A model that knows how ``trace`` goes on from the loop's head, and nothing else."""
    codec = CompactCodec()
    encoded = codec.encode(trace)
    prompt = codec.decoder(premise(standing(trace, trace.events[HEAD])).trace, 1).forced
    script = Script((*prompt, *encoded.tokens[encoded.starts[HEAD + 1] :]))
    return Counted(replay([script], vocabulary=v.SIZE, certainty=0.9999))


async def followed(backend: Counted, trace: Trace, seen: Sequence[Event], most: int) -> list[Checked | None]:
    """What came of each step of ``seen``, stood at one after the other, ``most`` being foreseen at one go."""
    found: list[Checked | None] = [None]
    here = standing(trace, seen[0])
    async with Following(Predictor(backend, CompactCodec()), 0.5) as following:
        for event in seen[1:]:
            course = await following.course(here, most)
            found.append(check(following.foresight(here, course[0]), event) if course else None)
            await following.came(found[-1])
            here = stepped(here, standing(trace, event))
    return found[1:]


@pytest.mark.parametrize("most", [1, 3, 32])
async def test_a_run_that_goes_as_foreseen_is_told_once(most: int) -> None:
    trace = run(SUM, "f([4, 9])")
    backend = knowing(trace)
    found = await followed(backend, trace, trace.events[HEAD:-1], most)
    assert [one is not None and one.as_foreseen for one in found] == [True] * 5
    assert [one.tally.right for one in found if one is not None] == [1, 1, 1, 1, 0]
    assert len(backend.opened) == 1


@pytest.mark.parametrize("most", [1, 3, 32])
async def test_after_a_surprise_the_model_is_told_what_is_so(most: int) -> None:
    trace = run(SUM, "f([4, 9])")
    backend = knowing(trace)
    events = list(trace.events[HEAD:-1])
    events[2] = replace(events[2], locals={**events[2].locals, "total": Value("77")})
    found = await followed(backend, trace, events[:4], most)
    surprise = found[1]
    assert surprise is not None
    assert not surprise.as_foreseen
    assert surprise.divergence is not None
    assert (surprise.divergence.observed, surprise.divergence.predicted) == ("77", "4")
    assert len(backend.opened) == 2


async def test_what_comes_later_is_foreseen_while_the_program_runs() -> None:
    trace = run(SUM, "f([4, 9])")
    here = standing(trace, trace.events[HEAD])
    async with Following(Predictor(knowing(trace), CompactCodec()), 0.5) as following:
        first = await following.course(here, 2)
        assert [step.line for step in first] == [4, 3]
        async with following.onward(here, 3):
            while following.foreseen < 5:
                await asyncio.sleep(0)
        assert following.foreseen == 5
        following.passed()
        following.passed()
        assert [step.line for step in await following.course(here, 9)] == [4, 3, 5, 5]


async def test_foreseeing_ends_with_what_it_is_done_beside() -> None:
    trace = run(SUM, "f(list(range(400)))")
    here = standing(trace, trace.events[HEAD])
    async with Following(Predictor(knowing(trace), CompactCodec()), 0.5) as following:
        await following.course(here, 1)
        async with following.onward(here, 600):
            await asyncio.sleep(0)
        assert 1 <= following.foreseen < 600


async def test_patience_ends_with_one_line_at_least() -> None:
    trace = run(SUM, "f([4, 9])")
    here = standing(trace, trace.events[HEAD])
    async with Following(Predictor(knowing(trace), CompactCodec()), 0.5) as following:
        assert len(await following.course(here, 5, patience=0.0)) == 1
        assert len(await following.course(here, 5)) == 5
