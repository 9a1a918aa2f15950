"""Jump-forward decoding: what a model is told, and when, against one that goes on from its script alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cwm_lsp.backend.local import LocalBackend, LocalPrefix
from cwm_lsp.backend.protocol import Scores
from cwm_lsp.backend.replay import ReplayMemory, Script, replay
from cwm_lsp.codec.protocol import Decoded
from cwm_lsp.predict.transcript import Transcript

PROMPT = (1, 2, 3)
RUN = (4, 5, 6, 7, 8, 9)


class Reader:
    """A decoder that leaves the ids of ``known`` to choose, one after the other, and then anything."""

    def __init__(self, *known: int) -> None:
        self.known = list(known)
        self.read: list[int] = []

    forced: tuple[int, ...] = ()
    stop = frozenset({9, 19})
    done = exhausted = False

    @property
    def choices(self) -> frozenset[int] | None:
        return frozenset({self.known[0]}) if self.known else None

    def accept(self) -> None:
        raise AssertionError("nothing is forced")

    def restart(self) -> tuple[int, ...]:
        raise AssertionError("there is room")

    def feed(self, tokens: Sequence[int], logprob: Sequence[float]) -> Decoded:
        assert len(tokens) == len(logprob)
        if self.known:
            assert (list(tokens), list(logprob)) == ([self.known.pop(0)], [0.0])
        self.read += tokens
        return Decoded((), ())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """What prefixes are extended by."""
    found: list[tuple[int, ...]] = []
    extend = LocalPrefix.extend

    async def noted(self: LocalPrefix[ReplayMemory], tokens: Sequence[int]) -> Scores:
        found.append(tuple(tokens))
        return await extend(self, tokens)

    monkeypatch.setattr(LocalPrefix, "extend", noted)
    return found


def model(*scripts: tuple[int, ...]) -> LocalBackend[ReplayMemory]:
    return replay([Script(one) for one in scripts], vocabulary=20, certainty=0.9, context=64)


async def test_what_is_known_goes_before_the_question(told: list[tuple[int, ...]]) -> None:
    transcript, reader = await Transcript.opened(model((*PROMPT, *RUN))), Reader(4, 5)
    transcript.append(PROMPT)
    assert [(await transcript.write(reader, 9))[0] for _ in range(3)] == [1, 1, 4]
    assert reader.read == [*RUN]
    assert len(transcript) == len(PROMPT) + len(RUN)
    assert told == []  # the first question opens the prefix with all of it
    await transcript.close()


async def test_later_all_that_is_known_is_told_in_one_piece(told: list[tuple[int, ...]]) -> None:
    script = (*PROMPT, 9, 11, 12, 13, 14, 19)
    transcript, reader = await Transcript.opened(model(script)), Reader()
    transcript.append(PROMPT)
    assert (await transcript.write(reader, 9))[0] == 1
    reader.known = [12, 13]
    transcript.append((11,))
    for _ in range(3):
        await transcript.write(reader, 9)
    assert reader.read == [9, 12, 13, 14, 19]
    assert told == [(11, 12, 13)]
    await transcript.close()


async def test_a_prompt_keeps_what_stands_of_it(told: list[tuple[int, ...]]) -> None:
    """After another beginning the model goes on from that, and is told of its end alone."""
    other = (1, 2, 15, 16, 19)
    transcript, reader = await Transcript.opened(model((*PROMPT, *RUN), other)), Reader()
    transcript.append(PROMPT)
    await transcript.write(reader, 9)
    transcript.begin((1, 2, 15))
    assert len(transcript) == 3
    await transcript.write(reader, 9)
    assert reader.read == [*RUN, 16, 19]
    assert told == [(15,)]
    await transcript.close()


async def test_a_prefix_of_another_is_written_behind() -> None:
    prefix = await model((*PROMPT, *RUN)).open(PROMPT)
    transcript, reader = Transcript(prefix), Reader(4)
    await transcript.write(reader, 9)
    assert prefix.tokens == PROMPT  # nobody has asked yet
    await transcript.write(reader, 3)
    assert list(prefix.tokens) == [*PROMPT, 4, 5, 6, 7]
