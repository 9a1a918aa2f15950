"""The JSON-RPC life of one connection: pygls's protocol, made to answer whatever comes.

pygls 2.1 leaves requests with bad params, requests after shutdown and cancelled commands without an
answer. Here every request gets exactly one: its result, or an error that names the cause.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, cast

from cattrs import transform_error
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

from cwm_lsp.errors import Cancelled, CwmError
from cwm_lsp.wire.framing import BadBody, BadHeader, Fed, Message

if TYPE_CHECKING:
    from cwm_lsp.lsp.server import CwmServer

PARSE_ERROR = -32700
INTERNAL_ERROR = -32603
REQUEST_FAILED = -32803
"""``RequestFailed`` of LSP 3.17: a well-formed request that could not be met."""

logger = logging.getLogger(__name__)


class Sink(Protocol):
    """Where messages go. Neither method waits: a slow client must not hold up the loop."""

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue one message."""
        ...

    def close(self) -> None:
        """Send what is queued, then close."""
        ...


class CwmProtocol(LanguageServerProtocol):
    """One connection. ``exit_code`` is set when the client has said ``exit``."""

    _server: CwmServer

    def __init__(self, server: CwmServer, converter: Any) -> None:
        super().__init__(server, converter)
        self.sink: Sink | None = None
        self.exit_code: int | None = None
        self._initialized = False

    # --- in ---

    def receive(self, fed: Fed) -> None:
        """Take one message. Never raises: what cannot be understood is answered or logged."""
        if isinstance(fed, BadBody | BadHeader):
            self._refuse(None, JsonRpcException(fed.reason, PARSE_ERROR))
            return
        request = fed.get("id") if "method" in fed else None
        try:
            self._dispatch(fed)
        except JsonRpcException as error:
            self._fail(fed, error)
        except Exception as error:
            logger.exception("Cannot handle a message")
            if request is not None:
                self._refuse(request, failure(error))

    def _dispatch(self, message: Message) -> None:
        if "method" not in message:
            self.handle_message(self.structure_message(message))
            return
        method = message["method"]
        if message.get("jsonrpc") != self.VERSION or not isinstance(method, str):
            raise JsonRpcInvalidRequest("A message must have jsonrpc 2.0 and a method.")
        if "id" in message and (not isinstance(message["id"], int | str) or isinstance(message["id"], bool)):
            raise JsonRpcInvalidRequest("An id must be a number or a string.")
        self._check_order(method)
        known = {*self.fm.features, *self.fm.builtin_features, types.CANCEL_REQUEST}
        if method not in known:
            raise JsonRpcMethodNotFound.of(method)
        self.handle_message(self._structured(method, message))

    def _check_order(self, method: str) -> None:
        if method == types.EXIT:
            return
        if self._shutdown:
            raise JsonRpcInvalidRequest("The server is shutting down.")
        if method == types.INITIALIZE:
            if self._initialized:
                raise JsonRpcInvalidRequest("The server is initialized already.")
        elif not self._initialized:
            raise JsonRpcServerNotInitialized("The first request must be initialize.")

    def _structured(self, method: str, message: Message) -> Any:
        try:
            return self._converter.structure({"params": None, **message}, types.METHOD_TO_TYPES[method][0])
        except Exception as error:
            raise JsonRpcInvalidParams(f"{method}: {'; '.join(transform_error(error))}") from error

    def _fail(self, message: Message, error: JsonRpcException) -> None:
        """Answer a request that cannot be handled; log a notification, which nobody waits for.

        An answer of the client that makes no sense ends what waits for it.
        """
        if "method" not in message:
            waiting = self._request_futures.pop(message.get("id", ""), None)
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)
            return
        if "id" in message:
            held = message["id"]
            self._refuse(held if isinstance(held, int | str) else None, error.to_response_error())
        elif not str(message.get("method", "")).startswith("$/"):
            logger.warning("Ignored a notification: %s", error.message)

    # --- out ---

    def _send_data(self, data: Any) -> None:
        if self.sink is None or data is None:
            return
        self.sink.send(data if isinstance(data, dict) else self._converter.unstructure(data))

    def _refuse(self, request: int | str | None, error: types.ResponseError | JsonRpcException) -> None:
        if isinstance(error, JsonRpcException):
            error = error.to_response_error()
        self._result_types.pop(cast(str, request), None)
        self._send_data({"jsonrpc": self.VERSION, "id": request, "error": self._converter.unstructure(error)})

    def _send_handler_result(self, future: Future[Any], *, msg_id: str | int) -> None:
        self._request_futures.pop(msg_id, None)
        if future.cancelled():
            self._refuse(msg_id, JsonRpcRequestCancelled("The request was cancelled."))
            return
        error = future.exception()
        if error is not None:
            self._refuse(msg_id, failure(error))
            return
        try:
            self._send_response(msg_id, result=future.result())
        except Exception as fault:
            logger.exception("Cannot send a result")
            self._refuse(msg_id, failure(fault))

    def _check_handler_result(self, future: Future[Any]) -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            logger.error("A notification handler failed", exc_info=error)

    # --- lifecycle ---

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Any:
        """``initialize``: pygls's own, once."""
        result = yield from super().lsp_initialize(params)
        self._initialized = True
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]  # pygls runs generators and functions
        """``shutdown``: stop what is running; only ``exit`` is understood after it."""
        for request, future in list(self._request_futures.items()):
            if request != self.msg_id:
                future.cancel()
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        """``exit``: the connection ends; its owner looks at ``exit_code``."""
        self.exit_code = 0 if self._shutdown else 1

    # --- documents: our own texts, since pygls splits lines at more than LSP does ---

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """``textDocument/didOpen``."""
        item = params.text_document
        self._server.open_document(item.uri, item.version, item.text)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """``textDocument/didChange``."""
        self._server.change_document(
            params.text_document.uri, params.text_document.version, params.content_changes
        )

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """``textDocument/didClose``."""
        self._server.close_document(params.text_document.uri)

    # --- commands and progress ---

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]  # pygls runs coroutines, too
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """``workspace/executeCommand`` as a task, so that ``$/cancelRequest`` reaches the work."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"{params.command!r} is no command of cwm-lsp.")
        return await handler(params)

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """``window/workDoneProgress/cancel``."""
        self._server.cancel_progress(params.token)

    def cancel_all(self) -> None:
        """Stop all that is running for a client that has gone."""
        for future in list(self._request_futures.values()):
            future.cancel()


def failure(error: BaseException) -> types.ResponseError:
    """The answer to a request that raised: the user's errors as sentences, ours with where it happened."""
    if isinstance(error, JsonRpcException):
        return error.to_response_error()
    if isinstance(error, Cancelled):
        return types.ResponseError(JsonRpcRequestCancelled.CODE, str(error))
    if isinstance(error, CwmError):
        data = {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
        return types.ResponseError(REQUEST_FAILED, str(error), data)
    logger.error("A request failed", exc_info=error)
    text = f"cwm-lsp itself failed: {type(error).__name__}: {error}"
    return types.ResponseError(INTERNAL_ERROR, text)
