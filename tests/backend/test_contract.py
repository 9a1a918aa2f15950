"""What any backend promises, asked of each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from cwm_lsp.backend.protocol import GREEDY, Backend, Continuation, Prefix, Sampling, Scores
from cwm_lsp.errors import BackendError, ContextExceeded
from tests.backend.conftest import ENDED, Maker, Subject

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEVER: frozenset[int] = frozenset()

LENGTHS = (1, 5, 20, 21, 60, 60, 399, 400, 100, 130, 200, 257, 300, 333, 380, 381, 390, 399, 400, 17, 19)
"""Of prefixes that are written behind at once: more than a pass takes."""


async def fresh(backend: Backend, tokens: Sequence[int]) -> Scores:
    """The scores of ``tokens``, asked of a prefix that begins with nothing."""
    prefix = await backend.open()
    scores = await prefix.extend(tokens)
    await prefix.close()
    return scores


def check_scores(got: Scores, expected: Scores, tolerance: float) -> None:
    np.testing.assert_allclose(got.logprob, expected.logprob, atol=tolerance)
    np.testing.assert_allclose(got.best_logprob, expected.best_logprob, atol=tolerance)
    np.testing.assert_array_equal(got.best, expected.best)


def part(scores: Scores, begin: int, end: int | None = None) -> Scores:
    rows = slice(begin, end)
    return Scores(scores.logprob[rows], scores.best[rows], scores.best_logprob[rows])


async def check_stands(subject: Subject, prefix: Prefix, tokens: Sequence[int]) -> None:
    """``prefix`` holds ``tokens``, and what it says next is what a prefix made anew says."""
    assert tuple(prefix.tokens) == tuple(tokens)
    more = subject.tokens[len(tokens) : len(tokens) + 5] or subject.tokens[:5]
    expected = part(await fresh(subject.backend, [*tokens, *more]), len(tokens))
    check_scores(await prefix.extend(more), expected, subject.tolerance)


async def test_says_who_it_is(subject: Subject) -> None:
    info = subject.backend.info
    assert info.name in ("embedded", "replay", "transformers", "vllm")
    assert info.codec == "compact"
    assert (info.vocabulary, info.context) == (subject.vocabulary, subject.context)


async def test_scores_are_probabilities(subject: Subject) -> None:
    scores = await fresh(subject.backend, subject.tokens)
    assert len(scores.logprob) == len(scores.best) == len(scores.best_logprob) == len(subject.tokens)
    assert (scores.logprob <= scores.best_logprob).all()
    assert (scores.best_logprob <= 0).all()
    right = scores.best == np.array(subject.tokens)
    np.testing.assert_array_equal(scores.logprob[right], scores.best_logprob[right])


async def test_nothing_predicts_the_first_token(subject: Subject) -> None:
    scores = await fresh(subject.backend, subject.tokens[:1])
    assert scores.logprob.tolist() == scores.best_logprob.tolist() == [0.0]
    assert scores.best.tolist() == [subject.tokens[0]]


@pytest.mark.parametrize("size", [1, 7, 64, 257])
async def test_scores_do_not_depend_on_the_pieces(subject: Subject, size: int) -> None:
    tokens = subject.tokens[: 40 * size]
    whole = await fresh(subject.backend, tokens)
    prefix = await subject.backend.open()
    for begin in range(0, len(tokens), size):
        scores = await prefix.extend(tokens[begin : begin + size])
        check_scores(scores, part(whole, begin, begin + size), subject.tolerance)


async def test_an_opened_prompt_is_as_good_as_an_extended_one(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:100])
    await check_stands(subject, prefix, subject.tokens[:100])


async def test_extending_by_nothing_changes_nothing(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:9])
    assert len((await prefix.extend([])).logprob) == 0
    await check_stands(subject, prefix, subject.tokens[:9])


async def test_written_greedily_is_what_scores_call_best(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:30])
    written = await prefix.write(NEVER, 25)
    assert len(written.tokens) == 25
    assert not written.stopped
    assert tuple(prefix.tokens) == subject.tokens[:30] + written.tokens
    scores = part(await fresh(subject.backend, prefix.tokens), 30)
    assert tuple(scores.best) == written.tokens
    np.testing.assert_allclose(written.logprob, scores.best_logprob, atol=subject.tolerance)


async def test_what_is_written_can_be_built_on(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:30])
    written = await prefix.write(NEVER, 5)
    await check_stands(subject, prefix, subject.tokens[:30] + written.tokens)


async def test_writing_ends_with_the_token_that_stops_it(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:30])
    free = await prefix.write(NEVER, 25)
    await prefix.rewind(30)
    stop = free.tokens[6]
    written = await prefix.write(frozenset({stop}), 25)
    assert written.stopped
    assert written.tokens == free.tokens[: free.tokens.index(stop) + 1]


async def test_writing_nothing(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:30])
    assert await prefix.write(NEVER, 0) == Continuation((), (), False)
    assert tuple(prefix.tokens) == subject.tokens[:30]


async def test_the_first_token_can_be_limited(subject: Subject) -> None:
    allowed = frozenset({3, 50, 51})
    prefix = await subject.backend.open(subject.tokens[:30])
    scores = np.array([await _logprob_of(prefix, token) for token in sorted(allowed)])
    written = await prefix.write(NEVER, 4, first=allowed)
    index = int(scores.argmax())
    assert written.tokens[0] == sorted(allowed)[index]
    expected = scores[index] - np.log(np.exp(scores).sum())
    assert written.logprob[0] == pytest.approx(expected, abs=subject.tolerance)
    free = part(await fresh(subject.backend, prefix.tokens), 31)
    assert written.tokens[1:] == tuple(free.best)


async def _logprob_of(prefix: Prefix, token: int) -> float:
    fork = await prefix.fork()
    scores = await fork.extend([token])
    await fork.close()
    return float(scores.logprob[0])


async def test_one_allowed_token_is_certain(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:30])
    written = await prefix.write(NEVER, 1, first=frozenset({11}))
    assert (written.tokens, written.logprob) == ((11,), (0.0,))


async def test_sampling_is_reproducible_and_may_be_interrupted(subject: Subject) -> None:
    sampling = Sampling(temperature=1.5, seed=4)
    whole = await (await subject.backend.open(subject.tokens[:30])).write(NEVER, 12, sampling=sampling)
    prefix = await subject.backend.open(subject.tokens[:30])
    first = await prefix.write(NEVER, 5, sampling=sampling)
    second = await prefix.write(NEVER, 7, sampling=sampling)
    assert first.tokens + second.tokens == whole.tokens
    scores = part(await fresh(subject.backend, prefix.tokens), 30)
    np.testing.assert_allclose(whole.logprob, scores.logprob, atol=subject.tolerance)


async def test_seeds_differ_and_zero_temperature_has_none(subject: Subject) -> None:
    async def write(sampling: Sampling) -> tuple[int, ...]:
        prefix = await subject.backend.open(subject.tokens[:30])
        return (await prefix.write(NEVER, 12, sampling=sampling)).tokens

    assert len({await write(Sampling(temperature=2.0, seed=seed)) for seed in range(4)}) > 1
    assert await write(Sampling(temperature=0.0, seed=9)) == await write(GREEDY)


async def test_a_fork_goes_its_own_way(subject: Subject) -> None:
    trunk = await subject.backend.open(subject.tokens[:50])
    fork = await trunk.fork()
    await trunk.extend(subject.tokens[50:60])
    other = subject.tokens[200:210]
    await fork.extend(other)
    grandchild = await fork.fork()
    await fork.write(NEVER, 3)
    await check_stands(subject, trunk, subject.tokens[:60])
    await check_stands(subject, grandchild, subject.tokens[:50] + other)


@pytest.mark.parametrize("length", [0, 1, 49, 50])
async def test_a_fork_may_be_shorter(subject: Subject, length: int) -> None:
    trunk = await subject.backend.open(subject.tokens[:50])
    await check_stands(subject, await trunk.fork(length), subject.tokens[:length])
    await check_stands(subject, trunk, subject.tokens[:50])
    for wrong in (-1, 56):
        with pytest.raises(BackendError):
            await trunk.fork(wrong)


async def test_a_fork_outlives_its_trunk(subject: Subject) -> None:
    trunk = await subject.backend.open(subject.tokens[:50])
    fork = await trunk.fork()
    await trunk.rewind(10)
    await trunk.extend(subject.tokens[300:320])
    await trunk.close()
    await check_stands(subject, fork, subject.tokens[:50])


@pytest.mark.parametrize("length", [0, 1, 49, 50])
async def test_a_rewound_prefix_is_as_good_as_a_shorter_one(subject: Subject, length: int) -> None:
    prefix = await subject.backend.open(subject.tokens[:50])
    await prefix.rewind(length)
    await check_stands(subject, prefix, subject.tokens[:length])


async def test_rewinding_what_was_written(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:50])
    written = await prefix.write(NEVER, 8)
    await prefix.rewind(53)
    again = await prefix.write(NEVER, 5)
    assert written.tokens[3:] == again.tokens
    await check_stands(subject, prefix, subject.tokens[:50] + written.tokens)


async def test_prefixes_asked_at_once_do_not_disturb_each_other(subject: Subject) -> None:
    alone = [await fresh(subject.backend, subject.tokens[begin : begin + 300]) for begin in range(6)]
    together = await asyncio.gather(
        *(fresh(subject.backend, subject.tokens[begin : begin + 300]) for begin in range(6))
    )
    for got, expected in zip(together, alone, strict=True):
        check_scores(got, expected, subject.tolerance)


async def _written(subject: Subject, lengths: Sequence[int], at_once: bool) -> list[list[Continuation]]:
    """What is written behind each of ``lengths`` tokens, in two calls for each."""
    trunk = await subject.backend.open(subject.tokens)

    async def one(length: int) -> list[Continuation]:
        fork = await trunk.fork(length)
        sampling = Sampling(1.5 * (length % 2), seed=length)
        first = await fork.write(frozenset({3, 50}), 6 + length % 7, sampling=sampling)
        second = await fork.write(NEVER, 5, first=frozenset({4, 9, 30}), sampling=sampling)
        scores = part(await fresh(subject.backend, fork.tokens), length)
        likely = (*first.logprob, *second.logprob)
        place = len(first.logprob)  # limited to three, so more likely than among all
        assert likely[place] >= scores.logprob[place] - subject.tolerance
        np.testing.assert_allclose(
            [*likely[:place], *likely[place + 1 :]],
            [*scores.logprob[:place], *scores.logprob[place + 1 :]],
            atol=subject.tolerance,
        )
        await fork.close()
        return [first, second]

    if at_once:
        found = await asyncio.gather(*map(one, lengths))
    else:
        found = [await one(length) for length in lengths]
    await trunk.close()
    return found


async def test_what_is_written_at_once_is_what_is_written_one_by_one(subject: Subject) -> None:
    lengths = LENGTHS[: subject.at_once]
    together = await _written(subject, lengths, at_once=True)
    alone = await _written(subject, lengths, at_once=False)
    for ours, theirs in zip(together, alone, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert (one.tokens, one.stopped) == (other.tokens, other.stopped)
            np.testing.assert_allclose(one.logprob, other.logprob, atol=subject.tolerance)


@pytest.mark.parametrize("turns", [1, 3, 9, 27, 81])
async def test_a_cancelled_write_does_not_disturb_those_beside_it(subject: Subject, turns: int) -> None:
    trunk = await subject.backend.open(subject.tokens[:60])
    expected = await (await trunk.fork(40)).write(NEVER, 12)
    forks = [await trunk.fork(length) for length in (40, 50, 60)]
    tasks = [asyncio.ensure_future(fork.write(NEVER, 12)) for fork in forks]
    cancelled = await _cancel_after(tasks[1], turns)
    assert (await tasks[0]).tokens == expected.tokens
    await tasks[2]
    await check_stands(subject, forks[0], (*subject.tokens[:40], *expected.tokens))
    if cancelled:
        await check_stands(subject, forks[1], subject.tokens[:50])
    else:
        assert len(forks[1].tokens) == 62


async def test_calls_on_one_prefix_take_turns(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:10])
    pieces = [subject.tokens[begin : begin + 30] for begin in range(10, 100, 30)]
    await asyncio.gather(*(prefix.extend(piece) for piece in pieces))
    await check_stands(subject, prefix, subject.tokens[:100])


@pytest.mark.parametrize("turns", [1, 2, 4, 16, 64])
async def test_a_cancelled_extend_changes_nothing(subject: Subject, turns: int) -> None:
    prefix = await subject.backend.open(subject.tokens[:20])
    await _cancel_after(asyncio.ensure_future(prefix.extend(subject.tokens[20:390])), turns)
    assert len(prefix.tokens) in (20, 390)
    await check_stands(subject, prefix, subject.tokens[: len(prefix.tokens)])


@pytest.mark.parametrize("turns", [1, 2, 4, 16])
async def test_a_cancelled_write_changes_nothing(subject: Subject, turns: int) -> None:
    prefix = await subject.backend.open(subject.tokens[:20])
    cancelled = await _cancel_after(asyncio.ensure_future(prefix.write(NEVER, 500)), turns)
    assert len(prefix.tokens) == (20 if cancelled else 520)
    await prefix.rewind(20)
    await check_stands(subject, prefix, subject.tokens[:20])


async def test_cancelled_opens_and_forks_leave_the_rest_alone(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:20])
    await _cancel_after(asyncio.ensure_future(subject.backend.open(subject.tokens)), 1)
    await _cancel_after(asyncio.ensure_future(prefix.fork()), 1)
    await check_stands(subject, prefix, subject.tokens[:20])


async def _cancel_after(task: asyncio.Future[Any], turns: int) -> bool:
    """Cancel ``task`` after some turns of the event loop; whether it was still running."""
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


async def test_a_closed_prefix_refuses(subject: Subject) -> None:
    prefix = await subject.backend.open(subject.tokens[:20])
    await prefix.close()
    await prefix.close()
    for call in (prefix.extend([1]), prefix.write(NEVER, 1), prefix.fork(), prefix.rewind(0)):
        with pytest.raises(BackendError):
            await call


@pytest.mark.parametrize("kind", ENDED)
async def test_a_closed_backend_refuses(kind: str, make_subject: Maker) -> None:
    subject = make_subject(kind)
    prefix = await subject.backend.open(subject.tokens[:20])
    await subject.backend.close()
    await subject.backend.close()
    with pytest.raises(BackendError):
        await prefix.extend([1])
    with pytest.raises(BackendError):
        await subject.backend.open([1])
    await prefix.close()


async def test_the_context_is_a_limit(subject: Subject) -> None:
    context = subject.backend.info.context
    with pytest.raises(ContextExceeded, match=str(context + 1)):
        await subject.backend.open([1] * (context + 1))
    prefix = await subject.backend.open([1] * (context - 3))
    with pytest.raises(ContextExceeded):
        await prefix.extend([1] * 4)
    written = await prefix.write(NEVER, 100)
    assert (len(written.tokens), written.stopped) == (3, False)
    with pytest.raises(ContextExceeded):
        await prefix.write(NEVER, 1)
    assert len(prefix.tokens) == context


@pytest.mark.parametrize("beyond", [-1, 0, 2**40])
async def test_what_is_no_token_is_refused(subject: Subject, beyond: int) -> None:
    bad = beyond if beyond < 0 else subject.vocabulary + beyond
    prefix = await subject.backend.open(subject.tokens[:20])
    with pytest.raises(BackendError):
        await prefix.extend([1, bad])
    with pytest.raises(BackendError):
        await prefix.write(NEVER, 1, first=frozenset({bad}))
    with pytest.raises(BackendError):
        await subject.backend.open([bad])
    await check_stands(subject, prefix, subject.tokens[:20])


async def test_what_makes_no_sense_is_refused(subject: Subject) -> None:
    prefix = await subject.backend.open()
    with pytest.raises(BackendError):
        await prefix.write(NEVER, 1)
    with pytest.raises(BackendError):
        await prefix.rewind(1)
    with pytest.raises(BackendError):
        await prefix.rewind(-1)
    await prefix.extend(subject.tokens[:3])
    with pytest.raises(BackendError):
        await prefix.write(NEVER, 1, first=frozenset())
    await check_stands(subject, prefix, subject.tokens[:3])
