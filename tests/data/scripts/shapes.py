from abc import ABC, abstractmethod
from dataclasses import dataclass, field
import math


class Shape(ABC):
    @abstractmethod
    def area(self):
        ...

    def describe(self):
        return f"{type(self).__name__} of {self.area():.2f}"


@dataclass
class Circle(Shape):
    radius: float

    def area(self):
        return math.pi * self.radius ** 2


@dataclass
class Rect(Shape):
    width: float
    height: float = 1.0
    tags: list = field(default_factory=list)

    def area(self):
        return self.width * self.height

    def scale(self, by):
        self.width *= by
        self.height *= by
        return self


def largest(shapes):
    best = None
    for shape in shapes:
        if best is None or shape.area() > best.area():
            best = shape
    return best


shapes = [Circle(1.0), Rect(2.0, 3.0), Rect(4.0)]
texts = [shape.describe() for shape in shapes]
top = largest(shapes)
top.scale(2)
top.tags.append("big")
rects = [s for s in shapes if isinstance(s, Rect)]
by_area = sorted(shapes, key=lambda s: s.area())
areas = {type(s).__name__: round(s.area(), 2) for s in shapes}
print(texts, top, len(rects), by_area[0], areas)
