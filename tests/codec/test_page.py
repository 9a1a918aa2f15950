"""Programs of which a prompt has no room for all lines, names, values or frames."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.echo import MOST_GIVEN
from cwm_lsp.codec.following import follow
from cwm_lsp.codec.page import FULL, PART, Place, page_of, whole_page
from cwm_lsp.codec.source import slice_source
from cwm_lsp.codec.values import NoRoom
from cwm_lsp.errors import ContextExceeded
from cwm_lsp.trace.model import EventKind, Trace
from tests.codec.programs import record

CHAINED = 70
"""Functions that call one another, each with names of its own: 280 lines, 210 names."""


def chained() -> str:
    first = "def last(n):\n    return n\n\n\n"
    inner = "".join(
        f"def link_{k}(item_{k}):\n    grown_{k} = item_{k} + {k}\n"
        f"    return {f'link_{k + 1}' if k + 1 < CHAINED else 'last'}(grown_{k})\n\n\n"
        for k in range(CHAINED)
    )
    return f"{first}{inner}def f(n):\n    return link_0(n) + link_0(n + 1)\n"


LONG = (
    "def f(n):\n    for k in range(2):\n"
    + "".join(f"        n += {k + 1} + k\n" for k in range(300))
    + "    return n\n"
)

METHODS = (
    "class Big:\n    def __init__(self):\n        self.total = 0\n\n"
    + "".join(
        f"    def part_{k}(self, value_{k}):\n        bonus_{k} = value_{k} * {k}\n"
        f"        self.total += bonus_{k}\n\n"
        for k in range(60)
    )
    + "\ndef f(n):\n    big = Big()\n"
    + "".join(f"    big.part_{k}(n)\n" for k in range(60))
    + "    return big.total\n"
)
DEEP = "def f(xs):\n    if not xs:\n        return 0\n    return xs[0] + f(xs[1:])\n"

LARGE = {
    "chained": (chained(), "f(1)"),
    "long": (LONG, "f(1)"),
    "methods": (METHODS, "f(3)"),
}


def large(name: str) -> Trace:
    return record(*LARGE[name])


@pytest.mark.parametrize("name", LARGE)
def test_every_event_of_a_large_program_is_in_one_window(name: str) -> None:
    trace = large(name)
    codec = CompactCodec()
    windows = list(codec.windows(trace, 640))
    assert len(windows) > 1
    for step, event in enumerate(trace.events):
        inside = [window for window in windows if window.starts[step] >= 0]
        assert len(inside) == 1, event
    assert all(len(window.tokens) <= FULL for window in windows)
    assert all(0 <= token < codec.vocabulary for window in windows for token in window.tokens)


@pytest.mark.parametrize("name", LARGE)
def test_every_event_of_a_large_program_reads_back(name: str) -> None:
    trace = large(name)
    codec = CompactCodec()
    for window in codec.windows(trace, 640):
        for step in sorted({span.step for span in window.spans}):
            decoder = codec.decoder_at(window, step)
            spans = [span for span in window.spans if span.step == step]
            tokens = window.tokens[spans[0].start : spans[-1].end]
            choices = decoder.choices
            assert choices is None or tokens[0] in choices
            [read] = decoder.feed(tokens, [0.0] * len(tokens)).steps
            event = trace.events[step]
            assert (read.kind, read.line, read.function) == (event.kind, event.line, event.function)
            assert {name: guess.text for name, guess in read.changed.items()}.items() <= {
                name: value.text for name, value in event.locals.items()
            }.items()


@pytest.mark.parametrize("name", LARGE)
def test_a_run_ahead_goes_from_page_to_page(name: str) -> None:
    trace = large(name)
    steps = follow(replace(trace, events=trace.events[:1]))
    assert steps is not None
    assert [(step.kind, step.line) for step in steps] == [(e.kind, e.line) for e in trace.events[1:]]
    last = trace.events[-1].value
    assert steps[-1].value is not None
    assert last is not None
    assert steps[-1].value.text == last.text


def test_a_stop_late_in_a_long_function_is_shown_with_what_is_around_it() -> None:
    trace = large("long")
    at = next(k for k, event in enumerate(trace.events) if event.line == 250)
    decoder = CompactCodec().decoder(replace(trace, events=trace.events[: at + 1]), 1)
    assert len(decoder.forced) <= FULL
    assert not decoder.exhausted
    assert decoder.choices


def test_a_prompt_does_not_grow_with_the_depth() -> None:
    trace = record(DEEP, "f(list(range(100, 260)))")
    windows = list(CompactCodec().windows(trace, 640))
    assert max(len(window.tokens) for window in windows) <= FULL
    assert all(any(window.starts[step] >= 0 for window in windows) for step in range(len(trace.events)))


def test_of_a_large_state_the_short_values_are_told() -> None:
    lists = "".join(f"    many_{k} = [n] * 40\n" for k in range(40))
    trace = record(f"def f(n):\n    small = 7\n{lists}    return small\n", "f(123456)")
    windows = list(CompactCodec().windows(trace, 640))
    assert len(windows) > 1
    assert all(len(window.tokens) <= FULL for window in windows)
    last = windows[-1]
    assert last.spans[0].start < PART + MOST_GIVEN


def test_what_a_page_is_for_is_on_it() -> None:
    shown = slice_source(chained(), 1 + chained()[: chained().index("def f(n)")].count("\n"))
    with pytest.raises(NoRoom, match="lines"):
        whole_page(shown, 0)
    line = next(one.line for one in shown.lines if "link_40" in one.binds)
    page = page_of(shown, [line], [Place(line, entered=True)], 0)
    assert not page.whole
    numbers = [page.number(one.line) for one in page.lines]
    assert numbers == list(range(1, len(page.lines) + 1))
    assert all(inside in page for inside in (line, line + 1, line + 2))
    following = next(one.line for one in shown.lines if "link_41" in one.binds)
    assert all(inside in page for inside in (following, following + 1, following + 2)), "what it calls"
    with pytest.raises(NoRoom):
        page.number(next(one.line for one in shown.lines if one.line not in page))


def test_a_statement_of_too_many_names_is_left_out_of_a_run_and_the_rest_is_not() -> None:
    names = ", ".join(f"name_{k}" for k in range(120))
    source = f"def f(n):\n    n += 1\n    {names} = range(120)\n    n += name_3\n    return n\n"
    trace = record(source, "f(1)")
    windows = list(CompactCodec().windows(trace, 640))
    told = {trace.events[step].line for window in windows for step, at in enumerate(window.starts) if at >= 0}
    assert told >= {2, 5}
    assert 4 not in told
    with pytest.raises(ContextExceeded, match="names"):
        CompactCodec().encode(trace)


def test_a_program_that_fits_is_shown_whole() -> None:
    trace = record(DEEP, "f([1])")
    encoded = CompactCodec().encode(trace)
    assert trace.events[-1].kind is EventKind.RETURN
    assert (
        CompactCodec().decoder(replace(trace, events=trace.events[:1])).forced
        == encoded.tokens[: encoded.starts[1]]
    )
