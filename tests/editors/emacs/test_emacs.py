"""Emacs with the configuration that the documents show for eglot: a comparison, its hover, an edit."""

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
import zlib


def checked(text):
    size = 7
    code = zlib.crc32(text.encode())
    return code
"""

pytestmark = pytest.mark.full


@pytest.mark.timeout(600)
def test_a_comparison_is_shown_and_goes_with_an_edit(tmp_path: Path) -> None:
    emacs = shutil.which("emacs")
    if emacs is None:
        pytest.fail(f"Emacs is not installed: {HERE.name}/install.sh does that, or names what it cannot.")
    shown = re.search(r"```elisp\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    config = tmp_path / "cwm.el"
    config.write_text(f";; -*- lexical-binding: t; -*-\n{shown[1]}", encoding="utf-8")
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").touch()
    (project / "shop.py").write_text(SHOP, encoding="utf-8")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "CWM_LSP_THRESHOLD": "0",  # a checksum is beyond the model, and it says what it thinks
    }
    load = ("-l", str(config), "-l", str(HERE / "story.el"))
    done = subprocess.run(
        [emacs, "--batch", "-f", "package-initialize", *load, "shop.py", "checked('parcel')"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=580,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.match(r"diagnostic at line 6: .*the model expected .*, the run gave 3382402400", lines[0])
    assert any("3382402400 ✗" in line for line in lines)
    assert lines[-1] == "after an edit: nothing"
