"""What lies at hand and was forgotten: each right edit is among the likely ones."""

from __future__ import annotations

import pytest

from tests.repair.test_usual import place

QUERY = """\
from urllib.parse import unquote


def pair(text):
    key, _, value = text.partition("=")
    return unquote(key), {}
"""
SPACES = """\
def pair(text):
    key, _, value = text.partition("=")
    return key.replace("+", " "), value{}
"""
POLICY = """\
class Policy:
    def __init__(self, base, longest):
        self.base = base
        self.longest = longest

    def delay(self, attempt):
        return {}
"""
RETRY = """\
class Retry:
    def run(self, function):
        try:
            return function()
        except self.catch:
            return None

    def again(self, function):
        try:
            return function()
        except {}:
            return 0
"""
ROUTES = """\
class Router:
    def add(self, pattern, handler, methods=("GET",)):
        self.routes.append((pattern, handler, methods))

    def include(self, other):
        for route in other.routes:
            print(route.methods)
            self.add(route.pattern, route.handler{})
"""
MONTHS = """\
def add(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return min(day.day, days_in({}))
"""
READ = """\
import csv


def read(file, delimiter=","):
    return list(csv.reader(file{}))
"""
SPAN = """\
def between(a, b):
    if a > b:
        return {}between(b, a)
    return b - a
"""
DELAYS = """\
def delays(self):
    for attempt in range(3):
        {}self.delay(attempt)
"""
FACETS = """\
def facets(value):
    found = []
    for one in {}:
        found.append(one)
    return found
"""
KEYS = """\
def parse(text):
    found = {{}}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        found[name.strip(){}] = value.strip()
    return found
"""
DAYS = "def days(weeks, days):\n    return weeks{} + days\n"
FILL = "def fill(match, values):\n    return str(values{})\n"
MAYBE = "def cells(row, names):\n    return [{} for one in names]\n"


@pytest.mark.parametrize(
    ("form", "broken", "right", "said", "among"),
    [
        (QUERY, "value", "unquote(value)", "", 40),
        (SPACES, "", '.replace("+", " ")', "", 100),
        (POLICY, "self.base * attempt", "min(self.base * attempt, self.longest)", "", 60),
        (RETRY, "Exception", "self.catch", "", 60),
        (ROUTES, "", ", methods=route.methods", "", 80),
        (MONTHS, "day.year, day.month", "year, month", "", 100),
        (READ, "", ", delimiter=delimiter", "", 20),
        (SPAN, "", "-", "", 120),
        (DELAYS, "", "yield ", "TypeError: 'NoneType' object is not iterable", 10),
        (FACETS, "value", "value if isinstance(value, (list, tuple, set)) else [value]",
         "TypeError: 'int' object is not iterable", 10),
        (KEYS, "", ".lower()", "assert {'Host': '1'} == {'host': '1'}", 120),
        (DAYS, "", " * 7", "", 40),
        (FILL, "[match]", ".pop(match)", "", 200),
        (MAYBE, 'row.get(one) or ""', 'row.get(one) if row.get(one) is not None else ""', "", 40),
    ],
)  # fmt: skip
def test_what_was_forgotten(form: str, broken: str, right: str, said: str, among: int) -> None:
    assert place(form.format(broken), form.format(right), said) < among
