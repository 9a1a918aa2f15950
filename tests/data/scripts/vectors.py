class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __eq__(self, other):
        return self.x == other.x and self.y == other.y

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __abs__(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5

    def __repr__(self):
        return f"Vector({self.x}, {self.y})"


def centroid(points):
    total = Vector(0, 0)
    for p in points:
        total = total + p
    return total * (1 / len(points))


pts = [Vector(1, 2), Vector(3, 4), Vector(5, 0)]
c = centroid(pts)
d = -c
same = c == Vector(3.0, 2.0)
size = abs(Vector(3, 4))
twice = 2 * Vector(1, 1)
label = f"{c} {same}"
acc = Vector(0, 0)
acc += Vector(1, 1)
print(label, size, twice, acc)
