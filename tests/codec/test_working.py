"""What is worked out at a line for the model: the whole of an expression, else its parts; changes; items."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import pytest

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.deeds import effect
from cwm_lsp.codec.known import constants
from cwm_lsp.codec.source import slice_source
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.codec.working import made, tell, workables
from tests.codec.programs import record

POINT = "Point(x={}, path={}, home=Point(x=9, path=[], home=None))"
TEXTS = {
    "n": "3",
    "point": POINT.format(1, [2, 3]),
    "xs": "[1, 2]",
    "s": "'ab c'",
    "cart": "<Cart object>",
    "carts": "[<Cart object>, 5]",
}


def statement(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def told(text: str, *given: str, texts: Mapping[str, str] = TEXTS, aided: bool = True) -> dict[str, str]:
    found = tell(workables(statement(text)), texts, given, aided)
    return {ast.unparse(node): ("raises " if one.raises else "") + one.text for node, one in found.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y = n * 2 + len(xs)", {"n * 2 + len(xs)": "8"}),
        ("y = cart.price + n * 2", {"n * 2": "6"}),
        ("y = f(n + 1)", {"n + 1": "4"}),
        ("y = carts[1] + n", {"carts[1] + n": "8"}),
        ("a, b = n, n + 1", {"n + 1": "4"}),
        ("return n, n + 1", {"(n, n + 1)": "(3, 4)"}),
        ("xs[n - 1] = n - 2", {"n - 1": "2", "n - 2": "1"}),
        ("n += 4", {"n + 4": "7"}),
        ("if xs: pass", {"bool(xs)": "True"}),
        ("while n > 3: pass", {"n > 3": "False"}),
        ("if cart and n > 2: pass", {"n > 2": "True"}),
        ("assert n, f'{n}!'", {"bool(n)": "True", "f'{n}!'": "'3!'"}),
        ("raise ValueError(f'no {n}')", {"ValueError(f'no {n}')": "ValueError('no 3')"}),
        ("y = xs[9]", {"xs[9]": "raises IndexError('list index out of range')"}),
        ("y = [x * n for x in xs]", {"[x * n for x in xs]": "[3, 6]"}),
        ("y = [cart.total(x) for x in xs[1:]]", {"xs[1:]": "[2]"}),
        ("y = point.x + point.home.x * n", {"point.x + point.home.x * n": "28"}),
        ("y = point.shift(n + 1) + point.x", {"n + 1": "4", "point.x": "1"}),
        ("y = point == point", {}),
        ("y = len(point) + n * 2", {"n * 2": "6"}),
        ("y = point.missing", {}),
        ("y = f'{point} {n}'", {}),
        ("point.shift(n + 1)", {"n + 1": "4"}),
        ("y = n", {}),
        ("y = [1, 2]", {"[1, 2]": "[1, 2]"}),
        ("def g(a=n + 1): pass", {}),
        ("for x in xs[1:]: pass", {}),
    ],
)
def test_the_outermost_expression_that_can_be_is_worked_out(text: str, expected: dict[str, str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text", ["y = 1" + " + n" * 800, "y = " + "-" * 80 + "n", "y = " + "(" * 80 + "n + 1" + ",)" * 80]
)
def test_an_expression_of_any_depth_is_taken(text: str) -> None:
    assert all(one.isdigit() or one[0] in "-(" for one in told(text).values())
    assert slice_source(f"def f(n):\n    {text}\n", 1).by_line[2].pieces


def test_without_aid_a_value_is_looked_up_and_none_is_made() -> None:
    assert told("y = n * 2 + len(xs) + xs[0]", aided=False) == {"len(xs)": "2", "xs[0]": "1"}


def test_what_calls_gave_back_counts_once_all_have() -> None:
    assert told("return f(n - 1) + f(n - 2)") == {"n - 1": "2", "n - 2": "1"}
    assert told("return f(n - 1) + f(n - 2)", "5") == {"f(n - 1)": "5", "n - 2": "1"}
    assert told("return f(n - 1) + f(n - 2)", "5", "3") == {"f(n - 1) + f(n - 2)": "8"}
    assert told("return f(n) + cart.tax + n * 2", "5") == {"f(n)": "5", "n * 2": "6"}
    assert told("return f(n) + 1", "5", "3") == {}


@pytest.mark.parametrize(
    ("text", "changed", "result"),
    [
        ("xs.append(n)", {"xs": "[1, 2, 3]"}, None),
        ("y = xs.pop()", {"xs": "[1]", "y": "2"}, None),
        ("xs[0] = n", {"xs": "[3, 2]"}, None),
        ("return xs.pop(0)", {"xs": "[2]"}, "1"),
        ("if xs.pop() > 5: xs.clear()", {"xs": "[1]"}, None),
        ("if xs.pop() < 5: xs.clear()", {"xs": "[]"}, None),
        ("if xs.pop() > 5:\n    xs.clear()", {"xs": "[1]"}, "False"),
        ("xs.remove(7)", {}, "ValueError('list.remove(x): x not in list')"),
        ("cart.append(n)", {}, None),
        ("point.x += n", {"point": POINT.format(4, [2, 3])}, None),
        (
            "point.path.append(n)",
            {"point": POINT.format(1, [2, 3, 3])},
            None,
        ),
        ("point.other = n", {}, None),
        ("point[0] = n", {}, None),
    ],
)
def test_a_change_of_a_container_is_worked_out(
    text: str, changed: dict[str, str], result: str | None
) -> None:
    does = effect((statement(text),), TEXTS)
    assert does.changed == changed
    assert (does.result.text if does.result else None) == result


def test_a_loop_goes_through_what_was_computed_as_it_began() -> None:
    (source,) = made(statement("for i, w in enumerate(sorted(s.split())): pass"))
    assert [source.at(visit, TEXTS) for visit in range(3)] == ["(0, 'ab')", "(1, 'c')", ""]
    (opaque,) = made(statement("for x in sorted(carts): pass"))
    assert opaque.at(0, TEXTS) is None


def test_names_of_the_module_that_never_change_are_known() -> None:
    tree = ast.parse(
        """
