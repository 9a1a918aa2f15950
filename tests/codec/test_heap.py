"""What is stored in objects that hide it is known as long as nothing unknown could have changed it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import dedent

import pytest

from tests.codec.worked import Fact, facts_of, recorded

POINT = """
class Point:
    def __init__(self, x, weight):
        self.x = x
        self.weight = weight

    def __repr__(self):
        return f"Point({self.x})"

"""


def told(directory: Path, source: str) -> list[Fact]:
    """What the run of a script tells; nothing of that is worked out wrongly."""
    file = directory / "told.py"
    file.write_text(f"{POINT}{dedent(source)}\nprint()\n")  # what the last statement does is not told
    found = facts_of(asyncio.run(recorded(file)))
    assert [fact for fact in found if fact.verdict == "wrong"] == []
    return found


def known(found: list[Fact], what: str) -> list[str | None]:
    """What was worked out of ``what``, each time that it is told."""
    return [fact.found for fact in found if fact.what == what]


def test_a_hidden_field_is_known(tmp_path: Path) -> None:
    found = told(tmp_path, "p = Point(1, 20)\nw = p.weight + 1")
    assert known(found, "w") == ["21"]


def test_a_change_shows_wherever_the_object_stands(tmp_path: Path) -> None:
    found = told(tmp_path, "p = Point(1, 20)\nall = [p]\nall[0].x = 5\nw = all[0].weight")
    assert known(found, "p") == ["Point(1)", "Point(5)"]
    assert known(found, "all") == ["[Point(1)]", "[Point(5)]"]
    assert known(found, "w") == ["20"]


def test_a_change_in_a_function_shows_in_all_its_callers(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        def move(one):
            one.x += 1
            one.weight = 0

        def twice(some):
            for each in some:
                move(each)
            return some

        p = Point(1, 20)
        q = twice([p, p])
        w = p.weight
        """,
    )
    assert known(found, "q") == ["[Point(3), Point(3)]"]
    assert known(found, "p")[-1] == "Point(3)"
    assert known(found, "w") == ["0"]


def test_objects_that_are_written_alike_are_told_apart(tmp_path: Path) -> None:
    found = told(tmp_path, "p = Point(1, 20)\nq = Point(1, 30)\nu = p.weight\nq.x = 9\nv = p.x\nw = q.x")
    assert known(found, "u") == [None]
    assert known(found, "v") in (["1"], [None])
    assert known(found, "w") in (["9"], [None])


def test_a_copy_is_another_object(tmp_path: Path) -> None:
    found = told(
        tmp_path, "import copy\np = Point(1, 20)\nq = copy.copy(p)\nq.weight = 7\nu = p.weight\nw = q.weight"
    )
    assert known(found, "u") in (["20"], [None])
    assert known(found, "w") in (["7"], [None])


def test_what_is_stored_by_another_way_is_not_known(tmp_path: Path) -> None:
    found = told(tmp_path, 'p = Point(1, 20)\nsetattr(p, "weight", 3)\nw = p.weight\nu = p.x')
    assert known(found, "w") == [None]


def test_a_list_that_is_hidden_and_shuffled_is_not_known(tmp_path: Path) -> None:
    found = told(
        tmp_path, "import random\np = Point(1, [1, 2, 3])\nrandom.shuffle(p.weight)\nw = p.weight[0]"
    )
    assert known(found, "w") == [None]


@pytest.mark.parametrize("writes", ['f"<{self.x}>" + "!"', '"Bag" + str(self.x)'])
def test_an_object_that_is_written_by_code_is_known_but_for_its_text(tmp_path: Path, writes: str) -> None:
    found = told(
        tmp_path,
        f"""
        class Bag:
            def __init__(self, x):
                self.x = x
                self.held = []

            def put(self, one):
                self.held.append(one)
                self.x += 1
                return len(self.held)

            def __repr__(self):
                return {writes}

        bag = Bag(3)
        n = bag.put("a") + bag.put("b")
        held = bag.held
        x = bag.x
        """,
    )
    assert known(found, "n") == ["3"]
    assert known(found, "held") == ["['a', 'b']"]
    assert known(found, "x")[-1] == "5"


def test_a_generator_is_known_by_what_it_was_made_with(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        def count(n):
            while n:
                yield n
                n -= 1

        def first(some):
            return next(some)

        down = count(3)
        a = first(down)
        rest = list(down)
        none = list(down)
        """,
    )
    assert known(found, "a") == ["3"]
    assert known(found, "rest") == ["[2, 1]"]
    assert known(found, "none") == ["[]"]


def test_what_a_generator_was_made_with_may_change_before_it_begins(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        def each(some):
            for one in some:
                yield one

        held = [1]
        later = each(held)
        held.append(2)
        both = list(later)
        """,
    )
    assert known(found, "some")[0] in (None, "[1, 2]")
    assert known(found, "both") == ["[1, 2]"]


def test_two_generators_of_one_function_are_told_apart(tmp_path: Path) -> None:
    told(
        tmp_path,
        """
        def count(n):
            while n:
                yield n
                n -= 1

        one, other = count(2), count(3)
        a = next(one)
        b = next(other)
        c = next(one)
        d = list(other)
        """,
    )


def test_yield_from_hands_out_what_is_given(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        def inner(n):
            yield n
            yield n + 1
            return "end"

        def outer(n):
            last = yield from inner(n)
            yield last

        got = [one for one in outer(4)]
        """,
    )
    assert known(found, "got") == ["[4, 5, 'end']"]
    assert set(known(found, "last")) == {"'end'"}


def test_what_contains_itself_has_no_text_of_its_own(tmp_path: Path) -> None:
    found = told(tmp_path, "a = [1]\na.append(a)\nd = {}\nd['me'] = [d]\nn = len(a) + len(d)")
    assert known(found, "a") == ["[1]", None]
    assert known(found, "d") == ["{}", None]


def test_the_way_out_of_a_with_goes_by_its_head(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
        class Held:
            def __enter__(self):
                return self

            def __exit__(self, *failure):
                return False

        def first(some):
            for one in some:
                with Held():
                    if one > 1:
                        return one
                    continue
            return None

        got = first([1, 2])
        """,
    )
    assert known(found, "got") == ["2"]
    assert None not in known(found, "next")
