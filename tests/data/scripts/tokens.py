import re
from typing import NamedTuple


class Token(NamedTuple):
    kind: str
    text: str
    pos: int


SPEC = [("NUM", r"\d+(\.\d+)?"), ("ID", r"[a-z_]\w*"), ("OP", r"[-+*/()=]"), ("WS", r"\s+")]
PATTERN = re.compile("|".join(f"(?P<{k}>{p})" for k, p in SPEC))


def tokenize(src):
    pos = 0
    while pos < len(src):
        m = PATTERN.match(src, pos)
        if m is None:
            raise SyntaxError(f"bad char {src[pos]!r} at {pos}")
        kind = m.lastgroup
        if kind != "WS":
            yield Token(kind, m.group(), pos)
        pos = m.end()


class Parser:
    PREC = {"+": 1, "-": 1, "*": 2, "/": 2}

    def __init__(self, tokens):
        self.tokens = list(tokens)
        self.i = 0

    def peek(self):
        return self.tokens[self.i] if self.i < len(self.tokens) else None

    def next(self):
        tok = self.peek()
        self.i += 1
        return tok

    def atom(self):
        tok = self.next()
        if tok.kind == "NUM":
            return float(tok.text) if "." in tok.text else int(tok.text)
        if tok.text == "(":
            inner = self.expr(0)
            self.next()
            return inner
        return tok.text

    def expr(self, least):
        left = self.atom()
        while (tok := self.peek()) and tok.kind == "OP" and self.PREC.get(tok.text, 0) > least:
            op = self.next().text
            right = self.expr(self.PREC[op])
            left = (op, left, right)
        return left


def evaluate(tree, env):
    match tree:
        case (op, l, r):
            a, b = evaluate(l, env), evaluate(r, env)
            return {"+": a + b, "-": a - b, "*": a * b}[op] if op != "/" else a / b
        case str(name):
            return env[name]
        case n:
            return n


for text in ["1 + 2*x", "(a - 3) * 2.5", "x / y $"]:
    try:
        tree = Parser(tokenize(text)).expr(0)
        print(tree, evaluate(tree, {"x": 4, "a": 7, "y": 2}))
    except (SyntaxError, KeyError) as error:
        print(type(error).__name__, error)
