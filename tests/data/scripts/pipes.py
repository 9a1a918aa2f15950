class Tree:
    def __init__(self, items):
        self.items = items

    def walk(self):
        for item in self.items:
            yield item


def numbers(limit):
    n = 0
    while n < limit:
        yield n
        n += 1


def evens(nums):
    for n in nums:
        if n % 2 == 0:
            yield n


def squares(nums):
    return (n * n for n in nums)


def take(gen, k):
    out = []
    for _ in range(k):
        out.append(next(gen))
    return out


t = Tree([3, 1, 2])
g = t.walk()
print(next(g))
rest = list(g)
pipe = evens(numbers(5))
print(list(pipe))
print(take(numbers(9), 2))
for n in numbers(2):
    print(n)
total = sum(evens(numbers(4)))
later = numbers(3)
for n in later:
    print(n)
print(next(later, "none"), total, list(squares(numbers(3))))