RATE = 2
LIMIT: int = RATE * 4
seen = []
count = 0
def f(x):
    global count
    count += 1
    seen.append(x)
def sum(xs): ...
"""
    )
    assert constants(tree) == {"RATE": "2", "LIMIT": "8", "f": "<function f>", "sum": "<function sum>"}


def test_a_builtin_that_the_module_binds_is_not_computed() -> None:
    source = "def f(x):\n    return len([x]) + 1\n\n\ndef len(x):\n    return 40\n"
    logical = slice_source(source, 1).by_line[2]
    found = tell(logical.work, {**slice_source(source, 1).constants, "x": "1"}, (), True)
    assert [one.text for one in found.values()] == ["[1]"]


def test_what_is_worked_out_stands_in_the_line_before_the_model_answers() -> None:
    trace = record("def f(n):\n    y = n * 7\n    return y\n", "f(6)")
    with_aid, without = CompactCodec().encode(trace).tokens, CompactCodec(aided=False).encode(trace).tokens
    assert with_aid.count(Special.OPERAND) == without.count(Special.OPERAND) + 1
    assert with_aid.count(Special.TOLD) == 2
    # Shown once, with a mark before it, and said twice in one token, where it is spelled twice without aid.
    assert len(with_aid) == len(without) + len("42") + 1 - 2 * (len("42") - 1)


def test_an_item_that_a_loop_takes_apart_is_shown_in_its_parts() -> None:
    both = [
        CompactCodec().encode(record(f"def f(xs):\n    for {target} in xs:\n        pass\n", "f([(4, 9)])"))
        for target in ("a, b", "a")
    ]
    heads = [spelled.split("<next>")[1] for spelled in (" ".join(map(v.token_text, e.tokens)) for e in both)]
    assert heads[0].endswith("<operand> 4 <operand> 9 ")
    assert heads[1].endswith("<operand> ( 4 , 9 ) ")
