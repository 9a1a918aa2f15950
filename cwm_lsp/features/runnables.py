"""Functions that have inputs to run, found in source text alone. Nothing is imported or run.

Inputs come from doctests (``>>> f(3)``), comments (``# cwm: f(3)``), pytest tests that call a
function with constants (parametrised ones too), and calls seen in a recorded run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cwm_lsp.features.calls import canonical
from cwm_lsp.features.written import Found, Known, Origin, in_texts, sole_call
from cwm_lsp.trace.model import EventKind, SourceFile, Trace
from cwm_lsp.trace.statements import parse

CALLS_PER_FUNCTION = 20


@dataclass(frozen=True, slots=True)
class Runnable:
    """A call that can be run. ``line`` is the 1-based line of the function's ``def``.

    A method is called by its class, ``Box.add(Box(3), 4)``; ``literal`` says that all arguments are
    literals, so that the call can be predicted without running it.

    ``arguments`` is the text between the parentheses; ``origin_line`` is the line where the call
    stands, in ``origin_path``.
    """

    function: str
    line: int
    arguments: str
    origin: Origin
    origin_line: int
    origin_path: str
    literal: bool = True

    @property
    def call(self) -> str:
        """The call as text, ``f(3)``."""
        return f"{self.function}({self.arguments})"


def runnables(
    source: SourceFile, tests: Iterable[SourceFile] = (), recorded: Iterable[Trace] = ()
) -> tuple[Runnable, ...]:
    """The calls found for the functions and methods of ``source``, by function, each call once.

    Two ways to write one call count as one, the first found.

    ``tests`` are other files of the workspace that may hold tests; ``recorded`` are earlier runs.
    Source that does not parse has none.
    """
    functions, written = in_texts(source, tuple(tests))
    found = list(written)
    for trace in recorded:
        found += _in_trace(trace, source, functions)
    return tuple(_unique(found, functions))


def is_test_path(path: str) -> bool:
    """Whether pytest would collect the file by its name."""
    name = re.split(r"[\\/]", path)[-1]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def _unique(found: Iterable[Found], functions: Known) -> Iterator[Runnable]:
    counts = dict.fromkeys(functions, 0)
    seen: set[str] = set()
    for one in sorted(found, key=lambda found: functions[found.function].line):
        text = canonical(f"{one.function}({one.arguments})", functions)
        if text in seen or counts[one.function] == CALLS_PER_FUNCTION:
            continue
        seen.add(text)
        counts[one.function] += 1
        defined = functions[one.function]
        literal = not defined.instance and _is_literal(f"[{_values(one.arguments)}]")
        yield Runnable(one.function, defined.line, one.arguments, one.origin, one.line, one.path, literal)


def _values(arguments: str) -> str:
    """The arguments of a call without the names that some are given by."""
    tree = parse(f"f({arguments}\n)")
    found = sole_call(tree)
    if found is None:
        return arguments
    return ", ".join(ast.unparse(one) for one in (*found[1].args, *(key.value for key in found[1].keywords)))


# --- recorded runs -----------------------------------------------------------------------------


def _in_trace(trace: Trace, source: SourceFile, functions: Known) -> Iterator[Found]:
    """Calls of a recorded run whose arguments are constants, so that they can be written down again."""
    files = {index for index, file in enumerate(trace.files) if file.digest == source.digest}
    entered: set[int] = set()
    for event in trace.events:
        if event.kind is not EventKind.CALL or event.file not in files or event.function not in functions:
            continue
        if event.frame in entered:
            continue  # a generator that goes on: its arguments are those of its first event
        entered.add(event.frame)
        if all(
            not (value.cut or value.opaque) and _is_literal(value.text) for value in event.locals.values()
        ):
            texts = {name: value.text for name, value in event.locals.items()}
            arguments = _given(functions[event.function].node.args, texts)
            yield Found(event.function, arguments, Origin.RECORDED, event.line, source.path)


def _given(parameters: ast.arguments, texts: Mapping[str, str]) -> str:
    """The values of parameters as the arguments of a call."""
    rest, named = parameters.vararg, parameters.kwarg
    several = rest is not None and texts.get(rest.arg, "()") != "()"
    placed = [one.arg for one in parameters.posonlyargs]
    by_name = [one.arg for one in parameters.args]
    if several:
        placed, by_name = placed + by_name, []
    by_name += [one.arg for one in parameters.kwonlyargs]
    words = [texts[name] for name in placed if name in texts]
    words += [f"*{texts[rest.arg]}"] if rest is not None and several else []
    words += [f"{name}={texts[name]}" for name in by_name if name in texts]
    words += [f"**{texts[named.arg]}"] if named is not None and texts.get(named.arg, "{}") != "{}" else []
    return ", ".join(words)


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return False
    return True
