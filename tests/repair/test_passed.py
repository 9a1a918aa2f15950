"""What a call is given, what an exception asks for: each right edit is among the likely ones."""

from __future__ import annotations

import ast

import pytest

from cwm_lsp.repair.templates.rescued import raised
from tests.repair.test_usual import place

FLAT = """\
def flat(value, sep=".", prefix=""):
    found = {{}}
    for key, one in value.items():
        path = prefix + sep + key if prefix else key
        if isinstance(one, dict):
            found.update(flat(one, prefix=path{}))
        else:
            found[path] = one
    return found
"""
MERGE = """\
def merge(base, extra):
    found = dict(base)
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = {}
        else:
            found[key] = value
    return found
"""
ORDER = """\
def names(rows):
    return sorted(rows, key=str.lower)


def last(rows):
    return sorted(rows{})[-1]
"""
NUMBER = """\
def number(text):
    text = text.strip()
    {}
"""
SUM = """\
def total(rows):
    found = 0
    for row in rows:
        {}
    return found
"""
PORT = """\
class Bad(Exception):
    pass


def port(text):
    if not text:
        raise Bad(text)
    {}
"""
READ = """\
def read(rows, key):
    try:
        return int(rows[key])
    except {}:
        return None
"""


LARGEST = """\
def largest(tree, path=""):
    found = []
    for key, child in tree.items():
        if isinstance(child, dict):
            found.extend(largest(child{}))
        else:
            found.append((child, f"{{path}}/{{key}}"))
    return found
"""
ROUND = """\
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal


def cents(text):
    return int((Decimal(text) * 100).quantize(Decimal(1), rounding=ROUND_HALF_{}))
"""


@pytest.mark.parametrize(
    ("broken", "right", "said", "among"),
    [
        (LARGEST.format(""), LARGEST.format(', path=f"{path}/{key}"'), "", 120),
        (ROUND.format("EVEN"), ROUND.format("UP"), "", 20),
        (FLAT.format(""), FLAT.format(", sep=sep"), "", 40),
        ("def f(call, *args, **kwargs):\n    return call(*args)\n",
         "def f(call, *args, **kwargs):\n    return call(*args, **kwargs)\n", "", 20),
        (ORDER.format(""), ORDER.format(", key=str.lower"), "", 40),
        (MERGE.format("value"), MERGE.format("merge(found[key], value)"), "", 120),
        ("def f(line):\n    name, value = line.split('=')\n    return name, value\n",
         "def f(line):\n    name, _, value = line.partition('=')\n    return name, value\n",
         "ValueError: too many values to unpack (expected 2)", 10),
        ("def f(a):\n    return bool(a)\n", "def f(a):\n    return not a\n", "", 10),
        (NUMBER.format("return int(text)"),
         NUMBER.format("try:\n        return int(text)\n    except ValueError:\n        return text"),
         "ValueError: invalid literal for int()", 25),
        (SUM.format("found += row['n']"),
         SUM.format("try:\n            found += row['n']\n        except KeyError:\n            continue"),
         "raised KeyError: 'n'", 40),
        (PORT.format("return int(text)"),
         PORT.format(
             "try:\n        return int(text)\n    except ValueError:\n        raise Bad(text) from None"
         ),
         "ValueError: invalid literal for int()", 60),
        (READ.format("ValueError"), READ.format("(ValueError, KeyError)"), "KeyError: 'x'", 10),
    ],
)  # fmt: skip
def test_what_is_to_be_given_or_caught_is_tried_soon(broken: str, right: str, said: str, among: int) -> None:
    assert place(broken, right, said) < among


@pytest.mark.parametrize(
    ("source", "said", "named"),
    [
        ("", "raised KeyError: 'a'", ["KeyError"]),
        ("", "ValueError: no", ["ValueError"]),
        ("import json", "json.decoder.JSONDecodeError: Expecting value", ["json.JSONDecodeError"]),
        ("from decimal import InvalidOperation", "decimal.InvalidOperation: [...]", ["InvalidOperation"]),
        ("", "decimal.InvalidOperation: [...]", []),
        ("class Bad(Exception): pass", "shop.Bad: no", ["Bad"]),
        ("", "assert 1 == 2", []),
        ("", "AssertionError: 3", []),
        ("", "raised NameError: name 'x' is not defined", []),
        ("", "Failed: DID NOT RAISE <class 'ValueError'>", []),
        ("", "did not end", []),
    ],
)
def test_only_exceptions_that_the_module_can_name_are_caught(
    source: str, said: str, named: list[str]
) -> None:
    assert raised([said], ast.parse(source)) == named
