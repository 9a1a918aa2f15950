"""Takes the pictures of the documents from the product as it stands.

``python -m tests.editors.pictures [NAME ...]``: ``picture.svg`` is what ``cwm-lsp demo`` prints, ``view.png``
the trace page of the sample, ``vscode.png`` the sample compared in VS Code, which ``make test-vscode``
installs. Without a name all three are taken.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.web.chromium import browser

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CWM = (sys.executable, "-m", "cwm_lsp")
SAMPLE = ROOT / "cwm_lsp" / "demo" / "scores.py"
CALL = ("points", "[(0, 3), (1, 2), (0, 4)]")
SEARCHED = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
"""Node and the program are looked for in this environment first."""


def demo(target: Path) -> None:
    """What the demo prints, as a picture."""
    subprocess.run([*CWM, "demo", "--svg", target], check=True, stdout=subprocess.DEVNULL)


def view(target: Path) -> None:
    """The trace page at the first divergence."""
    asyncio.run(_view(target))


async def _view(target: Path) -> None:
    function, arguments = CALL
    words = ("view", f"{SAMPLE}::{function}", arguments, "--no-open", "--backend", "embedded")
    process = await asyncio.create_subprocess_exec(*CWM, *words, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        address = ""
        while not address:
            line = (await process.stdout.readline()).decode()
            assert line, "`cwm-lsp view` ended before it named an address."
            found = re.search(r"http://127\.0\.0\.1:\S+", line)
            address = found[0] if found else ""
        async with browser() as tab:
            await tab.size(1440, 700)
            await tab.open(address)
            await tab.until("['right in', '◆'].every(text => document.body.innerText.includes(text))")
            await tab.until("cwm.first > 0 && cwm.chosen === cwm.first")
            await tab.until("cwm.shown && cwm.shown.step === cwm.chosen && !cwm.asking")
            await tab.picture(target)
    finally:
        process.terminate()
        await process.wait()


def vscode(target: Path) -> None:
    """The sample, compared in VS Code."""
    node = shutil.which("node", path=SEARCHED)
    assert node is not None, "Node is not in the environment: `make vscode` installs it."
    program = shutil.which("cwm-lsp", path=SEARCHED)
    assert program is not None, "cwm-lsp is not in the environment."
    script = Path(__file__).parent / "vscode" / "picture.mjs"
    environment = {**os.environ, "PATH": SEARCHED, "CWM_LSP_PROGRAM": program}
    subprocess.run([node, script, target], check=True, env=environment)


PICTURES: dict[str, Callable[[Path], None]] = {"picture.svg": demo, "view.png": view, "vscode.png": vscode}


def main(names: list[str]) -> None:
    """Make what is named, all if nothing is."""
    for name in names or PICTURES:
        PICTURES[name](DOCS / name)
        print(f"docs/{name}")


if __name__ == "__main__":
    main(sys.argv[1:])
