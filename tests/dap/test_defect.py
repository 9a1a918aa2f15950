"""What is wrong with us takes nothing from the session, and is said where a prediction would stand."""

from __future__ import annotations

from pathlib import Path

from cwm_lsp.dap.predicting import Predicting
from cwm_lsp.dap.world import World
from tests.dap.client import connected, over_stdio
from tests.dap.debugging import SUM, finished, launch, printed, served, top, went_on, written
from tests.dap.test_predicting import predicted


def broken() -> World:
    raise RuntimeError("nobody thought of this")


async def test_a_stop_that_a_defect_keeps_from_being_predicted_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with served((lambda desk: Predicting(desk, broken),)) as where, connected(*where) as client:
        await launch(client, path, [{"line": 2}])
        thread = (await client.event("stopped"))["threadId"]
        for _ in range(2):
            rows = await client.until_asked(
                lambda: predicted(client, thread), lambda rows: "(predicting)" not in rows
            )
            assert rows["(not predicted)"]["value"] == "A defect of cwm-lsp, which its log describes."
            await went_on(client, "next", thread)
        await finished(client, thread)
        assert "total: 13" in printed(client)
        said = [one["body"]["output"] for one in client.named("output")]
        assert [one for one in said if "nobody thought" in one] == [
            "Debugging goes on without predictions: nobody thought of this\n"
        ]


async def test_debugpy_complains_of_the_users_slow_values_and_not_of_our_questions(tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio() as client:
        await launch(client, path, [{"line": 2}], env={"PYDEVD_WARN_SLOW_RESOLVE_TIMEOUT": "0"})
        thread = (await client.event("stopped"))["threadId"]
        await client.until_asked(lambda: predicted(client, thread), lambda rows: "(next)" in rows)
        number = (await top(client, thread))["id"]
        await client.ask("evaluate", expression="xs + xs", frameId=number, context="watch")
        said = [one["body"]["output"] for one in client.named("output")]
        slow = [one for one in said if "Computing repr" in one]
        assert [one for one in slow if "xs + xs" in one]
        assert not [one for one in slow if "_cwm_agent" in one]
