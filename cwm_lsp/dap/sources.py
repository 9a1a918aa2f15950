"""The files of a debuggee, as far as breakpoints of ours need them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from cwm_lsp.errors import SourceError
from cwm_lsp.record import read_source
from cwm_lsp.trace.statements import statement_lines

log = logging.getLogger(__name__)


async def first_lines(path: str) -> list[int]:
    """The lines at which statements of a file begin; none of one that cannot be read, which is logged."""
    try:
        source = await asyncio.to_thread(read_source, Path(path))
    except SourceError as error:
        log.info("%s is left alone: %s", path, error)
        return []
    return sorted(set(statement_lines(source.text).values()))
