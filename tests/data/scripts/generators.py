def chunks(items, size):
    for i in range(0, len(items), size):
        yield items[i:i + size]


def evens(limit):
    n = 0
    while n < limit:
        if n % 2 == 0:
            yield n
        n += 1


class Tree:
    def __init__(self, value, left=None, right=None):
        self.value = value
        self.left = left
        self.right = right

    def walk(self):
        if self.left:
            yield from self.left.walk()
        yield self.value
        if self.right:
            yield from self.right.walk()

    def __iter__(self):
        yield self.value


def double(x):
    return x * 2


parts = list(chunks([1, 2, 3, 4, 5], 2))
total = sum(evens(6))
text = ",".join(str(n) for n in evens(4))
doubled = [double(n) for n in evens(4)]
first = next(evens(5))
tree = Tree(2, Tree(1), Tree(3))
order = list(tree.walk())
alone = list(tree)
g = evens(3)
for n in g:
    total += n
big = any(n > 2 for n in evens(9))
d = dict(enumerate(evens(4)))
print(parts, total, text, doubled, first, order, alone, big, d)
