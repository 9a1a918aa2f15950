"""Dates, exact numbers, paths and patterns are computed with as Python does, and nothing that takes long."""

from __future__ import annotations

import ast
import re
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.codec.actor import Actor
from cwm_lsp.codec.evaluator import Evaluator
from cwm_lsp.codec.known import constants
from cwm_lsp.codec.literals import literal
from cwm_lsp.codec.pure import Undecided, compute
from cwm_lsp.codec.standard import takes_long
from cwm_lsp.codec.working import state_of
from cwm_lsp.trace.render import render

VALUES: dict[str, Any] = {
    "day": date(2024, 2, 28),
    "now": datetime(2024, 2, 28, 23, 59),
    "step": timedelta(days=1, hours=2),
    "price": Decimal("19.90"),
    "half": Fraction(1, 2),
    "word": re.compile(r"(\w+)@(\w+)", re.IGNORECASE | re.MULTILINE),
    "text": "ann@home, bob@work",
    **({"path": Path("a/b.tar.gz")} if sys.platform != "win32" else {}),
}
STATE = {name: render(value)[0] for name, value in VALUES.items()}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_read_from_its_text(name: str) -> None:
    assert literal(STATE[name]) == VALUES[name]
    assert literal(f"[{STATE[name]}]") == [VALUES[name]]


@pytest.mark.parametrize(
    "expression",
    [
        "day + step",
        "(day + timedelta(days=2)).isoformat()",
        "day.weekday() < 5 and day.year",
        "(now - datetime(2024, 1, 1)).days",
        "step.total_seconds()",
        "date.fromisoformat('2024-03-01') > day",
        "datetime.strptime('03:20', '%H:%M').hour",
        "f'{day:%d.%m.%Y} {now}'",
        "price * 3 + Decimal('0.30')",
        "price.quantize(Decimal('1'))",
        "half + Fraction(1, 3)",
        "(half.numerator, half.denominator)",
        "word.findall(text)",
        "word.search(text).group(2)",
        "word.search(text)[1].upper()",
        "word.sub(r'\\2', text)",
        "[m.span() for m in word.finditer(text)]",
        "re.sub(r'[aeiou]', lambda m: m.group().upper(), text)",
        "re.split(r',\\s*', text)",
        "re.match(r'(?P<who>\\w+)', text).groupdict()",
        "re.fullmatch(r'\\d+', text) is None",
        *(["path.suffix", "(path.parent / 'c').name", "str(path.with_suffix('.zip'))"] * ("path" in VALUES)),
    ],
)
def test_it_is_computed_with_as_python_does(expression: str) -> None:
    known = {"timedelta": timedelta, "datetime": datetime, "date": date, "Decimal": Decimal, "re": re}
    expected = eval(expression, {**known, "Fraction": Fraction, **VALUES})
    found = compute(expression, STATE)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    "expression",
    [
        "date.today()",
        "datetime.now()",
        "path.exists()",
        "path.read_text()",
        "now.timestamp()",
        "now.astimezone()",
    ],
)
def test_what_depends_on_the_world_is_undecided(expression: str) -> None:
    with pytest.raises(Undecided):
        compute(expression, STATE)


MATCHING = """\
import re
WORD = re.compile(r"(\\w+)@(\\w+)")
found = WORD.search(text)
"""


def test_groups_are_found_by_matching_again() -> None:
    match = VALUES["word"].search(VALUES["text"])
    texts = {
        **constants(ast.parse(MATCHING)),
        "text": STATE["text"],
        "WORD": "re.compile('(\\\\w+)@(\\\\w+)')",
        "found": render(match)[0],
    }
    node = ast.parse("found.group(1), found[2], found.start(), not found", mode="eval").body
    known = dict(state_of(("WORD", "found"), texts))
    assert Evaluator(known).value(node) == ("ann", "home", 0, False)
    # Of another text it is not the match any more, and only what its own text says is known.
    changed = Evaluator({**known, "text": "'nobody'"})
    assert changed.value(ast.parse("found.group()", mode="eval").body) == "ann@home"
    with pytest.raises(Undecided):
        changed.value(ast.parse("found.group(1)", mode="eval").body)


def test_a_class_of_the_file_that_is_called_like_one_of_them_is_another() -> None:
    source = "class Fraction:\n    def __repr__(self):\n        return 'Fraction(%s, %s)' % self.parts\n"
    known = constants(ast.parse(source)) | {"half": "Fraction(1, 2)"}
    with pytest.raises(Undecided):
        Evaluator(known).value(ast.parse("half + 1", mode="eval").body)


def test_what_cannot_be_read_can_be_handed_on() -> None:
    actor = Actor({"one": "<Widget at work>", "two": "1"})
    assert actor.run(ast.parse("other = one").body[0])
    assert actor.touched["other"].text == "<Widget at work>"


@pytest.mark.parametrize(
    ("pattern", "length", "long"),
    [
        (r"\s*(\d+|[-+*/()])", 200, False),
        (r"(?P<NUM>\d+(\.\d+)?)|(?P<OP>[-+*/])|(?P<NAME>[A-Za-z_]\w*)", 80, False),
        (r"^(\w+)@(\w+)\.com$", 200, False),
        (r"(a+)+b", 30, True),
        (r"a*a*a*a*b", 400, True),
        ("a?" * 30 + "a" * 30, 30, True),
        ("(a|a)" * 30, 30, True),
        (r"(a)\1*b", 30, True),
        ("a" * 300, 10, True),
    ],
)
def test_patterns_that_may_take_long_are_not_tried(pattern: str, length: int, long: bool) -> None:
    assert takes_long(pattern, "a" * length) is long
