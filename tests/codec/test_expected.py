"""What is said in one token: that a value is as worked out."""

from __future__ import annotations

import pytest

from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.protocol import SpanKind
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.trace.model import EventKind, Trace
from tests.codec.programs import record

PLAIN = """
def half(n):
    if n < 0:
        raise ValueError(f"{n} is negative")
    return n / 2


def f(words, limit):
    seen, out = {}, []
    for i, word in enumerate(words):
        seen[word] = seen.get(word, 0) + 1
        if len(word) > limit: continue
        out.append(word.upper())
    for word, count in seen.items():
        limit -= count
    try:
        half(limit)
    except ValueError as error:
        text = str(error)
    return out, text
"""

KINDS = """
from enum import Enum, auto


class Light(Enum):
    RED = "r"
    GREEN = "g"


class Step(Enum):
    FIRST = auto()
    LAST = auto()


class Account:
    fee = 1
    name = "plain"

    def __init__(self, balance):
        self.balance = balance

    @property
    def worth(self):
        return self.balance - self.fee

    @classmethod
    def empty(cls):
        return cls(0)


class Free(Account):
    fee = 0


class Point:
    def __init__(self, x, label):
        self.x = x
        self.label = label

    def __add__(self, other):
        return Point(self.x + other.x, self.label)

    def __repr__(self):
        return f"Point({self.x}, {self.label!r})"


def one(n):
    return n + 1


def two(n):
    return n + 2


STEPS = {"one": one, "two": two}


def f(light):
    light = Light.GREEN
    ready = light is Light.GREEN and light != Light.RED
    letter = light.value + light.name
    step = Step.LAST
    a, b = Account(5), Free(7)
    total = a.fee + b.fee + Account.fee
    total += b.worth
    c = Account.empty()
    p = Point(total, "it's")
    q = p + p
    q.label = "b"
    n = STEPS["two"](q.x)
    return a.name, c, n, step, q
"""


ELSEWHERE = """
LIST = []


def f(n):
    xs = LIST
    g(n)
    y = len(xs)
    return y


def g(n):
    LIST.append(n)
"""


def spelled(trace: Trace) -> list[tuple[str, str]]:
    """The line and the name of each value that is not said to be as worked out."""
    encoded = CompactCodec().encode(trace)
    lines = trace.source.text.split("\n")
    return [
        (lines[trace.events[span.step - 1].line - 1].strip(), span.name)
        for span in encoded.spans
        if span.kind is not SpanKind.FLOW
        and encoded.tokens[span.end - 1] != Special.DELETE
        and encoded.tokens[span.end - 2] != Special.TOLD
    ]


def test_everyday_statements_are_worked_out() -> None:
    assert spelled(record(PLAIN.lstrip("\n"), "f(['ab', 'cde', 'ab'], 2)")) == []


def test_what_classes_say_is_worked_out() -> None:
    assert spelled(record(KINDS.lstrip("\n"), "f(None)")) == []


def test_without_aid_everything_is_spelled() -> None:
    encoded = CompactCodec(aided=False).encode(record(PLAIN.lstrip("\n"), "f(['ab'], 2)"))
    assert Special.TOLD not in encoded.tokens


@pytest.mark.parametrize(
    "line",
    [
        "light = Light.BLUE",  # no such member
        "ready = Light.RED < Light.GREEN",  # raises, or what the class says
        "ready = Light.RED == 'r'",  # a plain enumeration's members equal themselves only
        "total = a.rate",  # a name that the class does not have
        "a.fee += 1",  # from here on the object has one of its own
    ],
)
def test_what_is_not_known_of_classes_is_not_claimed(line: str) -> None:
    source = KINDS.lstrip("\n").split("def f(light):")[0]
    source += (
        f"def f(light):\n    a = Account(5)\n    try:\n        {line}\n    except Exception:\n        pass\n"
    )
    source += "    return a.fee\n"
    trace = record(source, "f(None)")
    encoded = CompactCodec().encode(trace)
    for span in encoded.spans:
        if span.kind is SpanKind.FLOW or encoded.tokens[span.end - 1] == Special.DELETE:
            continue
        event = trace.events[span.step]
        value = event.locals[span.name] if span.name else event.value
        said = CompactCodec().read_value(encoded, span, encoded.tokens[span.start : span.end])
        assert value is not None
        assert said == value.text


def test_a_value_is_spelled_where_something_else_came_of_it() -> None:
    trace = record(ELSEWHERE.lstrip("\n"), "f(4)")
    assert ("LIST.append(n)", "xs") in spelled(trace)


def test_told_where_nothing_is_worked_out_is_a_problem() -> None:
    trace = record("import random\n\n\ndef f(n):\n    x = random.random()\n    return n\n", "f(1)")
    codec = CompactCodec()
    encoded = codec.encode(trace)
    place = next(
        index
        for index, event in enumerate(trace.events)
        if event.kind is EventKind.LINE and "x" in event.locals
    )
    decoder = codec.decoder_at(encoded, place)
    name = encoded.tokens[encoded.starts[place]]
    decoded = decoder.feed([name, Special.TOLD, Special.STOP], [0.0, 0.0, 0.0])
    assert [(problem.message, problem.fatal) for problem in decoded.problems] == [
        ("a value that cannot be read", False)
    ]


def test_told_cannot_be_written_where_nothing_is_worked_out() -> None:
    trace = record(
        "import random\n\n\ndef f(n):\n    x = random.random()\n    y = n + 1\n    return y\n", "f(1)"
    )
    codec = CompactCodec()
    encoded = codec.encode(trace)
    for name, known in (("x", False), ("y", True)):
        place = next(i for i, e in enumerate(trace.events) if e.kind is EventKind.LINE and name in e.locals)
        decoder = codec.decoder_at(encoded, place)
        token = encoded.tokens[encoded.starts[place]]
        assert token in decoder.stop  # what may follow differs, so the engine asks
        decoder.feed([token], [0.0])
        assert decoder.choices is not None
        assert (Special.TOLD in decoder.choices) is known
        assert Special.DELETE not in decoder.choices  # no statement takes it away
