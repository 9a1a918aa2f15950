"""Plugins of pytest that a session can do without: what they need takes longer to import than tests to run.

A plugin is left out only where nothing that the tests are collected from, nor the settings around them, has
a word that it goes by. Plugins that are not listed are always there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

WORDS = {
    "anyio": ("anyio",),
    "hypothesispytest": ("hypothesis",),
    "pytest-lsp": ("lsp",),
    "xdist": ("xdist", "worker_id", "testrun_uid"),
    "xdist.looponfail": ("looponfail",),
}
"""The name under which pytest finds a plugin, and the words without which nothing of it is used."""

_EVERYWHERE = "pytest_plugins"
_SETTINGS = ("conftest.py", "pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg")


def needless(nodes: Iterable[str], root: str) -> list[str]:
    """Options for pytest that keep it from loading what tests in the files ``nodes`` below ``root`` do not
    use."""
    text = "\n".join(_texts(nodes, root))
    if _EVERYWHERE in text:  # what that module asks for is not looked into
        return []
    return [f"-pno:{name}" for name, words in WORDS.items() if not any(word in text for word in words)]


def _texts(nodes: Iterable[str], root: str) -> Iterator[str]:
    """The test files, and the settings and fixtures in the folders around them."""
    files: dict[str, None] = {}
    for node in nodes:
        files[node] = None
        folder = os.path.dirname(node)
        while folder.startswith(root):
            files.update(dict.fromkeys(os.path.join(folder, name) for name in _SETTINGS))
            folder, inner = os.path.dirname(folder), folder
            if folder == inner:
                break
    for path in files:
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                yield file.read()
