"""What passes between the server and the model host, as frames.

The host says hello first: ``{"hello": BackendInfo}`` or ``{"error": ...}``. After that every request

    {"id": 7, "op": "extend", "prefix": 3, "base": 120, ...}

gets one answer, ``{"id": 7, ...}`` or ``{"id": 7, "error": {...}}``, in any order. Prefixes are
numbered by the client. ``base`` is how many tokens the client knows of: the host rewinds to it first,
so that a client which was cancelled needs not wait to learn whether its request still went through.

    open    prefix; body: tokens              close   prefix
    extend  prefix, base; body: tokens        fork    prefix, base, twin, length
    write   prefix, base, stop, max, first, temperature, seed
    rewind  prefix, base, length              cancel  request (gets no answer)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from cwm_lsp import errors
from cwm_lsp.backend.host.framing import Frame
from cwm_lsp.backend.protocol import BackendInfo, Continuation, Sampling, Scores

_ERRORS = (
    errors.ServerLost,
    errors.ModelUnavailable,
    errors.RequestRefused,
    errors.ModelCrashed,
    errors.ContextExceeded,
    errors.BackendError,
)


def hello(info: BackendInfo) -> Frame:
    """The host's first frame."""
    return Frame({"hello": asdict(info)})


def error(failure: BaseException, request: int | None = None) -> Frame:
    """What went wrong, with ``request`` or, without one, with the host as a whole."""
    kind = next((kind for kind in _ERRORS if isinstance(failure, kind)), errors.BackendError)
    if isinstance(failure, errors.CwmError):
        message, hint = failure.message, failure.hint
    else:
        message, hint = f"{type(failure).__name__}: {failure}", ""
    facts = {"kind": kind.__name__, "message": message, "hint": hint}
    return Frame({"error": facts} if request is None else {"id": request, "error": facts})


def raised(facts: Mapping[str, Any]) -> errors.BackendError:
    """The exception that :func:`error` described."""
    kind = next((kind for kind in _ERRORS if kind.__name__ == facts["kind"]), errors.BackendError)
    return kind(facts["message"], facts["hint"])


def tokens_body(tokens: Sequence[int]) -> bytes:
    """Token ids as a body. Ids that do not fit 64 bits raise ``OverflowError``."""
    return np.asarray(tokens, np.int64).tobytes()


def body_tokens(body: bytes) -> list[int]:
    """The token ids of a body."""
    ids: list[int] = np.frombuffer(body, np.int64).tolist()
    return ids


def scores_body(scores: Scores) -> bytes:
    """Scores of T tokens as a body: T float32, T int32, T float32."""
    return scores.logprob.tobytes() + scores.best.tobytes() + scores.best_logprob.tobytes()


def body_scores(body: bytes) -> Scores:
    """The scores of a body."""
    words = np.frombuffer(body, np.int32).reshape(3, -1)
    return Scores(words[0].view(np.float32), words[1], words[2].view(np.float32))


def continuation_header(written: Continuation) -> dict[str, Any]:
    """What was written, as part of a header."""
    return asdict(written)


def header_continuation(header: Mapping[str, Any]) -> Continuation:
    """What was written, from a header."""
    return Continuation(tuple(header["tokens"]), tuple(header["logprob"]), header["stopped"])


def write_header(
    stop: frozenset[int], max_tokens: int, first: frozenset[int] | str | None, sampling: Sampling
) -> dict[str, Any]:
    """The arguments of ``write``, as part of a header."""
    return {
        "stop": sorted(stop),
        "max": max_tokens,
        "first": sorted(first) if isinstance(first, frozenset) else first,
        **asdict(sampling),
    }


def header_first(header: Mapping[str, Any]) -> frozenset[int] | str | None:
    """What the writing is limited to, from a header of ``write``."""
    first = header["first"]
    return frozenset(first) if isinstance(first, list) else first
