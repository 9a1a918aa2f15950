"""Classes: half-built instances, awkward __repr__, properties, super, slots, dataclasses, metaclasses."""

import dataclasses
import enum


def main():
    point = Point(1, [2])
    point.y.append(point.x)
    shape = Square(3)
    area = shape.area
    rude = Rude()
    loop = Loop()
    moody = [Color.RED, Slotted(1)]

    class Local(Square):
        kind = "local"
        sides = [kind] * 2

        def grow(self):
            self.side += 1
            return self.side

    grown = Local(1).grow()
    return point, area, rude, grown


@dataclasses.dataclass
class Point:
    x: int
    y: list


class Shape:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"{type(self).__name__}({self.side}, {self.name!r})"


class Square(Shape):
    def __init__(self, side):
        super().__init__("square")
        self.side = side

    @property
    def area(self):
        return self.side**2


class Rude:
    def __repr__(self):
        raise SystemExit("no")


class Loop:
    def __repr__(self):
        return repr(self)


class Color(enum.Enum):
    RED = 1


class Slotted:
    __slots__ = ("only",)

    def __init__(self, only):
        self.only = only
