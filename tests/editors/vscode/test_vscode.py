"""The VS Code extension: its pure parts under Node, and what a user sees in the real editor."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.full


def node(*arguments: str, seconds: int, **variables: str) -> None:
    """Run the Node of this environment; what it printed is the failure."""
    program = shutil.which("node", path=str(BIN))
    assert program is not None, "Node is not in the environment: `make vscode` installs it."
    environment = {**os.environ, "CWM_LSP_PROGRAM": str(BIN / "cwm-lsp"), **variables}
    done = subprocess.run(
        [program, "--test", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=seconds,
    )
    assert done.returncode == 0, done.stdout


def test_parts_that_need_no_editor() -> None:
    node(*map(str, sorted((HERE / "unit").glob("*.test.ts"))), seconds=120)


def installed() -> None:
    """Fails where VS Code was not installed."""
    if not (HERE / "node_modules" / "code-server").is_dir():
        pytest.fail("VS Code is not installed here: `make test FULL=1` and `make test-vscode` do that.")


@pytest.mark.timeout(1200)
def test_the_story_in_the_real_editor() -> None:
    installed()
    node(str(HERE / "story.mjs"), seconds=1150)


@pytest.mark.timeout(1200)
def test_models_that_cannot_be_asked_in_the_real_editor() -> None:
    installed()
    node(str(HERE / "trouble.mjs"), seconds=850)


@pytest.mark.timeout(1200)
def test_a_folder_that_is_not_trusted_in_the_real_editor() -> None:
    installed()
    node(str(HERE / "trust.mjs"), seconds=850)


@pytest.mark.timeout(1200)
def test_an_environment_is_made_in_the_real_editor(tmp_path: Path) -> None:
    installed()
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    subprocess.run([*pip, "wheel", "-qq", "--no-deps", "-w", tmp_path, ROOT], check=True, timeout=300)
    (wheel,) = tmp_path.glob("cwm_lsp-*.whl")
    node(str(HERE / "environment.mjs"), seconds=850, CWM_LSP_WHEEL=str(wheel))


def test_the_package_is_small() -> None:
    package = ROOT / "editors" / "vscode" / "cwm-lsp.vsix"
    assert package.is_file(), "`make vscode` makes it."
    assert package.stat().st_size < 1_000_000
