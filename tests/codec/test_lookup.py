"""What can be looked up in the values of names, and what cannot."""

from __future__ import annotations

import ast

import pytest

from cwm_lsp.codec.lookup import find, findable, iterated

TEXTS = {
    "xs": "[3, 'a, b', (1, 2)]",
    "grid": "[[1, 2], [3, 4]]",
    "s": "'it\\'s'",
    "d": "{'k: 1': [5], 3: 4, (1, 2): 'x'}",
    "t": "(7,)",
    "i": "1",
    "k": "'k: 1'",
    "big": "12345678901",
}


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("xs", "[3, 'a, b', (1, 2)]"),
        ("xs[0]", "3"),
        ("xs[i]", "'a, b'"),
        ("xs[i + 1]", "(1, 2)"),
        ("xs[i - 1]", "3"),
        ("xs[-1]", "(1, 2)"),
        ("grid[i][0]", "3"),
        ("grid[xs[0] - 2][1]", "4"),
        ("grid[i - big]", None),
        ("grid[grid[0][0]][1]", "4"),
        ("s[2]", '"\'"'),
        ("t[0]", "7"),
        ("d[k]", "[5]"),
        ("d['k: 1']", "[5]"),
        ("d[xs[0]]", "4"),
        ("d.get(k, 0)", "[5]"),
        ("d.get('none', 0)", None),
        ("xs.get(0)", None),
        ("xs[3]", None),
        ("xs[-4]", None),
        ("xs[big]", None),
        ("xs[k]", None),
        ("xs[1:]", "['a, b', (1, 2)]"),
        ("xs[:i]", "[3]"),
        ("xs[i:i + 1]", "['a, b']"),
        ("xs[::-1]", "[(1, 2), 'a, b', 3]"),
        ("xs[len(xs) - 1]", "(1, 2)"),
        ("s[-2:]", '"\'s"'),
        ("s[::2]", '"i\'"'),
        ("t[:0]", "()"),
        ("t[0:1]", "(7,)"),
        ("d[1:]", None),
        ("xs[::k]", None),
        ("len(xs)", "3"),
        ("len(s)", "4"),
        ("len(grid[0])", "2"),
        ("len(d)", "3"),
        ("len(i)", None),
        ("3 in xs", "True"),
        ("i in xs", "False"),
        ("i not in xs", "True"),
        ("k in d", "True"),
        ("'x' in d", "False"),
        ("xs[0] in d", "True"),
        ("'t' in s", "True"),
        ("'st' in s", "False"),
        ("i in s", None),
        ("k in 'k: 10'", "True"),
        ("i in (1, 2)", "True"),
        ("i in [xs, 2]", None),
        ("unknown[0]", None),
        ("i[0]", None),
    ],
)
def test_an_item_is_found_where_it_stands(text: str, found: str | None) -> None:
    node = expression(text)
    assert (find(node, TEXTS) if findable(node) else None) == found


@pytest.mark.parametrize(
    "text",
    [
        "xs[f(i):]",
        "xs[True]",
        "len(f(xs))",
        "f(i) in xs",
        "i in xs in d",
        "i + 1",
        "i < 2",
        "s.upper()",
        "s.replace('a', 'b')",
        "s.count('a', 1)",
        "f(xs)[0]",
        "xs[f(i)]",
        "xs[i * 2]",
        "d.get(*xs)",
        "d.pop(k)",
    ],
)
def test_what_would_have_to_be_executed_has_no_lookup(text: str) -> None:
    assert not findable(expression(text))


@pytest.mark.parametrize(
    ("head", "items"),
    [
        ("for x in xs", [["3", "'a, b'", "(1, 2)", ""]]),
        ("for x in grid[1]", [["3", "4", ""]]),
        ("for c in s", [["'i'", "'t'", '"\'"', "'s'", ""]]),
        ("for k in d", [["'k: 1'", "3", "(1, 2)", ""]]),
        ("for k, v in d.items()", [["'k: 1': [5]", "3: 4", "(1, 2): 'x'", ""]]),
        ("for v in d.values()", [["[5]", "4", "'x'", ""]]),
        ("for n, x in enumerate(t)", [["7", ""]]),
        ("for n, x in enumerate(t, 1)", []),
        ("for x in reversed(grid)", [["[3, 4]", "[1, 2]", ""]]),
        ("for a, b in zip(t, grid)", [["7", "", ""], ["[1, 2]", "[3, 4]", ""]]),
        ("for x in range(2)", [["0", "1", ""]]),
        ("for x in range(len(xs) - 1, -1, -2)", [["2", "0", ""]]),
        ("for x in range(i, xs[0])", [["1", "2", ""]]),
        ("for x in range(k)", [[None]]),
        ("for x in range(0, 3, i - 1)", [[None]]),
        ("for x in range(f(i))", []),
        ("for x in xs[:0:-1]", [["(1, 2)", "'a, b'", ""]]),
        ("for k in list(d.keys())", [["'k: 1'", "3", "(1, 2)", ""]]),
        ("for c in 'ab'", [["'a'", "'b'", ""]]),
        ("for x in [5, 6]", [["5", "6", ""]]),
        ("for x in sorted(xs)", []),
        ("for x in i", [[None]]),
    ],
)
def test_a_loop_takes_its_items_in_order(head: str, items: list[list[str | None]]) -> None:
    sources = list(iterated(ast.parse(f"{head}: pass").body[0]))
    assert [
        [source.at(visit, TEXTS, TEXTS) for visit in range(len(expected))]
        for source, expected in zip(sources, items, strict=True)
    ] == items


def test_a_string_stays_what_it_was_when_the_loop_began_and_a_list_does_not() -> None:
    (source,) = iterated(ast.parse("for x in v: pass").body[0])
    assert source.at(1, {"v": "'z'"}, {"v": "'ab'"}) == "'b'"
    assert source.at(1, {"v": "[1, 9]"}, {"v": "[1]"}) == "9"


def test_a_copy_stays_what_it_was_when_the_loop_began() -> None:
    for head in ("for x in v[:]: pass", "for x in list(v): pass"):
        (source,) = iterated(ast.parse(head).body[0])
        assert source.at(1, {"v": "[1]"}, {"v": "[1, 9]"}) == "9"


def looked_up(expression: str, value: str) -> str | None:
    return find(ast.parse(expression, mode="eval").body, {"x": value})


def test_of_a_list_that_was_cut_only_the_beginning_and_the_length_are_known() -> None:
    text = "[7, 8, … 1,251 more]"
    assert looked_up("len(x)", text) == "1253"
    assert looked_up("x[1]", text) == "8"
    for unknown in ("x[2]", "x[-1]", "x[1:]", "1 in x", "7 in x", "x.count(7)"):
        assert looked_up(unknown, text) is None
    (source,) = iterated(ast.parse("for one in x: pass").body[0])
    visits = [source.at(visit, {"x": text}, {"x": text}) for visit in (1, 2, 1252, 1253)]
    assert visits == ["8", None, None, ""]


@pytest.mark.parametrize("text", ["'ab… 95 more'", "{1: [2, … 9 more]}"])
def test_nothing_is_known_of_other_values_that_were_cut(text: str) -> None:
    for expression in ("x[0]", "x[1:]", "1 in x", "len(x)"):
        assert looked_up(expression, text) is None
