"""What the codec works out of a recorded run before each of its events, held against what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, takewhile
from pathlib import Path

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.compact_decoder import LINE
from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.frames import Frame
from cwm_lsp.codec.machine import Machine
from cwm_lsp.codec.protocol import Encoded, Span, SpanKind
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.record.target import Options, ScriptTarget
from cwm_lsp.trace.model import Event, EventKind, Trace
from cwm_lsp.trace.normalise import normalise
from tests.golden.harness import bare_trace

_HEADS = {EventKind.CALL: Special.CALL, EventKind.EXCEPTION: Special.EXCEPTION}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that an event tells: ``what`` it is of, what is so, and what was worked out."""

    step: int
    line: int
    what: str
    so: str
    found: str | None

    @property
    def verdict(self) -> str:
        """Whether it was worked out rightly, wrongly or not at all."""
        return "unknown" if self.found is None else "right" if self.found == self.so else "wrong"


def facts_of(trace: Trace) -> list[Fact]:
    """What each event of ``trace`` tells, besides the first one."""
    machine = CompactCodec()._machine(trace)
    found: list[Fact] = []
    for step, event in enumerate(trace.events):
        if not machine.holds(event):
            continue
        machine.settle(event)
        if machine.state.frames:
            frame = machine.state.frames[-1]
            found += (Fact(step, frame.line, *rest) for rest in _told(machine, frame, event))
        machine.apply(event)
    return found


async def facts_of_script(text: str, folder: Path) -> list[Fact]:
    """Those of a run of the script ``text``, which is written into ``folder``."""
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    return facts_of(await recorded(script))


async def recorded(script: Path) -> Trace:
    """The trace of a run of ``script`` under the agent alone, which records what it does under debugpy."""
    trace = await bare_trace(ScriptTarget(str(script)), Options())
    assert trace.cut is None
    return normalise(trace)


async def nothing_told_wrongly(text: str, share: float, folder: Path) -> None:
    """Check that of the script ``text`` nothing is told or ruled out wrongly, and a ``share`` rightly."""
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    trace = await recorded(script)
    facts = facts_of(trace)
    assert [fact for fact in facts if fact.verdict == "wrong"] == []
    assert sum(fact.verdict == "right" for fact in facts) >= max(1, share * len(facts))
    missed, told = ruled_out(trace)
    assert told
    assert missed == []


def ruled_out(trace: Trace) -> tuple[list[tuple[int, str]], int]:
    """What was told, by event, that the state before it ruled out, and how much was told.

    The names of an event may be told in any order.
    """
    codec = CompactCodec()
    found: list[tuple[int, str]] = []
    told = 0
    for encoded in codec.windows(trace, 640):
        for step, spans in groupby(encoded.spans, key=lambda span: span.step):
            decoder = codec.decoder_at(encoded, step)
            waiting = list(spans)
            told += len(waiting)
            while waiting:
                choices = decoder.choices
                names = [*takewhile(lambda span: span.kind is SpanKind.VALUE, waiting)] or waiting[:1]
                fitting = (one for one in names if choices is None or encoded.tokens[one.start] in choices)
                span = next(fitting, None) or next((one for one in names if _goes(encoded, one)), None)
                if span is None:
                    span = waiting[0]
                    found.append((step, v.token_text(encoded.tokens[span.start])))
                waiting.remove(span)
                decoder.feed(encoded.tokens[span.start : span.end], [0.0] * (span.end - span.start))
    return found, told


def _goes(encoded: Encoded, span: Span) -> bool:
    """Whether a name goes with its handler, which nobody is asked."""
    return encoded.tokens[span.end - 1] == Special.DELETE and span.asked.start == span.asked.stop


def verdicts(found: list[Fact]) -> Counter[str]:
    """How many of the facts are right, wrong and unknown."""
    return Counter(fact.verdict for fact in found)


def _told(machine: Machine, frame: Frame, event: Event) -> Iterator[tuple[str, str, str | None]]:
    expected = machine.expected(_head(event), event.line)
    if event.kind is EventKind.CALL:
        called = awaited(frame, machine.state, machine.here)
        targets = [target.line for target in called.targets] if called is not None else []
        yield "call", str(event.line), str(targets[0]) if len(targets) == 1 else None
        for name, value in event.locals.items():
            yield name, value.text, expected.names.get(name)
    elif event.kind is EventKind.LINE:
        for name, value in event.locals.items():
            told = expected.names.get(name)
            if frame.texts.get(name) != value.text or told is not None:
                yield name, value.text, told
        lines = machine.next_lines(frame)
        yield "next", str(event.line), str(min(lines)) if len(lines) == 1 else None
    elif event.value is not None:
        yield event.kind.value, event.value.text, expected.at(_head(event))


def _head(event: Event) -> int:
    if event.kind is EventKind.LINE:
        return LINE
    if event.kind is EventKind.RETURN:
        return Special.UNWIND if event.unwinding else Special.YIELD if event.yielded else Special.RETURN
    return _HEADS[event.kind]
