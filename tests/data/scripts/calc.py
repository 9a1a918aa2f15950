import re

TOKEN = re.compile(r"\s*(\d+|[-+*/()])")
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


def tokenize(text):
    tokens = []
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise ValueError(f"bad character at {position}")
        tokens.append(match.group(1))
        position = match.end()
    return tokens


def to_rpn(tokens):
    output, stack = [], []
    for token in tokens:
        if token.isdigit():
            output.append(int(token))
        elif token == "(":
            stack.append(token)
        elif token == ")":
            while stack[-1] != "(":
                output.append(stack.pop())
            stack.pop()
        else:
            while stack and stack[-1] != "(" and PRECEDENCE[stack[-1]] >= PRECEDENCE[token]:
                output.append(stack.pop())
            stack.append(token)
    while stack:
        output.append(stack.pop())
    return output


def evaluate(rpn):
    stack = []
    for item in rpn:
        if isinstance(item, int):
            stack.append(item)
            continue
        b = stack.pop()
        a = stack.pop()
        if item == "+":
            stack.append(a + b)
        elif item == "-":
            stack.append(a - b)
        elif item == "*":
            stack.append(a * b)
        else:
            stack.append(a // b)
    return stack[0]


for expression in ["1 + 2 * 3", "(4 - 1) * (2 + 6) / 4"]:
    tokens = tokenize(expression)
    rpn = to_rpn(tokens)
    print(expression, "=", evaluate(rpn))
