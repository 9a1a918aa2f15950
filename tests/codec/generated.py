"""Programs of nested statements for property tests: each ends, and each compiles."""

from __future__ import annotations

from hypothesis import strategies as st

_SIMPLE = ["x += 1", "y = x", "pass", "'text'", "x = [x for x in range(2)][0]", "z: int", "x = (1,\n 2)[0]"]
_ENDING = ["break", "continue", "return x", "raise ValueError(x)", "x = 1 // (x - 2)"]


def _indented(body: list[str]) -> str:
    lines = "\n".join(body).split("\n")
    return "\n".join("    " + line for line in lines)


@st.composite
def _blocks(draw: st.DrawFn, depth: int, loop: bool) -> list[str]:
    """The statements of a block."""
    body = [draw(_statements(depth, loop)) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()) and 0 < depth < 3:
        ending = draw(st.sampled_from(_ENDING if loop else _ENDING[2:]))
        body.append(f"if x % 3 == {draw(st.integers(0, 2))}:\n    {ending}")
    return body


@st.composite
def _statements(draw: st.DrawFn, depth: int, loop: bool) -> str:
    kind = (
        draw(st.sampled_from(["simple", "if", "for", "while", "try", "with", "match"])) if depth else "simple"
    )
    if kind == "simple":
        return draw(st.sampled_from(_SIMPLE))
    body = _indented(draw(_blocks(depth - 1, loop or kind in ("for", "while"))))
    other = _indented(draw(_blocks(depth - 1, loop)))
    otherwise = f"\nelse:\n{other}"
    match kind:
        case "if":
            test = draw(st.sampled_from(["x > 2", "True", "not x", "0"]))
            middle = draw(st.sampled_from(["", f"elif x == 1:\n{other}\n"]))
            return f"if {test}:\n{body}\n{middle}else:\n{other}"
        case "for":
            return f"for i in range(2):\n    x += i\n{body}{draw(st.sampled_from(['', otherwise]))}"
        case "while":
            return f"while tick():\n{body}{draw(st.sampled_from(['', otherwise]))}"
        case "with":
            return f"with eat({draw(st.booleans())}):\n{body}"
        case "match":
            return f"match x:\n    case 1:\n{_indented([body])}\n    case _:\n{_indented([other])}"
    handlers = draw(st.sampled_from(["ValueError", "(ZeroDivisionError, TypeError) as error", ""]))
    clauses = f"except {handlers}:\n{other}" if handlers else ""
    # No jump out of a ``finally``: it would swallow the end of a recording too, and run for ever.
    closing = f"finally:\n    y = 5\n{_indented(draw(_blocks(0, False)))}"
    final = draw(st.sampled_from(["", closing])) if handlers else closing
    if handlers and draw(st.booleans()):
        clauses += "\nelse:\n    y = 6"
    return f"try:\n{body}\n{clauses}\n{final}".replace("\n\n", "\n").rstrip("\n")


_HEAD = """\
ticks = [0]

def tick():
    ticks[0] += 1
    return ticks[0] % 4

class eat:
    def __init__(self, eats):
        self.eats = eats

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        return self.eats and isinstance(error, Exception)

def f(x):
    y = 0
"""


@st.composite
def generated(draw: st.DrawFn) -> tuple[str, str]:
    """A program of nested statements, and a call of it."""
    body = _indented([*draw(_blocks(3, False)), "return x, y"])
    return f"{_HEAD}{body}\n", f"f({draw(st.integers(0, 4))})"
