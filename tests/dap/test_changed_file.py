"""A file that is no more what the program runs: debugged, and not predicted."""

from __future__ import annotations

import sys
from pathlib import Path

from cwm_lsp.record.agent.loaded import is_another
from tests.dap.programs import line
from tests.dap.test_predicting import launched, predicted

LOADED = """\
from pathlib import Path

here = Path(__file__)
here.write_text(here.read_text().replace("+ one", "- one"))


def count(n):
    one = 1
    return n + one


def other(n):
    two = 2
    return n * two


print(count(3))
print(other(3))
"""


async def test_a_function_that_was_edited_before_its_first_stop_is_not_predicted(tmp_path: Path) -> None:
    at = [{"line": line("one = 1", source=LOADED)}, {"line": line("two = 2", source=LOADED)}]
    async with launched(tmp_path, at, source=LOADED) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        shown = await predicted(dap, thread)
        assert "is not what stands in the file" in shown["(not predicted)"]["value"]
        await dap.ask("continue", threadId=thread)
        await dap.event("stopped", 2)
        found = await dap.until_asked(
            lambda: predicted(dap, thread), lambda found: not {"(predicting)"} & {*found}
        )
        assert "(next)" in found


def _loaded(path: Path, text: str) -> object:
    path.write_text(text, encoding="utf-8")
    names: dict[str, object] = {}
    exec(compile(text, str(path), "exec"), names)
    return names["f"]


def test_what_is_loaded_is_told_from_what_was_edited(tmp_path: Path) -> None:
    text = "def f(n):\n    return n + 1\n"
    for name, edited, another in (
        ("same", text, False),
        ("below", text + "\n\nx = 1\n", False),
        ("moved", "\n" + text, True),
        ("other", text.replace("+", "-"), sys.version_info >= (3, 11)),
        ("broken", "def f(:\n", True),
    ):
        path = tmp_path / f"{name}.py"
        function = _loaded(path, text)
        path.write_text(edited, encoding="utf-8")
        assert is_another(function.__code__) is another, name  # type: ignore[attr-defined]


def test_a_file_that_cannot_be_read_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "gone.py"
    function = _loaded(path, "def f(n):\n    return n\n")
    path.unlink()
    assert not is_another(function.__code__)  # type: ignore[attr-defined]
