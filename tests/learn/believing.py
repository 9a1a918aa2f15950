"""Models with given beliefs, so that figures are known before they are computed."""

from __future__ import annotations

from collections.abc import Sequence

from cwm_lsp.backend.protocol import Backend
from cwm_lsp.backend.replay import Script, mistaken, replay
from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.protocol import Encoded, Span, SpanKind
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.data import run
from cwm_lsp.predict import Predictor
from cwm_lsp.trace.model import Trace

SUM = """\
def f(xs):
    total = 0
    for x in xs:
        total += x
    return total
"""
"""Eight events after the call of ``f([4, 9])``, five of which show a change; the last returns 13."""

CODEC = CompactCodec(aided=False)
"""With aid, what a model may be wrong about would be known."""


def trace_of(source: str, call: str) -> Trace:
    """The normalised run."""
    found = run(Program(source, call, "test"))
    assert found is not None
    return found


def encoded(trace: Trace) -> Encoded:
    """The run in the compact format."""
    return CODEC.encode(trace)


def span_of(found: Encoded, name: str, nth: int = 0) -> Span:
    """The ``nth`` span that writes ``name``; of results where the name is empty."""
    kind = SpanKind.VALUE if name else SpanKind.RESULT
    return [span for span in found.spans if span.kind is kind and span.name == name][nth]


def misreading(trace: Trace, name: str, nth: int, digits: str) -> Script:
    """The strong belief that the ``nth`` value written to ``name`` is the number ``digits``."""
    found = encoded(trace)
    start = span_of(found, name, nth).start + (1 if name else 0)
    return mistaken(found.tokens, start, [*v.byte_tokens(digits), Special.STOP])


def predictor(traces: Sequence[Trace], mistakes: Sequence[Script] = (), context: int = 4096) -> Predictor:
    """Expects the ``traces`` as they are, but for ``mistakes``."""
    scripts = [Script(encoded(trace).tokens) for trace in traces]
    backend: Backend = replay([*scripts, *mistakes], vocabulary=v.SIZE, context=context, certainty=0.99)
    return Predictor(backend, CODEC)
