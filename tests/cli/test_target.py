"""What may be typed as a target, and what each mistake is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cwm_lsp.cli.target import arguments, function_call, names_script, script, source_at
from cwm_lsp.errors import ArgumentsError, SourceError, TargetError

SHOP = '''
def total(prices, tax=0.1, *, currency):
    """Sum.

    >>> total([4, 9], currency="EUR")
    14.3
    """
    return sum(prices) * (1 + tax)


def twice(n):
    return 2 * n


def nothing():
    pass


def noted(n):
    return n  # cwm: noted(41)
'''


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop with spaces é.py"
    path.write_text(SHOP, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["[4, 9]", "0.2"], "[4, 9], 0.2"),
        (["[4, 9]", "tax=0.2"], "[4, 9], tax=0.2"),
        (["total([4, 9], tax=0.2)"], "[4, 9], tax=0.2"),
        (["total ( )"], ""),
        (["other(3)"], "other(3)"),
        (["-5"], "-5"),
        (["*rest", "**more"], "*rest, **more"),
        (["'a, b'"], "'a, b'"),
        (["3  # three"], "3  # three"),
    ],
)
def test_words_become_the_text_of_a_call(words: list[str], text: str) -> None:
    assert arguments("total", words) == text


@pytest.mark.parametrize("words", [["hello world"], ["[1,"], ["1)", "(2"], ["a=1", "2"], ["\0"], [")("]])
def test_words_that_are_no_expressions_are_refused(words: list[str]) -> None:
    with pytest.raises(ArgumentsError, match=r"do(es)? not parse"):
        arguments("total", words)


def test_a_text_without_quotes_is_told_so() -> None:
    with pytest.raises(ArgumentsError, match=r"a text needs its quotes: \"'hello world'\""):
        arguments("f", ["hello world"])


@pytest.mark.parametrize(
    ("function", "given", "found"),
    [
        ("total", "[4, 9], currency='EUR'", "the doctest at line 5"),
        ("noted", "41", "the comment at line 20"),
        ("nothing", "", ""),
    ],
)
def test_without_words_the_file_itself_gives_the_input(
    shop: Path, function: str, given: str, found: str
) -> None:
    call = function_call(f"{shop}::{function}", ())
    assert (call.call.arguments, call.found) == (given, found)


def test_a_function_that_needs_input_and_has_none_is_told_how_to_get_some(shop: Path) -> None:
    with pytest.raises(ArgumentsError, match=r"`# cwm: twice\(n\)`"):
        function_call(f"{shop}::twice", ())


@pytest.mark.parametrize("call", ["twice(21)", "twice( n=21 )", "twice('a::b')"])
def test_a_whole_call_may_stand_behind_the_file(shop: Path, call: str) -> None:
    found = function_call(f"{shop}::{call}", ())
    assert (found.source.path, str(found.call)) == (str(shop), call.replace(" ", ""))
    with pytest.raises(ArgumentsError, match="is a whole call, so nothing may follow it"):
        function_call(f"{shop}::{call}", ("1",))


def test_a_folder_may_be_named_with_colons(tmp_path: Path) -> None:
    path = tmp_path / "a::b.c" / "shop.py"
    path.parent.mkdir()
    path.write_text(SHOP, encoding="utf-8")
    assert function_call(f"{path}::nothing", ()).source.path == str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no file of Windows has a colon in its name")
def test_a_script_may_be_named_with_colons(tmp_path: Path) -> None:
    path = tmp_path / "a::b.py"
    path.write_text(SHOP, encoding="utf-8")
    assert names_script(str(path))
    assert not names_script(f"{path}::nothing")


def test_a_target_without_its_function_is_told_which_there_are(shop: Path) -> None:
    with pytest.raises(TargetError, match=r"names no function\. It has: total, twice, nothing, noted\."):
        function_call(f"{shop}::", ())


def test_a_script_that_is_not_there_is_answered_with_what_was_meant(shop: Path) -> None:
    assert script(str(shop)) == shop
    with pytest.raises(SourceError, match=r"There is no file .* Did you mean .*shop with spaces é.py"):
        script(str(shop.with_name("shop with space é.py")))
    with pytest.raises(SourceError, match=r"named after two colons: .*shop with spaces é\.py::total\."):
        script(f"{shop}:total")


def test_a_missing_file_is_answered_with_the_one_that_was_meant(shop: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no file .* Did you mean .*shop with spaces é.py"):
        source_at(shop.with_name("shop with space é.py"))


def test_a_call_may_be_longer_than_any_name_of_a_file(shop: Path) -> None:
    call = f"twice([{'1, ' * 2000}])"
    assert not names_script(f"{shop}::{call}")
    assert function_call(f"{shop}::{call}", ()).call.function == "twice"
    with pytest.raises(SourceError):
        source_at(script("a:" * 3000))


@pytest.mark.parametrize("words", [(), (f"twice({'1 + ' * 2000}1)",)])
def test_a_call_that_is_too_deep_is_refused(shop: Path, words: tuple[str, ...]) -> None:
    target = f"{shop}::twice" if words else f"{shop}::twice({'1 + ' * 2000}1)"
    with pytest.raises(ArgumentsError, match="nested too deeply"):
        function_call(target, words)


@pytest.mark.skipif(sys.platform == "win32", reason="makes links")
def test_a_script_that_is_a_link_in_a_circle_is_not_said_to_be_another(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.symlink_to("one.py")
    assert script(str(path)) == path
    with pytest.raises(SourceError) as caught:
        source_at(path)
    assert "Did you mean" not in str(caught.value)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder, not a file"):
        source_at(tmp_path)


@pytest.mark.parametrize("words", [(), ("Box(3).add(4)",), ("Box(3)", "4")])
def test_a_method_is_called_on_an_object(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "boxes.py"
    path.write_text("class Box:\n    def add(self, n):\n        return n\n\n\ndef f(n):\n    return n\n")
    found = function_call(f"{path}::Box.add" if words else f"{path}::Box(3).add(4)", words)
    assert (found.call.function, found.call.arguments) == ("Box.add", "Box(3), 4")
    inner = function_call(f"{path}::f", ["Box(3).add(4)"])
    assert (inner.call.function, inner.call.arguments) == ("f", "Box(3).add(4)")
