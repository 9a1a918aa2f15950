"""The public ``@vscode/debugadapter-testsupport`` client, under Node, on the command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "testsupport"
BIN = Path(sys.executable).parent
SECONDS = 580


@pytest.mark.full
@pytest.mark.timeout(600)
def test_the_public_client_debugs_through_the_proxy() -> None:
    node, npm = (
        shutil.which(name, path=f"{BIN}{os.pathsep}{os.environ['PATH']}") for name in ("node", "npm")
    )
    assert node is not None, "Node is not in the environment: `make vscode` installs it."
    assert npm is not None
    path = os.pathsep.join((str(Path(node).parent), os.environ["PATH"]))
    if not (HERE / "node_modules").is_dir():
        subprocess.run([npm, "ci"], cwd=HERE, env={**os.environ, "PATH": path}, check=True)
    program = shutil.which("cwm-lsp", path=str(BIN))
    assert program is not None
    done = subprocess.run(
        [node, "--test", str(HERE / "story.mjs")],
        env={**os.environ, "PATH": path, "CWM_LSP_PROGRAM": program, "CWM_LSP_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout
