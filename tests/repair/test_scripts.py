"""What tests do as scripts, and scripts that nobody wrote down."""

from __future__ import annotations

import pytest

from cwm_lsp.errors import ArgumentsError
from cwm_lsp.repair.fromtests import defined, scripts
from cwm_lsp.repair.heldout import held_out
from cwm_lsp.repair.model import Check, CheckKind
from cwm_lsp.repair.scripts import parsed
from cwm_lsp.repair.sequences import mutants
from cwm_lsp.repair.specification import answer, call, example_calls

HEAD = "import pytest\nfrom shop import Shop, price as cost\nimport shop as s\nfrom datetime import date\n"
NAMES = ["Shop", "price"]


def read(test: str) -> dict[str, list[str]]:
    """The scripts of a test file that begins with the usual imports."""
    return scripts(HEAD + test, "shop", NAMES)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("def test_a():\n    assert cost(3) == 4\n", ["price(3)"]),
        ("def test_a():\n    assert 4 == s.price(3)\n", ["price(3)"]),
        ("def test_a():\n    assert not cost(3)\n", ["price(3)"]),
        ("def test_a():\n    'says'\n    shop = Shop()\n    shop.add(1)\n    assert shop.all == [1]\n",
         ["shop = Shop(); shop.add(1); shop.all"]),
        ("def test_a():\n    with pytest.raises(ValueError):\n        cost(-1)\n    assert cost(1) == 2\n",
         ["price(-1)", "try:\n    price(-1)\nexcept Exception:\n    pass\nprice(1)"]),
        ("def test_a():\n    assert cost(date(2024, 1, 2)) == 4\n",
         ["from datetime import date; price(date(2024, 1, 2))"]),
        ("@pytest.fixture\ndef shop():\n    made = Shop(2)\n    made.add(1)\n    return made\n"
         "def test_a(shop):\n    assert shop.sum() == 1\n",
         ["shop = Shop(2); shop.add(1); shop.sum()"]),
        ("@pytest.fixture\ndef shop():\n    yield Shop(2)\n"
         "def test_a(shop):\n    assert shop.sum() == 1\n",
         ["shop = Shop(2); shop.sum()"]),
        ("@pytest.mark.parametrize('a, b', [(1, 2), pytest.param(3, 4)])\n"
         "def test_a(a, b):\n    assert cost(a) == b\n",
         ["a = 1; price(a)", "a = 3; price(a)"]),
        ("CASES = [(1, 2), (3, 4)]\ndef test_a():\n    for a, b in CASES:\n        assert cost(a) == b\n",
         ["a, b = (1, 2); price(a)", "a, b = (3, 4); price(a)"]),
        ("BASE = 3\ndef make(n):\n    return Shop(n + BASE)\n"
         "def test_a():\n    assert make(1).sum() == 4\n",
         ["BASE = 3\ndef make(n):\n    return Shop(n + BASE)\nmake(1).sum()"]),
        ("class Tests:\n    def setUp(self):\n        self.shop = Shop()\n"
         "    def test_a(self):\n        self.shop.add(1)\n        self.assertEqual(self.shop.sum(), 1)\n",
         ["shop = Shop(); shop.add(1); shop.sum()"]),
        ("class Tests:\n    def test_a(self):\n        with self.assertRaises(ValueError):\n"
         "            cost(-1)\n        self.assertIn(cost(1), [2])\n        self.assertTrue(cost(5))\n",
         ["price(-1)", "try:\n    price(-1)\nexcept Exception:\n    pass\n(price(1), [2])",
          "try:\n    price(-1)\nexcept Exception:\n    pass\nprice(5)"]),
    ],
)  # fmt: skip
def test_each_assertion_of_a_test_is_a_script(test: str, expected: list[str]) -> None:
    assert [one for found in read(test).values() for one in found] == expected


