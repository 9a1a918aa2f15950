"""Emacs with the configuration that the documents show for eglot and lsp-mode."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "editors.md"
SHOP = """\
def checked(text):
    size = 7
    code = len(text)
    return code


globals()["len"] = str.upper  # what no reader of the function expects
"""

pytestmark = pytest.mark.full

EGLOT, LSP_MODE = 0, 1
"""Which of the blocks of Emacs Lisp in the document is whose."""


def emacs(folder: Path, block: int, story: str, *words: str) -> list[str]:
    """What a story prints of ``shop.py``, under the Emacs configuration that is the document's ``block``."""
    program = shutil.which("emacs")
    if program is None:
        pytest.fail(f"Emacs is not installed: {HERE.name}/install.sh does that, or names what it cannot.")
    shown = re.findall(r"```elisp\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    config = folder / "cwm.el"
    config.write_text(f";; -*- lexical-binding: t; -*-\n{shown[block]}", encoding="utf-8")
    project = folder / "project"
    project.mkdir()
    (project / "pyproject.toml").touch()
    (project / "shop.py").write_text(SHOP, encoding="utf-8")
    environment = {
        **os.environ,
        "HOME": str(folder),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    load = ("-l", str(config), "-l", str(HERE / story))
    done = subprocess.run(
        [program, "--batch", "-f", "package-initialize", *load, "shop.py", *words],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=580,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.timeout(600)
def test_a_comparison_is_shown_and_goes_with_an_edit(tmp_path: Path) -> None:
    lines = emacs(tmp_path, EGLOT, "eglot-story.el", "checked('parcel')")
    words = r"diagnostic at line 3: .*the model expected 6, at \d+ %; the run gave 'PARCEL'"
    assert re.match(words, lines[0])
    assert any("'PARCEL' ✗" in line for line in lines)
    assert lines[-1] == "after an edit: nothing"


@pytest.mark.timeout(600)
def test_lsp_mode_has_lenses_and_diagnostics(tmp_path: Path) -> None:
    lines = emacs(tmp_path, LSP_MODE, "lsp-story.el", "checked", "'parcel'")
    assert re.match(r"diagnostic: .*the model expected 6, at \d+ %; the run gave 'PARCEL'", lines[0])
    assert "lens: Compare checked(text='parcel')" in lines
    assert any(line.endswith(" · clear") for line in lines)
