from dataclasses import dataclass, field
from itertools import islice, tee, zip_longest


@dataclass
class Point:
    x: int
    y: int = 0
    tags: list = field(default_factory=list)

    def __repr__(self):
        return f"P({self.x},{self.y})"

    def moved(self, dx):
        return Point(self.x + dx, self.y, self.tags)


def count(start, stop):
    while start < stop:
        yield start
        start += 1


def pairs(left, right):
    for a in left:
        b = next(right, None)
        yield a, b


def first_big(numbers, least):
    for n in numbers:
        if n >= least:
            return n
    return -1


p = Point(1)
q = p.moved(2)
q.tags.append("far")
print(p, q, p.tags, p == q, p == Point(1, 0, ["far"]))
points = [Point(i, i * i) for i in range(3)]
points[1].tags.append("one")
points[1].y = 7
print(points, points[1].tags, [len(pt.tags) for pt in points])
g = count(0, 6)
print(first_big(g, 2), next(g), list(g), list(g))
print(list(pairs(count(0, 3), count(10, 12))))
left, right = count(0, 4), count(5, 7)
print(list(zip(left, right)), next(left, "x"))
one, two = tee(count(0, 3))
print(next(one), list(two), list(one))
h = count(1, 4)
total = 0
for n in h:
    total += n
    if n == 2:
        break
rest = [n * 10 for n in h]
print(total, rest, sum(islice(count(0, 100), 3)))
k = count(0, 2)
k.close()
print(list(k))