def test_fixtures_of_the_files_around_are_written_out_the_nearest_counting() -> None:
    far = "import pytest\nfrom shop import Shop\n@pytest.fixture\ndef shop():\n    return Shop(1)\n"
    near = "import pytest\n@pytest.fixture\ndef full(shop):\n    shop.add(2)\n    return shop\n"
    test = "def test_a(full):\n    assert full.sum() == 3\n"
    assert scripts(test, "shop", NAMES, [far, near]) == {
        "test_a": ["full = Shop(1); full.add(2); full.sum()"]
    }
    nearer = far.replace("Shop(1)", "Shop(5)")
    assert scripts(test, "shop", NAMES, [far, nearer, near])["test_a"][0].startswith("full = Shop(5)")


@pytest.mark.parametrize(
    "test",
    [
        "def test_a(tmp_path):\n    assert cost(tmp_path)\n",
        "@pytest.fixture(params=[1, 2])\ndef n(request):\n    return request.param\n"
        "def test_a(n):\n    assert cost(n)\n",
        "@pytest.mark.parametrize('n', range(4))\ndef test_a(n):\n    assert cost(n)\n",
        "def test_a():\n    if cost(1):\n        assert cost(2)\n",
        "class Tests:\n    def test_a(self):\n        assert cost(self)\n",
        "def test_a(:\n",
    ],
)
def test_a_test_that_needs_more_has_none(test: str) -> None:
    assert read(test) == {}


def test_what_a_module_defines() -> None:
    assert defined("A = 1\nb: int = 2\ndef f():\n    c = 3\nclass D:\n    pass\n") == ["A", "b", "f", "D"]


def test_mutants_keep_what_known_values_share_and_hang_together() -> None:
    known = [
        "shop = Shop(10); shop.add('fig', 3); shop.count('fig')",
        "shop = Shop(4); shop.add('pear', 1); shop.sum()",
    ]
    made = mutants(known, 60)
    assert len(made) == 60
    assert not set(made) & set(known)
    assert mutants(known, 60) == made
    assert any(
        "shop.add" in one and one.endswith("shop.sum()") and "'fig'" in one for one in made
    )  # another end
    assert any(one.count("shop.add") == 2 for one in made)
    assert any("shop.add" not in one for one in made)
    for one in made:
        assert "Shop(0)" not in one
        assert ", 0)" not in one
        compile(one, "script", "exec")


def test_a_call_that_binds_a_name_may_be_left_out() -> None:
    known = ["s = A()\ns.add(x := 3)\ns.total(x)", "s = A()\ns.add(x := 4)\ns.total(x)"]
    assert any("add" not in one for one in mutants(known, 40))


def test_calls_and_scripts_share_the_held_out_inputs() -> None:
    found = held_out(["f([1, 2], 3)", "f([4], 1)", "a = F(3); a.go(2); a.end()"], 20)
    assert any(one.startswith("f(") for one in found)
    assert any("; " in one for one in found)


def test_a_script_can_be_a_call_and_an_answer() -> None:
    assert call("a = F(3); a.go()", "7").call == "a = F(3); a.go()"
    answered = answer("a = F(3); a.go(x=1) == {'b': 2}")
    assert (answered.call, answered.expect) == ("a = F(3); a.go(x=1)", "{'b': 2}")
    assert answer("f(a='==') == 3").call == "f(a='==')"
    with pytest.raises(ArgumentsError, match="does not end in an expression"):
        parsed("a = 3")
    with pytest.raises(ArgumentsError, match="no Python expression"):
        parsed("a = (")


def test_a_doctest_shows_values_behind_its_statements() -> None:
    text = ">>> a = F(3)\n>>> a.go(1)\n>>> a.end()\n4\n>>> f(2)\n5\n"
    check = Check(CheckKind.DOCTEST, "F", text=text)
    assert example_calls(check) == ["a = F(3); a.go(1); a.end()", "a = F(3); a.go(1); f(2)"]
