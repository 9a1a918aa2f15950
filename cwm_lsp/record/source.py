"""Python source as Python reads it: encoding by BOM or coding line, newlines made one."""

from __future__ import annotations

import codecs
import io
import os
import stat
import tokenize
from pathlib import Path

from cwm_lsp.errors import SourceError
from cwm_lsp.trace.model import SourceFile

_HINT = "Save it as UTF-8 or add a coding line."
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_source(path: str | os.PathLike[str]) -> SourceFile:
    """The file's text. Raises ``SourceError`` when it is missing, unreadable or does not decode."""
    return decode_source(read_bytes(path), os.fspath(path))


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The file's bytes. Raises ``SourceError`` when there are none to be had."""
    name = os.fspath(path)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise SourceError(f"{name} is a folder, not a file.")
        if not stat.S_ISREG(mode):  # a pipe might never end, and gives what it has only once
            raise SourceError(f"{name} is a pipe or a device, not a file.")
        return Path(path).read_bytes()
    except FileNotFoundError:
        if os.path.islink(path):
            raise SourceError(f"{name} is a link to {os.readlink(path)}, which is not there.") from None
        raise SourceError(f"There is no file {name}.") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{name} cannot be read: {error}.") from error


def decode_source(data: bytes, path: str) -> SourceFile:
    """The text of source bytes, by PEP 263. Raises ``SourceError`` when they do not decode."""
    if data.startswith(_UTF16):
        raise SourceError(f"{path} is UTF-16, which Python does not read.", "Save it as UTF-8.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        bare = str(error.msg).startswith("invalid or missing")
        reason = "not utf-8, and no coding line says what it is" if bare else error.msg
        raise SourceError(f"{path}: {reason}.", _HINT) from error
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(f"{path}, line {line}: not {encoding}.", _HINT) from error
    if "\0" in text:
        raise SourceError(f"{path} contains zero bytes: this is no Python source.")
    return SourceFile(path, text.replace("\r\n", "\n").replace("\r", "\n"))
