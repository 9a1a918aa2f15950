"""What is said of a file that is no Python."""

from __future__ import annotations

import ast

from cwm_lsp.errors import SourceError
from cwm_lsp.trace.model import SourceFile


def unparsed(source: SourceFile) -> SourceError:
    """The error of a ``source`` that does not parse, with the line and the reason that Python gives."""
    why = ""
    try:
        ast.parse(source.text)
    except SyntaxError as error:
        why = f": line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        why = f": {error}"
    return SourceError(f"{source.path} does not parse{why}.", "Mend the syntax error first.")
