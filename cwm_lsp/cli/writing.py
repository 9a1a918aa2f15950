"""Files that commands of ``cwm-lsp model`` write, and what is said where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cwm_lsp.errors import UserError


def write(path: Path, text: str) -> None:
    """Write ``text``. Raises ``UserError``."""
    with writing(path):
        path.write_text(text, encoding="utf-8", newline="\n")


def check_writable(path: Path) -> None:
    """Raise ``UserError`` where ``path`` cannot be written: to be known before the work, and not after it."""
    there = path.exists()
    with writing(path):
        path.open("a", encoding="utf-8").close()
        if not there:
            path.unlink()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make the folder of ``path``; raise ``UserError`` where it or what is done inside fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error}.") from error
