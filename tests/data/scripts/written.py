class Stack:
    def __init__(self, limit):
        self.limit = limit
        self._items = []

    def push(self, item):
        if len(self._items) >= self.limit:
            raise OverflowError("full")
        self._items.append(item)
        return self

    def pop(self):
        return self._items.pop()

    def __len__(self):
        return len(self._items)

    def __repr__(self):
        inner = ", ".join(map(str, self._items))
        return f"Stack[{inner}]"


class Linked:
    class Cell:
        def __init__(self, value, next=None):
            self.value = value
            self.next = next

    def __init__(self, values=()):
        self.head = None
        self.size = 0
        for v in values:
            self.add(v)

    def add(self, v):
        self.head = Linked.Cell(v, self.head)
        self.size += 1

    def __iter__(self):
        cell = self.head
        while cell is not None:
            yield cell.value
            cell = cell.next

    def __repr__(self):
        return "->".join(str(v) for v in self)


s = Stack(3)
s.push(1).push(2)
print(s, len(s))
s.push("x")
try:
    s.push(4)
except OverflowError as e:
    print(e, s.limit)
while len(s):
    print(s.pop())
chain = Linked("abc")
print(chain, chain.size)
both = {"s": s, "l": [chain]}
both["s"].push(9)
print(both)
