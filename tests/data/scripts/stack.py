class Stack:
    def __init__(self, items=None):
        self._items = list(items or [])

    def push(self, item):
        self._items.append(item)

    def pop(self):
        if not self._items:
            raise IndexError("pop from empty stack")
        return self._items.pop()

    def peek(self):
        return self._items[-1]

    def __len__(self):
        return len(self._items)

    def __bool__(self):
        return len(self._items) > 0

    def __contains__(self, item):
        return item in self._items

    def __getitem__(self, index):
        return self._items[index]

    def __iter__(self):
        return iter(self._items)


def evaluate(expression):
    stack = Stack()
    for token in expression.split():
        if token.lstrip("-").isdigit():
            stack.push(int(token))
        else:
            b = stack.pop()
            a = stack.pop()
            if token == "+":
                stack.push(a + b)
            elif token == "*":
                stack.push(a * b)
            else:
                stack.push(a - b)
    return stack.pop()


def drain(stack):
    out = []
    while stack:
        out.append(stack.pop())
    return out


value = evaluate("3 4 + 2 *")
s = Stack([1, 2, 3])
n = len(s)
has = 2 in s
second = s[1]
total = 0
for item in s:
    total += item
rest = drain(s)
empty = not s
try:
    s.pop()
except IndexError as error:
    message = str(error)
print(value, n, has, second, total, rest, empty, message)
