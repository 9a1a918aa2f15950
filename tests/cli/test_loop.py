"""Running a command's coroutine."""

from __future__ import annotations

from cwm_lsp.cli.loop import run


class Large:
    """A result that is better not written out."""

    asked = 0

    def __repr__(self) -> str:
        Large.asked += 1
        return "Large()"


def test_a_result_is_given_back_and_never_written_out() -> None:
    async def work() -> Large:
        return Large()

    assert isinstance(run(work()), Large)
    assert Large.asked == 0
