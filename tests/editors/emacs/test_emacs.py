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
def checked(text):
    size = 7
    code = len(text)
    return code


globals()["len"] = str.upper  # what no reader of the function expects
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
    assert re.match(r"diagnostic at line 3: .*the model expected 6, the run gave 'PARCEL'", lines[0])
    assert any("'PARCEL' ✗" in line for line in lines)
    assert lines[-1] == "after an edit: nothing"
