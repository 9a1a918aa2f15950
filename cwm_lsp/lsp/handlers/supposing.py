"""``cwm.viewWhatIf``: what would follow with other values, beside what would follow without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cwm_lsp.lsp.extension import ViewResult
from cwm_lsp.lsp.handlers.visiting import line_of, object_of
from cwm_lsp.lsp.progress import with_progress
from cwm_lsp.lsp.server import CwmServer


async def view_what_if(ls: CwmServer, params: types.ExecuteCommandParams) -> ViewResult:
    """Predict both futures, and answer where a browser finds them side by side. Nothing is run."""
    given = object_of(params)
    uri, line, values = given["uri"], line_of(params, given) + 1, _values(params, given.get("locals"))
    found = await with_progress(
        ls,
        f"What if at line {line}",
        params.work_done_token,
        lambda report: ls.session.what_if(uri, line, given.get("branches"), values, report),
    )
    return {"url": await ls.view_futures(uri, line, found)}


def _values(params: types.ExecuteCommandParams, given: Any) -> Mapping[str, str] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not all(isinstance(text, str) for text in given.values()):
        raise JsonRpcInvalidParams(f"{params.command}: locals must be an object of names and texts, or null.")
    return given
