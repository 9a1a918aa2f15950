"""What a source text says about its functions and classes."""

from __future__ import annotations

from cwm_lsp.codec.scopes import scopes_of

SOURCE = """\
class A:
    def one(self, a, /, b=1, *rest, c, **more):
        with self:
            yield a
        try:
            pass
        finally:
            if b:
                del b

    @property
    @other
    async def two(self):
        async with self:
            await self
        def inner():
            yield

def plain(): return lambda: (yield)
"""


def test_scopes() -> None:
    found = scopes_of(SOURCE)
    said = {
        scope.line: (scope.name, scope.owner, scope.generator, set(scope.suspends))
        for scope in found.by_line.values()
    }
    assert said == {
        1: ("A", "", False, set()),
        2: ("one", "A", True, {4}),
        11: ("two", "A", False, {14, 15}),
        16: ("inner", "", True, {17}),
        19: ("plain", "", False, set()),
    }
    assert found.by_line[2].parameters == {"self", "a", "b", "rest", "c", "more"}
    assert found.closing == {3, 14}
    assert found.final == {8, 9}
    assert found.trying == found.raising == set()


def test_statements_that_an_exception_passes() -> None:
    found = scopes_of("try:\n    if a: raise b\nexcept A:\n    raise\nfinally:\n    c\n")
    assert [set(lines) for lines in (found.trying, found.final, found.raising)] == [{3}, {6}, {4}]
    assert found.passing == {3, 6}


def test_source_that_does_not_parse_has_none() -> None:
    assert scopes_of("def (").by_line == {}
