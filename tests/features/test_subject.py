"""The file that a test is about, in projects as people lay them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwm_lsp.errors import TargetError
from cwm_lsp.features.subject import subject
from cwm_lsp.record.source import read_source

FIXTURE = "import pytest\nfrom shop import Shop\n\n\n@pytest.fixture\ndef made():\n    return Shop()\n"
USES = "def test_one({}):\n    assert {}\n"
ALONE = USES.format("", "Shop")
HELPER = "def made():\n    return Shop()\n\n\n"
PACKAGE = {"shop/__init__.py": "from .parts import Shop\n"}
PACKAGE |= {"shop/parts/__init__.py": "from .main import Shop\n"}
RENAMED = "from shop import main as Shop\n"
CASE = "import unittest\nfrom shop import Shop\n\n\nclass Case(unittest.TestCase):\n    def setUp(self):\n"
CASE += "        self.shop = Shop()\n\n    def test_one(self):\n        self.assertTrue(self.shop)\n"
CLASS = "import pytest\nfrom shop import Shop\n\n\nclass TestIt:\n    @pytest.fixture\n    def made(self):\n"
CLASS += "        return Shop()\n\n    def test_one(self, made):\n        assert made\n"


@pytest.mark.parametrize(
    ("files", "node", "about"),
    [
        ({"shop.py": "", "test_it.py": f"{FIXTURE}\n\n{USES.format('made', 'made')}"}, "test_one", "shop.py"),
        ({"shop.py": "", "conftest.py": FIXTURE, "test_it.py": USES.format("made", "made")}, "test_one", ""),
        ({"shop.py": "", "test_it.py": CASE}, "Case::test_one", "shop.py"),
        ({"shop.py": "", "test_it.py": CLASS}, "TestIt::test_one", "shop.py"),
        (
            {**PACKAGE, "shop/parts/main.py": "", "test_it.py": f"from shop import Shop\n{ALONE}"},
            "test_one",
            "shop/parts/main.py",
        ),
        (
            {"shop/__init__.py": "", "shop/main.py": "", "test_it.py": f"{RENAMED}{ALONE}"},
            "test_one",
            "shop/main.py",
        ),
        (
            {"shop.py": "", "test_it.py": f"from shop import Shop\n{HELPER}{USES.format('', 'made()')}"},
            "test_one",
            "shop.py",
        ),
    ],
)
def test_the_file_is_found_through_what_the_test_uses(
    tmp_path: Path, files: dict[str, str], node: str, about: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = subject(read_source(str(tmp_path / "test_it.py")), node)
    assert Path(found.path) == tmp_path / (about or "shop.py")


def test_a_test_that_uses_nothing_of_the_project_is_about_no_file(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(USES.format("tmp_path", "tmp_path.exists()"))
    with pytest.raises(TargetError, match="uses no function"):
        subject(read_source(str(tmp_path / "test_it.py")), "test_one")
