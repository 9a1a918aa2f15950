"""An interpreter in which debugpy cannot be started is told at once, and one that can is not held up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.dap.interpreter import named
from tests.dap.client import over_stdio
from tests.dap.debugging import SUM, configuration, finished, launch, posix, written


def program(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@posix
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 0", "is not a Python that can be asked for its version"),
        ("echo no such option >&2; exit 2", "no such option"),
        ("""echo '["python", [3, 8, 18], "CPython"]'""", "is Python 3.8.18; debugpy needs 3.10 or later"),
    ],
)
async def test_what_cannot_run_debugpy_is_refused_in_words(script: str, why: str, tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio() as client:
        await client.ask("initialize", adapterID="debugpy")
        python = [program(tmp_path, script)]
        assert why in await client.refused("launch", **configuration(path) | {"python": python})
        await client.event("terminated")
        await client.end()
    assert client.count("terminated") == 1
    assert client.count("output") <= 2  # debugpy's greetings: nothing is said of an adapter that was ended


@posix
async def test_an_interpreter_that_takes_its_time_is_debugged(tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    slow = program(tmp_path, f'sleep 0.5; exec "{sys.executable}" "$@"')
    async with over_stdio() as client:
        await launch(client, path, [{"line": 2}], python=slow)
        await finished(client, (await client.event("stopped"))["threadId"])


async def test_a_configuration_that_is_refused_anyway_is_refused_once(tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio() as client:
        await client.ask("initialize", adapterID="debugpy")
        given = configuration(path) | {"python": str(tmp_path), "stepBack": 3}
        assert "stepBack" in await client.refused("launch", **given)
        await launch_again(client, path)


async def launch_again(client: Any, path: Path) -> None:
    start = client.post("launch", configuration(path))
    await client.event("initialized")
    await client.ask("configurationDone")
    assert (await client.answer(start))["success"]
    await client.event("terminated")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, ""),
        ({"python": sys.executable}, ""),
        ({"python": "/a/python"}, "/a/python"),
        ({"python": ["/a/python", "-X", "dev"]}, "/a/python"),
        ({"pythonPath": "/a/python"}, "/a/python"),
        ({"python": "python3"}, "python3"),
        ({"python": "python3", "console": "integratedTerminal"}, ""),
        ({"python": "/a/python", "console": "integratedTerminal"}, "/a/python"),
        ({"python": ".venv/bin/python", "cwd": "/p"}, "/p/.venv/bin/python"),
        ({"python": "python3", "cwd": "/p"}, "python3"),
        ({"python": ["conda", "run"], "debugLauncherPython": "/a/python"}, ""),
        ({"python": []}, ""),
        ({"python": 3}, ""),
        ({"python": [3]}, ""),
    ],
)
def test_what_is_looked_at(arguments: dict[str, Any], found: str) -> None:
    assert named(arguments) == found
